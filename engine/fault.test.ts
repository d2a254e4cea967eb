/** The error class: its printed form, its way across threads, the call site, near names, hidden secrets. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { callSite, Fault, faultFromJson, faultToJson, nearestName, redactUri } from './fault.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-fault-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const fault = new Fault('pipeline', 'column "prise" does not exist', {
  at: 'pipelines/retail/pipeline.ts:14  .filter',
  detail: ['have  invoiceNo price quantity'],
  hint: 'did you mean "price"?',
})

test('a fault prints as the design says', () => {
  assert.equal(
    fault.render(),
    `pipeline: column "prise" does not exist
  at    pipelines/retail/pipeline.ts:14  .filter
  have  invoiceNo price quantity
  hint  did you mean "price"?`,
  )
  assert.equal(String(fault), fault.render())
  assert.equal(new Fault('engine', 'no more').render(), 'engine: no more')
})

test('a fault crosses threads and prints the same', () => {
  const there = faultFromJson(structuredClone(faultToJson(fault)))
  assert.ok(there instanceof Fault)
  assert.equal(there.render(), fault.render())
  const bare = new Fault('data', 'bare')
  assert.deepEqual(faultToJson(faultFromJson(faultToJson(bare))), faultToJson(bare))
})

test('any other error becomes the engine’s, with the top of its stack', () => {
  const json = faultToJson(new TypeError('x is not a function'))
  assert.equal(json.kind, 'engine')
  assert.equal(json.message, 'x is not a function')
  assert.match(json.detail[0] ?? '', /^at .*fault\.test\.ts/)
  assert.equal(faultToJson('thrown text').message, 'thrown text')
  assert.equal(faultToJson(undefined).message, 'undefined')
})

test('what the system refuses is a resource fault that says what to do', () => {
  const json = (path: string) => {
    try {
      return faultToJson(readFileSync(path))
    } catch (error) {
      return faultToJson(error)
    }
  }
  const within = json(join(fileURLToPath(import.meta.url), 'x'))
  assert.deepEqual([within.kind, within.detail], ['resource', []])
  assert.match(within.message, /^ENOTDIR: .*fault\.test\.ts\/x'$/)
  assert.match(within.hint ?? '', /a part of the path is a file/)
  assert.match(json(folder).hint ?? '', /check the path/)
})

test('the nearest name: a typing error or two, in any case; nothing for another word', () => {
  const names = ['invoiceNo', 'unitPrice', 'quantity', 'at', '__proto__']
  for (const [typed, meant] of [
    ['unitPrise', 'unitPrice'],
    ['UNITPRICE', 'unitPrice'],
    ['quantiyt', 'quantity'],
    ['qty', undefined],
    ['ta', 'at'],
    ['__porto__', '__proto__'],
    ['customer', undefined],
    ['', undefined],
    ['prise', 'unitPrice'],
    ['invoice', 'invoiceNo'],
    ['quant', 'quantity'],
    ['nit', 'unitPrice'],
    ['no', undefined],
  ] as const)
    assert.equal(nearestName(typed, names), meant, typed)
  assert.equal(nearestName('x', []), undefined)
  assert.equal(nearestName('price', ['prices', 'unit_prixe']), 'prices')
  assert.equal(nearestName('total', ['sub_totals', 'rateOfTotal']), 'rateOfTotal')
})

test('the call site is the user’s: this file, though it lies in the engine’s folder', () => {
  assert.match(callSite(), /^engine[\\/]fault\.test\.ts:\d+$/)
  const verb = (): string => callSite(verb)
  assert.match(verb(), /^engine[\\/]fault\.test\.ts:\d+$/)
  const limit = Error.stackTraceLimit
  callSite()
  assert.equal(Error.stackTraceLimit, limit)
})

test('the call site: odd folders, library callbacks, and code behind an await', async () => {
  const odd = join(folder, 'with space (and) more')
  mkdirSync(odd)
  const path = join(odd, 'user.mjs')
  const engine = JSON.stringify(new URL('./fault.ts', import.meta.url).href)
  writeFileSync(
    path,
    `import { callSite } from ${engine}
export const plain = () => callSite()
export const within = () => [1].map(() => callSite())[0]
export const later = async () => {
  await null
  return callSite()
}
`,
  )
  const user = await import(pathToFileURL(path).href)
  assert.equal(user.plain(), `${path}:2`)
  assert.equal(user.within(), `${path}:3`)
  assert.equal(await user.later(), `${path}:6`)
})

test('no secret of a URI is shown', () => {
  for (const [uri, shown] of [
    ['mongodb://me:p@ss@host:27017/db', 'mongodb://***@host:27017/db'],
    ['mongodb+srv://me@host/db?retryWrites=true', 'mongodb+srv://***@host/db?retryWrites=true'],
    ['s3://bucket/a@b/c', 's3://bucket/a@b/c'],
    ['https://h/x?X-Amz-Signature=abc&part=1', 'https://h/x?X-Amz-Signature=***&part=1'],
    ['https://h/x?page=2&access_token=abc#top', 'https://h/x?page=2&access_token=***#top'],
    ['duckdb:retail.duckdb', 'duckdb:retail.duckdb'],
    ['/data/*.csv', '/data/*.csv'],
  ])
    assert.equal(redactUri(uri as string), shown)
})
