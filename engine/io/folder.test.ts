/** Folders are made, or it is said why not; never waited for. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Fault } from '../fault.ts'
import { makeFolder } from './folder.ts'

const home = mkdtempSync(join(tmpdir(), 'millrace-folder-'))
after(() => rmSync(home, { recursive: true, force: true }))

test('makes what is missing, again and again', () => {
  for (let time = 0; time < 2; time++) makeFolder(join(home, 'a', 'b', 'c'), 0o700)
  assert.equal(statSync(join(home, 'a', 'b', 'c')).mode & 0o777, 0o700)
  assert.notEqual(statSync(join(home, 'a', 'b')).mode & 0o777, 0o700)
})

const refused = (path: string) =>
  assert.throws(
    () => makeFolder(path),
    (fault: Fault) => fault.kind === 'resource' && fault.message.includes(`${path} cannot be made`),
  )

test('a file in the way is said', () => {
  writeFileSync(join(home, 'file'), '')
  refused(join(home, 'file', 'x', 'y'))
})

test('a file system without room for folders is said', { skip: process.platform !== 'linux' }, () =>
  refused('/proc/millrace/x'),
)
