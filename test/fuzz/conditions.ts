/** Random tests of columns: as `where` takes them, and as SQL. */
import type { Kind } from '../../engine/data/kind.ts'
import type { AnySchema } from '../../engine/data/schema.ts'
import { q } from './flow.ts'
import type { Random } from './random.ts'

/** A constant of the kind, and as SQL writes it. */
export function constant(r: Random, { tag }: Kind): { value: unknown; sql: string } | null {
  const n = r.below(6) - 2
  if (tag === 'int32' || tag === 'float64') return { value: n, sql: `${n}` }
  if (tag === 'int64') return { value: n * 2 ** 33, sql: `${n * 2 ** 33}` }
  if (tag === 'bigint') return { value: BigInt(n) * 10n ** 12n, sql: `${BigInt(n) * 10n ** 12n}` }
  if (tag === 'decimal') return { value: n / 10, sql: `${(n / 10).toFixed(1)}` }
  if (tag === 'bool') return { value: n > 0, sql: `${n > 0}` }
  if (tag === 'date') return { value: n * 86_400_000, sql: `DATE '1970-01-01' + ${n}` }
  if (tag !== 'utf8') return null
  const text = r.pick(['', 'a', 'b', 't1', 'é', "it's"])
  return { value: text, sql: `'${text.replaceAll("'", "''")}'` }
}

export const OPS = { gt: '>', gte: '>=', lt: '<', lte: '<=', not: '<>' } as const

/** A random test of a column: as `where` takes it, and as SQL. */
export function condition(r: Random, s: AnySchema): { where: object; sql: string } | null {
  const { name, kind } = r.pick(s.list)
  if (kind.optional && r.chance(0.2))
    return r.chance(0.5)
      ? { where: { [name]: null }, sql: `${q(name)} IS NULL` }
      : { where: { [name]: { not: null } }, sql: `${q(name)} IS NOT NULL` }
  const bound = constant(r, kind)
  if (bound === null) return null
  if (r.chance(0.3)) return { where: { [name]: bound.value }, sql: `${q(name)} = ${bound.sql}` }
  const op = r.pick(Object.keys(OPS) as (keyof typeof OPS)[])
  if (kind.tag === 'bool' && op !== 'not') return null
  return { where: { [name]: { [op]: bound.value } }, sql: `${q(name)} ${OPS[op]} ${bound.sql}` }
}
