/** The folder that compiled code is kept in is the user's alone, or there is none. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { cacheFolder, pruneCache } from './compile-cache.ts'

const base = mkdtempSync(join(tmpdir(), 'millrace-compiled-'))
after(() => rmSync(base, { recursive: true, force: true }))
/** The user's cache folder for one test. */
const home = (name: string): { XDG_CACHE_HOME: string } => {
  const folder = join(base, name)
  mkdirSync(folder)
  return { XDG_CACHE_HOME: folder }
}
const skip = process.platform === 'win32'

test('the folder is made for the user alone, and found again', { skip }, () => {
  const env = home('new')
  const folder = cacheFolder(env)
  assert.equal(folder, join(env.XDG_CACHE_HOME, 'millrace/compiled'))
  assert.equal(statSync(folder as string).mode & 0o777, 0o700)
  assert.equal(cacheFolder(env), folder)
})

test('a folder that others may write to, or a link, is not used', { skip }, () => {
  const open = home('open')
  chmodSync(cacheFolder(open) as string, 0o777)
  assert.equal(cacheFolder(open), null)
  const linked = home('linked')
  mkdirSync(join(base, 'elsewhere'), { mode: 0o700 })
  mkdirSync(join(linked.XDG_CACHE_HOME, 'millrace'))
  symlinkSync(join(base, 'elsewhere'), join(linked.XDG_CACHE_HOME, 'millrace/compiled'))
  assert.equal(cacheFolder(linked), null)
})

test('where it cannot be made there is none', () => {
  const file = join(base, 'file')
  writeFileSync(file, '')
  assert.equal(cacheFolder({ XDG_CACHE_HOME: file }), null)
})

test('what was not read for 30 days is removed, once a day', { skip }, async () => {
  const folder = cacheFolder(home('old')) as string
  mkdirSync(join(folder, 'v26'))
  const day = 86_400_000
  const now = Date.now()
  const add = (name: string, days: number) => {
    writeFileSync(join(folder, 'v26', name), '')
    const read = new Date(now - days * day)
    utimesSync(join(folder, 'v26', name), read, new Date(now - 400 * day))
  }
  add('old', 31)
  add('read lately', 29)
  await pruneCache(folder, now)
  assert.deepEqual(readdirSync(join(folder, 'v26')), ['read lately'])
  add('old again', 31)
  await pruneCache(folder, now + day / 2)
  assert.equal(readdirSync(join(folder, 'v26')).length, 2)
  await pruneCache(folder, now + 1.5 * day)
  assert.deepEqual(readdirSync(join(folder, 'v26')), [])
})
