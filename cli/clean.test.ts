/** `millrace clean` where there is nothing to clean, and where it cannot. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { command, workFolder } from '../test/faults/command.ts'

const folder = workFolder('clean')

test('a folder without leftovers, and one that is not there', async () => {
  const empty = await command('clean', folder)
  assert.equal(empty.code, 0, empty.err)
  assert.match(empty.out, /: dead runs left nothing\n$/)
  const none = await command('clean', join(folder, 'none'))
  assert.equal(none.code, 0, none.err)
  assert.match(none.out, /: nothing is there, nor did dead runs leave anything\n$/)
})

test('another system has no folders: wrong usage, without its password', async () => {
  const uri = 'postgres://me:geheim@host/db'
  for (const wrong of [uri, 's4://x', 'gs:/x', 'bigquery://p.d']) {
    const { code, err } = await command('clean', wrong)
    assert.equal(code, 2, err)
    assert.match(err, /^usage: clean takes one folder: gs:\/\/bucket\/folder, .* or a path, not /)
    assert.doesNotMatch(err, /geheim/)
  }
  assert.match((await command('clean', 'bigquery://p.d')).err, /staging tables go by themselves/)
})
