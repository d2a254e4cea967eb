import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { generateRetail } from './generate.ts'
import { HEADER } from './write-row.ts'

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

describe('generateRetail', () => {
  let root = ''
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'millrace-retail-'))
  })
  after(() => rm(root, { recursive: true, force: true }))
  const contents = (files: readonly string[]) => Promise.all(files.map(file => readFile(file)))

  it('writes the same bytes for the same seed, frozen', async () => {
    const made = await generateRetail({
      rows: 5000,
      files: 3,
      seed: 7,
      folder: join(root, 'frozen'),
    })
    const parts = await contents(made.files)
    assert.equal(
      sha256(Buffer.concat(parts)),
      'a12fcd459e11919cc9ef2db75fc38059d8bb9da37f2420a6a890e65f9f9a2a33',
    )
    assert.equal(
      made.bytes,
      parts.reduce((sum, part) => sum + part.length, 0),
    )
    assert.equal(made.rows, 5000)
  })

  it('names the files in row order, each with a header', async () => {
    const folder = join(root, 'a/b')
    const { files } = await generateRetail({ rows: 1000, files: 8, seed: 7, folder })
    const names = (await readdir(folder)).sort()
    assert.equal(names[0], 'retail-00000-of-00008.csv')
    assert.deepEqual(
      files,
      names.map(name => join(folder, name)),
    )
    for (const part of await contents(files)) assert.ok(part.toString().startsWith(HEADER))
  })

  it('has the same rows in one file as in many', async () => {
    const body = async (files: number) => {
      const made = await generateRetail({
        rows: 3000,
        files,
        seed: 9,
        folder: join(root, `cut-${files}`),
      })
      const parts = (await contents(made.files)).map(part =>
        part.toString().replaceAll('\r\n', '\n'),
      )
      return parts.map(part => part.slice(HEADER.length + 1)).join('')
    }
    assert.equal(await body(1), await body(7))
  })

  it('ends lines with CRLF in every third file, and never inside quotes', async () => {
    const made = await generateRetail({ rows: 9000, files: 3, seed: 7, folder: join(root, 'crlf') })
    const parts = (await contents(made.files)).map(part => part.toString())
    assert.deepEqual(
      parts.map(part => part.includes('\r')),
      [false, false, true],
    )
    const quoted = parts[2]?.match(/"(?:[^"]|"")*"/g) ?? []
    assert.ok(quoted.some(field => field.includes('\n')))
    assert.ok(quoted.every(field => !field.includes('\r')))
  })

  it('compresses to the same content', async () => {
    const o = { rows: 3000, files: 2, seed: 9 }
    const plain = await generateRetail({ ...o, folder: join(root, 'plain') })
    const packed = await generateRetail({ ...o, folder: join(root, 'packed'), gzip: true })
    assert.ok(packed.files.every(file => file.endsWith('.csv.gz')))
    assert.deepEqual(
      (await contents(packed.files)).map(part => gunzipSync(part)),
      await contents(plain.files),
    )
    assert.ok(packed.bytes < plain.bytes / 2)
  })

  it('tells its progress, and stops where the listener throws', async () => {
    const o = { rows: 1000, files: 4, seed: 1, folder: join(root, 'progress') }
    const heard: number[] = []
    await generateRetail({
      ...o,
      onProgress: ({ rows, rowsTotal }) => heard.push(rows / rowsTotal),
    })
    assert.deepEqual(heard, [0.25, 0.5, 0.75, 1])
    const stop = () => {
      throw new Error('enough')
    }
    await assert.rejects(generateRetail({ ...o, onProgress: stop }), /enough/)
  })

  it('writes headers alone where there are no rows', async () => {
    const made = await generateRetail({ rows: 0, files: 2, seed: 1, folder: join(root, 'none') })
    assert.deepEqual((await contents(made.files)).map(String), [`${HEADER}\n`, `${HEADER}\n`])
  })

  it('refuses numbers out of range', async () => {
    const o = { rows: 10, files: 1, seed: 1, folder: join(root, 'never') }
    await assert.rejects(
      generateRetail({ ...o, rows: 1.5 }),
      /rows is 1.5, expected a whole number from 0 to/,
    )
    await assert.rejects(
      generateRetail({ ...o, files: 0 }),
      /files is 0, expected a whole number from 1 to 99999/,
    )
    await assert.rejects(generateRetail({ ...o, seed: -1 }), /seed is -1/)
    assert.ok(!(await readdir(root)).includes('never'))
  })

  it('fails with what the file system says', async () => {
    const folder = join(root, 'taken')
    await mkdir(join(folder, 'retail-00001-of-00002.csv'), { recursive: true })
    await assert.rejects(generateRetail({ rows: 10, files: 2, seed: 1, folder }), /EISDIR/)
  })
})
