/** `millrace infer`: what it drafts type-checks, and reads the file it was drafted from, all but its bad rows. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { command, file, root, runJson, workFolder } from './command.ts'

const folder = workFolder('infer')
/** Within the repository, so that its modules find `millrace`. */
const modules = mkdtempSync(join(root, 'test/faults/.infer-'))
after(() => rmSync(modules, { recursive: true, force: true }))

const mixed = [
  'Id;Order Date;zip;ok;price;note;big;a b;a_b;ratio',
  ...Array.from({ length: 400 }, (_, i) => {
    const day = `${(i % 28) + 1}/${(i % 12) + 1}/2024 ${i % 24}:05`
    const zip = String(i * 37).padStart(5, '0')
    return `${i};${i === 7 ? 'soon' : day};${zip};${i % 2 === 0};${i}.50;${i % 9 === 0 ? '' : `n${i}`};${i * 1e9};x;y;${i}e-3`
  }),
]
const CSV = `${mixed.join('\n')}\n`
const JSON_LINES = Array.from(
  { length: 50 },
  (_, i) =>
    `${JSON.stringify({ id: i, at: `2024-01-0${(i % 9) + 1}T10:00:00Z`, tags: ['a', i], ...(i % 2 ? { big: 2 ** 40 } : {}) })}\n`,
).join('')

interface Drafted {
  readonly name: string
  readonly uri: string
  /** Lines that the draft must hold. */
  readonly lines?: readonly string[]
  readonly rejected?: number
}

const own: readonly Drafted[] = [
  {
    name: 'mixed',
    uri: file(folder, 'mixed.csv', CSV),
    lines: [
      '  id: t.int32,',
      '  orderDate: t.timestamp, // 1 of the values is not: rejected',
      '  zip: t.utf8,',
      '  ok: t.bool,',
      '  price: t.decimal(15, 2),',
      '  note: t.utf8.nullable,',
      '  big: t.int64,',
      '  aB: t.utf8,',
      '  aB2: t.utf8,',
      '  ratio: t.float64,',
      '  delimiter: ";",',
      '    orderDate: "d/M/yyyy H:mm",',
      '    "a b": "aB",',
    ],
    rejected: 1,
  },
  {
    name: 'tsv',
    uri: file(folder, 'tab.tsv.gz', gzipSync(CSV.replaceAll(';', '\t'))),
    lines: ['  id: t.int32,'],
    rejected: 1,
  },
  {
    name: 'bare',
    uri: file(folder, 'bare.csv', '1,2.5\n2,3.5\n3,4.5\n'),
    lines: ['  header: false,'],
  },
  {
    name: 'proto',
    uri: file(folder, 'proto.csv', '__proto__,constructor,\n1,2,3\n'),
    lines: ['    ["__proto__"]: "proto",'],
  },
  {
    name: 'json',
    uri: file(folder, 'in.ndjson', JSON_LINES),
    lines: ['  id: t.int32,', '  at: t.timestamp,', '  big: t.int64.nullable,', '  tags: t.utf8,'],
  },
]

const shared = join(root, '../shared/data')
const given = existsSync(shared)
  ? readdirSync(shared, { recursive: true, encoding: 'utf8' }).filter(n => n.endsWith('.csv.gz'))
  : []
const real: readonly Drafted[] = given.map((name, i) => ({
  name: `real${i}`,
  uri: join(shared, name),
}))
const drafted = [...own, ...real]

function moduleOf(draft: string, format: string): string {
  const options = draft.includes('export const options') ? ', options' : ''
  return `${draft}
import { param, pipeline } from 'millrace'
import { ${[...new Set([format, 'parquet'])].join(', ')} } from 'millrace/io'
export default pipeline({
  name: 'drafted',
  params: { input: param.uri(), output: param.uri() },
  build(p, { input, output }) {
    p.read(${format}(input, Row${options})).write(parquet(output))
  },
})
`
}

describe('infer', () => {
  for (const { name, uri, lines = [] } of drafted)
    test(`drafts ${name}: ${uri}`, async () => {
      const { code, out, err } = await command('infer', uri)
      assert.deepEqual([code, err], [0, ''])
      const all = out.split('\n')
      for (const line of lines) assert.ok(all.includes(line), `${line}\n${out}`)
      const format = /^\/\/ p\.read\((\w+)\(/m.exec(out)?.[1] ?? ''
      writeFileSync(join(modules, `${name}.ts`), moduleOf(out, format))
    })

  test('all drafts type-check', () => {
    const files = drafted.map(d => join(modules, `${d.name}.ts`))
    const config = { extends: join(root, 'tsconfig.json'), files, include: [] }
    writeFileSync(join(modules, 'tsconfig.json'), JSON.stringify(config))
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', modules], { stdio: 'pipe' })
  })

  for (const { name, uri, rejected } of drafted)
    test(`the draft of ${name} reads its file`, async () => {
      const output = join(folder, `out-${name}`)
      const { code, report } = await runJson(
        join(modules, `${name}.ts`),
        '--input',
        uri,
        '--output',
        output,
      )
      assert.equal(code, 0, JSON.stringify(report.error))
      assert.ok(report.rows.read > 0 && report.rows.written > 0)
      if (rejected !== undefined) assert.equal(report.rows.rejected, rejected)
      assert.ok(report.rows.rejected <= report.rows.read / 100, JSON.stringify(report.rejects))
    })
})

test('what cannot be inferred', async () => {
  const cases = [
    [file(folder, 'empty.csv', ''), 1, /^data: .*empty\.csv is empty$/m],
    [
      join(folder, 'mixd.csv'),
      1,
      /^data: no file matches ".*mixd\.csv"\n.*\n {2}hint {2}did you mean ".*mixed\.csv"\?$/m,
    ],
    [
      file(folder, 'notes.doc', 'x'),
      2,
      /^pipeline: the format of .*notes\.doc is not known\n {2}hint .*\.parquet/m,
    ],
    [
      file(folder, 'torn.parquet', 'PAR1 and no more'),
      1,
      /^data: .*torn\.parquet cannot be understood: /m,
    ],
  ] as const
  for (const [path, exit, said] of cases) {
    const { code, out, err } = await command('infer', path)
    assert.deepEqual([code, out], [exit, ''], err)
    assert.match(err, said)
  }
})
