/**
 * Join choice: where the right side is known to be small, because its rows stand in the pipeline
 * itself or its files are small, each task holds all of it and the left side crosses no exchange. A
 * hint decides before any rule.
 */
import { is, type Node, type Plan } from '../plan/node.ts'
import { rebuild } from './rebuild.ts'
import { originOf } from './source-sizes.ts'

const ROWS_MAX = 10_000
/** As columns; the join's table takes up to three times that. */
const BYTES_MAX = 16 << 20

export function broadcastSmall(plan: Plan): Plan {
  return rebuild(plan, node => {
    if (!is(node, 'join')) return node
    const { hint, kind } = node.op
    if (hint !== null) return { ...node, why: 'as hinted' }
    if (kind === 'full') return { ...node, why: 'a full join gives its right rows once' }
    const { small, why } = sizeOf(originOf(node))
    return small ? { ...node, op: { ...node.op, hint: 'broadcast' }, why } : { ...node, why }
  })
}

function sizeOf(origin: Node): { small: boolean; why: string } {
  if (is(origin, 'create')) {
    const rows = origin.op.rows.length
    return rows <= ROWS_MAX
      ? { small: true, why: `the right side has at most ${rows} rows` }
      : { small: false, why: `the right side may have ${rows} rows, more than ${ROWS_MAX}` }
  }
  const bytes = is(origin, 'read') ? (origin.op.bytesMax ?? Infinity) : Infinity
  if (bytes === Infinity)
    return { small: false, why: "the right side's size is not known before the run" }
  const mb = `${Math.ceil(bytes / 2 ** 20)} MB`
  return bytes <= BYTES_MAX
    ? { small: true, why: `the right side takes at most ${mb}` }
    : { small: false, why: `the right side may take ${mb}, more than ${BYTES_MAX >> 20}` }
}
