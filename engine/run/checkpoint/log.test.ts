/** The log: whatever is cut off its end or damaged in it, the records before stand, and it goes on from there. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { LogWriter, readLog } from './log.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-log-'))
after(() => rmSync(folder, { recursive: true }))
const records = [
  { type: 'a', list: [1, 2] },
  { type: 'b', far: Infinity },
  { type: 'c', big: 3n },
]

function written(name: string): { path: string; ends: number[] } {
  const path = join(folder, name)
  const log = new LogWriter(path, 0)
  const ends = records.map(record => {
    log.append(record)
    return statSync(path).size
  })
  log.close()
  return { path, ends }
}

test('records come back as they were, from a file that is private', () => {
  const { path, ends } = written('whole')
  assert.deepEqual(readLog(path), { records, bytes: ends.at(-1) })
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.throws(() => new LogWriter(path, 0), /EEXIST/)
})

test('cut at any byte, or damaged in any: the whole records before it stand', () => {
  const { path, ends } = written('cut')
  const whole = readFileSync(path)
  const standing = (at: number) => ends.filter(end => end <= at).length
  for (let at = 0; at < whole.length; at++) {
    writeFileSync(path, whole.subarray(0, at))
    assert.deepEqual(readLog(path).records, records.slice(0, standing(at)), `cut at ${at}`)
    const damaged = Buffer.from(whole)
    damaged.writeUInt8((damaged.readUInt8(at) ^ 0x40) & 0xff, at)
    writeFileSync(path, damaged)
    assert.deepEqual(readLog(path).records, records.slice(0, standing(at)), `damaged at ${at}`)
  }
})

test('it goes on where the last whole record ends', () => {
  const { path, ends } = written('on')
  writeFileSync(path, readFileSync(path).subarray(0, (ends[1] as number) + 5))
  const { bytes } = readLog(path)
  const log = new LogWriter(path, bytes)
  log.append({ type: 'd' })
  log.close()
  assert.deepEqual(readLog(path).records, [...records.slice(0, 2), { type: 'd' }])
})
