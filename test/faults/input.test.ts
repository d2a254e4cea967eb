/** Files that are wrong, through the command: kind, message, place, hint, exit code; what is only a bad row is rejected with its place. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type Expected, file, moduleOf, refused, runJson, workFolder } from './command.ts'

const folder = workFolder('input')
const orders = moduleOf('orders.ts')
const GOOD = 'id,price,day,note\n1,2.50,2024-02-29,a\n2,3,2024-03-01,\n'
const many = `id,price,day,note\n${Array.from({ length: 50_000 }, (_, i) => `${i},1,2024-01-01,row ${i}\n`).join('')}`
let outs = 0
const fresh = (): string => join(folder, `out-${outs++}`)
const inputs = (input: string, output: string): string[] => [
  orders,
  '--input',
  input,
  '--output',
  output,
]

const written = (output: string, part: string): Record<string, unknown>[] =>
  readdirSync(join(output, part))
    .flatMap(f =>
      readFileSync(join(output, part, f), 'utf8')
        .trim()
        .split('\n'),
    )
    .filter(line => line !== '')
    .map(line => JSON.parse(line))

file(folder, 'prices.csv', GOOD)
mkdirSync(join(folder, 'folder.csv', 'deeper'), { recursive: true })
symlinkSync(join(folder, 'gone'), join(folder, 'dangling.csv'))
symlinkSync(join(folder, 'loop.csv'), join(folder, 'loop.csv'))

interface Case extends Expected {
  readonly name: string
  readonly input: string
  readonly more?: readonly string[]
}

const whole = gzipSync(many)
// biome-ignore format: a case a block
const cases: readonly Case[] = [
  { name: 'no file matches', input: join(folder, 'price.csv'), kind: 'data',
    message: /^no file matches ".*price\.csv"$/, detail: /holds .*prices\.csv/, hint: /did you mean ".*prices\.csv"/ },
  { name: 'no file matches a glob', input: join(folder, 'nope', '*.csv'), kind: 'data',
    message: /^no file matches ".*nope\/\*\.csv"$/, detail: /holds / },
  { name: 'a folder named as a file holds no file', input: join(folder, 'folder.csv'), kind: 'data', message: /^no file matches/ },
  { name: 'a dangling link', input: join(folder, 'dangling.csv'), kind: 'data', message: /^no file matches/ },
  { name: 'a file that cannot be opened', input: join(folder, 'loop.csv'), kind: 'resource', message: /^cannot read ".*loop\.csv": ELOOP$/ },
  { name: 'a file whose reading fails', input: '/proc/self/mem', kind: 'resource', message: /\/proc\/self\/mem.*EIO/ },
  { name: 'a gz cut short', input: file(folder, 'cut.csv.gz', whole.subarray(0, whole.length / 2)), kind: 'data',
    message: /cut\.csv\.gz.*(?:cut short|ends early|incomplete|damaged)/i },
  { name: 'a gz with a flipped bit', input: file(folder, 'flip.csv.gz', Buffer.from(whole).fill(whole[5000] as number ^ 16, 5000, 5001)), kind: 'data',
    message: /flip\.csv\.gz/ },
  { name: 'a column is missing', input: file(folder, 'missing.csv', 'id,prise,day,note\n1,2,2024-01-01,\n'), kind: 'data',
    message: /^column "price" is not in the header of .*missing\.csv$/, detail: /have {2}id prise day note/, hint: /it has "prise": name it in option header/ },
  { name: 'an extra column, where they are refused', input: file(folder, 'extra.csv', 'id,price,day,note,vat\n1,2,2024-01-01,,3\n'), more: ['--extra', 'fail'],
    kind: 'data', message: /^the header of .*extra\.csv has columns that the schema lacks: "vat"$/, detail: /have {2}id price/ },
  { name: 'a column twice', input: file(folder, 'twice.csv', 'id,price,day,note,price\n1,2,2024-01-01,,3\n'), kind: 'data',
    message: /^column "price" is twice in the header of .*twice\.csv$/ },
  { name: 'another delimiter', input: file(folder, 'semicolons.csv', GOOD.replaceAll(',', ';')), kind: 'data',
    message: /^column "id" \(and 3 more\) is not in the header/, hint: /delimited by ";": give option delimiter/ },
  { name: 'too many rejects', input: file(folder, 'wrong.csv', many.replaceAll(',1,', ',x,')), kind: 'data',
    message: /^50000 of 50000 rows of read csv .* were rejected, at most 10 % may be$/,
    detail: /such as {2}.*wrong\.csv at byte 18 {2}price: expected decimal\(10,2\), got "x"/, hint: /--max-rejects/ },
]

describe('files that are wrong as a whole', { concurrency: 2 }, () => {
  for (const { name, input, more = [], ...expected } of cases)
    test(name, async () => {
      const output = fresh()
      const at = /test\/faults\/pipelines\/orders\.ts:\d+ {2}\.read$/
      await refused([...inputs(input, output), ...more], { at, ...expected })
      assert.equal(existsSync(join(output, 'orders')), false)
    })
})

describe('files that are read', { concurrency: 2 }, () => {
  test('an empty file has no rows', async () => {
    const { code, report } = await runJson(...inputs(file(folder, 'empty.csv', ''), fresh()))
    assert.deepEqual([code, report.rows.read], [0, 0])
  })

  test('columns in another order, and others beside them', async () => {
    const text = 'note,vat,day,id,price\na,9,2024-02-29,1,2.50\n'
    const output = fresh()
    const { code } = await runJson(...inputs(file(folder, 'order.csv', text), output))
    assert.equal(code, 0)
    assert.deepEqual(
      written(output, 'orders').map(r => [r['id'], r['note'], r['day']]),
      [[1, 'a', '2024-02-29']],
    )
  })

  test('bad values are rejects, each with file, line, offset, column, text and reason', async () => {
    const rows: [row: string | Uint8Array, column: string, reason: RegExp][] = [
      ['2147483648,1,2024-01-01,', 'id', /expected int32, got "2147483648"/],
      ['99999999999999999999,1,2024-01-01,', 'id', /expected int32/],
      ['1,123456789.00,2024-01-01,', 'price', /expected decimal\(10,2\), got "123456789\.00"/],
      ['1,1,2023-02-31,', 'day', /expected date, got "2023-02-31" \(there is no such day\)/],
      ['1,1,2023-02-29,', 'day', /there is no such day/],
      [Buffer.from('1,1,2024-01-01,caf\xe9', 'latin1'), 'note', /UTF-8/],
      [',1,2024-01-01,', 'id', /expected int32, got ""|null/],
    ]
    const lines = rows.map(([row]) => Buffer.concat([Buffer.from(row), Buffer.from('\n')]))
    const input = file(folder, 'rows.csv', Buffer.concat([Buffer.from(GOOD), ...lines]))
    const output = fresh()
    const { code, report } = await runJson(...inputs(input, output))
    assert.equal(code, 0)
    assert.deepEqual([report.rows.read, report.rows.rejected], [9, 7])
    const rejects = written(output, 'rejects')
    let offset = GOOD.length
    rows.forEach(([row, column, reason], i) => {
      const reject = rejects[i] ?? {}
      assert.equal(reject['column'], column)
      assert.match(String(reject['reason']), reason)
      assert.deepEqual([reject['source'], reject['line'], reject['offset']], [input, i + 4, offset])
      if (typeof row === 'string') assert.equal(reject['raw'], row)
      offset += (lines[i] as Buffer).length
    })
  })
})
