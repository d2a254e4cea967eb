/** A run into a table that has other columns: what was refused, and how far the run had come by then. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { pipeline, schema, t } from 'millrace'
import { ndjson, table, type TableSinkOptions } from 'millrace/io'
import { LedgerFolder } from '../engine/run/ledger/folder.ts'
import { newestRuns } from '../engine/run/ledger/history.ts'
import type { RunReport } from '../engine/run/report.ts'
import { runPipeline } from '../engine/run/run.ts'

const Sale = schema({ saleId: t.int32, shop: t.utf8, day: t.date, paid: t.bool })
type Options = TableSinkOptions<'saleId' | 'shop' | 'day'>

/** Modes that leave the table as it is. */
export const KEEPING: readonly Options[] = [
  { mode: 'append' },
  { mode: 'replacePartition', partition: { by: 'day', unit: 'day' } },
  { mode: 'merge', key: ['saleId'], latest: 'day' },
]

export interface Tried {
  readonly report: RunReport
  /** Times that the source was opened. */
  readonly opened: number
  /** The folder of the pipeline's other output is there. */
  readonly wrote: boolean
  /** As the run ledger tells of it. */
  readonly recorded: string | undefined
}

/** Writes one sale, `sale_id`, `shop`, `day` and `paid`, into the table `sales` of the warehouse. */
export async function tryWrite(c: TestContext, uri: string, options: Options): Promise<Tried> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-columns-'))
  c.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(
    join(folder, 'sales.ndjson'),
    '{"saleId":1,"shop":"a","day":"2026-01-31","paid":true}\n',
  )
  const source = ndjson(join(folder, 'sales.ndjson'), Sale)
  // It is called as ever, and counted.
  const open = c.mock.method(source, 'open')
  const out = join(folder, 'out')
  const definition = pipeline({
    name: 'sales',
    build(p) {
      const sales = p.read(source)
      sales.write(table(uri, 'sales', { ...options, names: 'snake_case' }))
      sales.write(ndjson(out))
    },
  })
  const ledger = new LedgerFolder(join(folder, 'ledger'))
  const report = await runPipeline({ pipeline: definition, ledger })
  const [newest] = await newestRuns(ledger, { pipeline: null, limit: 1 })
  return { report, opened: open.mock.callCount(), wrote: existsSync(out), recorded: newest?.status }
}

/** That a run was told the difference, and had done nothing by then. */
export function assertRefusedEarly(tried: Tried, difference: readonly string[]): void {
  const { report, opened, wrote, recorded } = tried
  const { kind, message, detail } = report.error ?? {}
  assert.deepEqual(
    { status: report.status, recorded, kind, message, detail },
    {
      status: 'failed',
      recorded: 'failed',
      kind: 'data',
      message: 'table sales has other columns than what is loaded',
      detail: difference,
    },
  )
  assert.match(report.error?.at ?? '', /other-columns\.ts/)
  assert.deepEqual({ opened, wrote }, { opened: 0, wrote: false }, 'nothing was read or written')
}

/** That it went through, and read its source. */
export function assertWritten({ report, opened, wrote }: Tried): void {
  assert.equal(report.status, 'done', JSON.stringify(report.error))
  assert.deepEqual({ opened, wrote }, { opened: 1, wrote: true })
}
