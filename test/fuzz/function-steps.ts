/** Random steps whose functions give whole rows: one, many, a promise, or none at all. */
import { schema } from 'millrace'
import { after, type Any, type Step, tagged, text } from './flow.ts'

export const functionSteps: Readonly<Record<string, Step>> = {
  deadLetter(flow, { r, reject }) {
    const [int] = tagged(flow.schema, 'int32')
    if (!int) return null
    const by = 2 + r.below(4)
    const out = schema(flow.schema.fields as never)
    const fn = (row: Record<string, number | null>) => {
      if (row[int.name] !== null && (row[int.name] as number) % by === 1)
        throw new RangeError(`refused ${row[int.name]}`)
      return row
    }
    const o = { onError: 'deadLetter' as const }
    const of = r.chance(0.5)
      ? flow.of.map(out, fn as never, o)
      : flow.of.flatMap(
          out,
          function* (row: Record<string, number | null>) {
            yield row
            yield fn(row)
          } as never,
          o,
        )
    reject((of as unknown as Any).rejects.select('step', 'reason', 'raw') as unknown as Any)
    return after(flow, of as unknown as Any, null)
  },
  parDo(flow, { r }) {
    const out = schema(flow.schema.fields as never)
    const many = r.below(3)
    const of = flow.of.parDo({
      output: out,
      process(row: unknown, c: { emit(row: unknown): void }) {
        for (let i = 0; i < many; i++) c.emit(row)
      },
    } as never)
    return after(flow, of as unknown as Any, null)
  },
  mapAsync(flow) {
    const out = schema(flow.schema.fields as never)
    const fn = async (row: Record<string, unknown>) => {
      if (text(Object.values(row)[0]).length % 2 === 0) await null
      return row
    }
    const of = flow.of.mapAsync(out, fn as never, { concurrency: 3 })
    return after(flow, of as unknown as Any, 'SELECT * FROM $')
  },
}
