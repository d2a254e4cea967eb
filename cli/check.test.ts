/** `millrace check` as a command: what it prints, and its exit code. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { command } from '../test/faults/command.ts'
import { checkOf } from './check.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-check-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const path = join(folder, 'a.csv')
writeFileSync(path, 'id\n1\n')

test('all is there: exit 0', async () => {
  const { code, out } = await command('check', path, folder)
  assert.equal(code, 0)
  assert.equal(
    out,
    `${path}  (local files)\n  ok       read 1 file of 5 bytes in all\n\n${folder}  (local files)\n  ok       read 1 file of 5 bytes in all\n  ok       write into the folder\n`,
  )
})

test('something is missing: exit 1, what was answered and what to do; the others are told all the same', async () => {
  const { code, out } = await command('check', join(folder, '*.zip'), `duckdb:${path}`, path)
  assert.equal(code, 1)
  assert.match(
    out,
    / {2}missing {2}files to read\n {11}answered {2}no file matches .*\n {11}hint {6}\S/,
  )
  assert.match(out, / {2}missing {2}open the file\n {11}answered {2}.*a\.csv is no DuckDB file\n/)
  assert.match(out, / {2}ok {7}read 1 file/)
  const json = await command('check', '--json', join(folder, '*.zip'))
  assert.equal(json.code, 1)
  assert.equal(JSON.parse(json.out)[0].missing[0].what, 'files to read')
})

test('a URI of no system, or none at all: wrong usage', async () => {
  await assert.rejects(checkOf('ftp://u:geheim@h/x'), error => {
    assert.match((error as Error).message, /is of no system that can be checked/)
    assert.doesNotMatch((error as Error).message, /geheim/)
    return true
  })
  const { code, err } = await command('check')
  assert.equal(code, 2)
  assert.match(err, /check needs a URI/)
})

test('a URI that names nothing is wrong usage: exit 2, and the others are told all the same', async () => {
  const { code, out } = await command('check', 'gs://', path)
  assert.equal(code, 2)
  assert.match(out, /missing {2}a URI that names it\n {11}answered {2}"gs:\/\/" names no bucket/)
  assert.match(out, /\n {2}ok {7}read 1 file of/)
})
