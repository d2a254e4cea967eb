/** Nested columns to Arrow and back, through IPC, as another reader would see them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecordBatchStreamWriter, tableFromIPC } from 'apache-arrow'
import fc from 'fast-check'
import { nestedKinds, valuesOf } from '../../transforms/io/files/testing/nested-values.ts'
import { RowBuilder, rowReader } from '../compile/rows.ts'
import type { Fault } from '../fault.ts'
import { fromArrow, toArrow } from './arrow.ts'
import type { Batch } from './batch.ts'
import { type AnySchema, schema, schemaOf, t } from './schema.ts'

function batchOf(s: AnySchema, rows: readonly object[]): Batch {
  const builder = new RowBuilder(s, Math.max(1, rows.length))
  for (const row of rows) builder.append(row)
  return builder.take()
}

const rowsOf = (batch: Batch) => {
  const read = rowReader(batch.schema)(batch)
  return Array.from({ length: batch.rows }, (_, i) => read(i))
}

async function throughIpc(batch: Batch) {
  const record = await toArrow(batch)
  const writer = new RecordBatchStreamWriter()
  writer.write(record)
  writer.finish()
  return tableFromIPC(writer.toUint8Array(true))
}

test('whatever is nested comes back, with its kind and without being told it', async () => {
  const table = nestedKinds(3).chain(kind =>
    fc.array(valuesOf(kind.nullable), { minLength: 1, maxLength: 6 }).map(values => ({
      s: schemaOf([{ name: 'v', kind: kind.nullable }]),
      rows: values.map(v => ({ v })),
      [fc.toStringMethod]: () => `${kind.name} ${fc.stringify(values)}`,
    })),
  )
  await fc.assert(
    fc.asyncProperty(table, async ({ s, rows }) => {
      const { batches } = await throughIpc(batchOf(s, rows))
      assert.deepEqual(rowsOf(await fromArrow(batches[0] as never, s)), rows)
      // A oneOf is text to others.
      const closed = JSON.stringify(s.list[0]?.kind.name).includes('oneOf')
      const guessed = await fromArrow(batches[0] as never)
      if (!closed) assert.equal(guessed.schema.list[0]?.kind.name, s.list[0]?.kind.name)
      assert.deepEqual(rowsOf(guessed), rows)
    }),
    { numRuns: 60 },
  )
})

const Order = schema({
  lines: t.list(t.struct(schema({ sku: t.utf8, n: t.int32.nullable }))).nullable,
})

test('Arrow reads the values that we mean', async () => {
  const rows = [
    {
      lines: [
        { sku: 'a', n: 1 },
        { sku: 'b', n: null },
      ],
    },
    { lines: null },
    { lines: [] },
  ]
  const table = await throughIpc(batchOf(Order, rows))
  assert.deepEqual(JSON.parse(JSON.stringify(table.toArray())), rows)
})

test('a struct that is null has no parts, lists among them', async () => {
  const Deep = schema({ v: t.struct(schema({ l: t.list(t.list(t.int32)), s: t.utf8 })).nullable })
  const rows = [{ v: null }, { v: { l: [[1], []], s: 'a' } }, { v: null }]
  const { batches } = await throughIpc(batchOf(Deep, rows))
  assert.deepEqual(rowsOf(await fromArrow(batches[0] as never, Deep)), rows)
})

test('a part that is null where none may be, or of another type, is a data fault', async () => {
  const Nullable = schema({
    lines: t.list(t.struct(schema({ sku: t.utf8.nullable, n: t.int32 }))).nullable,
  })
  const table = await throughIpc(
    batchOf(Nullable, [{ lines: [{ sku: 'a', n: 1 }] }, { lines: [{ sku: null, n: 2 }] }]),
  )
  const refused = (s: AnySchema, message: RegExp) =>
    assert.rejects(
      fromArrow(table.batches[0] as never, s),
      (fault: Fault) => fault.kind === 'data' && message.test(fault.message),
    )
  const lines = (of: AnySchema) => schema({ lines: t.list(t.struct(of)).nullable })
  await refused(lines(schema({ sku: t.utf8 })), /column "lines\[\]\.sku" has nulls, expected utf8/)
  await refused(lines(schema({ x: t.utf8 })), /column "lines\[\]\.x" is missing/)
  await refused(
    schema({ lines: t.struct(schema({ x: t.utf8 })).nullable }),
    /column "lines": expected struct.* got the Arrow type List/,
  )
})
