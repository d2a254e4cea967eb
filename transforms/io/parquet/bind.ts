/** Finds a schema's columns in a file, by name, and how each is converted. */
import { isText } from '../../../engine/data/column.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import type { AnySchema } from '../../../engine/data/schema.ts'
import { Fault, nearestName } from '../../../engine/fault.ts'
import { conversionOf, takesText } from './convert.ts'
import type { Conversion } from './converted.ts'
import { type FileSchema, type Leaf, leafType, type SchemaNode } from './leaf.ts'
import type { LeafBinding } from './leaf-stream.ts'
import { bindNested, Unfit } from './nested-bind.ts'
import type { NestedBinding } from './nested-read.ts'

export interface Binding {
  readonly leaf: Leaf
  /** Position among the file's columns. */
  readonly index: number
  readonly kind: Kind
  /** Null for text and bytes. */
  readonly convert: Conversion | null
  /** Of a list or struct, of which `leaf` is the first leaf. */
  readonly nested: NestedBinding | null
}

/** Positions of the chunks that the column is read from. */
export const indexesOf = ({ index, nested }: Binding): readonly number[] =>
  nested === null ? [index] : nested.leaves.map(l => l.index)

/** Names in files by ours; a column that is not in the map has the same name in both. */
export type Header = { readonly [name: string]: string }

/** In the schema's order. Throws data: a column is missing, or of a type that would lose something. */
export function bind(
  { leaves, columns }: Pick<FileSchema, 'leaves' | 'columns'>,
  schema: AnySchema,
  { path, header = {} }: { path: string; header?: Header },
): Binding[] {
  const named = new Map(Object.entries(header).map(([theirs, ours]) => [ours, theirs]))
  return schema.list.map(({ name, kind }) => {
    const wanted = named.get(name) ?? name
    const node = columns.find(c => c.name === wanted)
    if (node === undefined) throw missing(wanted, columns, path)
    if (kind.tag === 'list' || kind.tag === 'struct') return nestedBinding(node, kind, leaves, path)
    const index = node.leaf
    const leaf = leaves[index]
    if (leaf === undefined || leaf.nested) throw unfit(groupLeaf(node), kind, path)
    const convert = isText(kind) ? null : conversionOf(leaf, kind)
    if (isText(kind) ? !takesText(leaf, kind) : convert === null) throw unfit(leaf, kind, path)
    return { leaf, index, kind, convert, nested: null }
  })
}

const groupLeaf = ({ name, optional }: SchemaNode): Leaf => ({
  name,
  path: [name],
  type: 0,
  typeLength: 0,
  optional,
  nested: true,
  meaning: { is: 'other' },
})

function nestedBinding(
  node: SchemaNode,
  kind: Kind,
  leaves: readonly Leaf[],
  path: string,
): Binding {
  try {
    const nested = bindNested(node, kind, leaves)
    const [first] = nested.leaves as [LeafBinding]
    return { leaf: first.leaf, index: first.index, kind, convert: null, nested }
  } catch (error) {
    if (!(error instanceof Unfit)) throw error
    throw new Fault('data', `${path}, column ${error.message}`)
  }
}

function missing(name: string, columns: readonly SchemaNode[], path: string): Fault {
  const have = columns.map(c => c.name)
  const near = nearestName(name, have)
  return new Fault('data', `${path} has no column ${JSON.stringify(name)}`, {
    detail: [`have  ${have.slice(0, 40).join(' ')}${have.length > 40 ? ' …' : ''}`],
    ...(near === undefined
      ? {}
      : { hint: `did you mean ${JSON.stringify(near)}? The option header maps names` }),
  })
}

function unfit(leaf: Leaf, kind: Kind, path: string): Fault {
  const hint = hintFor(leaf, kind)
  return new Fault(
    'data',
    `${path}, column ${JSON.stringify(leaf.name)}: expected ${kind.name}, got ${leafType(leaf)}`,
    hint === null ? {} : { hint },
  )
}

/** The kind that would take it. */
function hintFor({ type, meaning }: Leaf, kind: Kind): string | null {
  const declare = (text: string): string => `declare it as ${text}`
  if (meaning.is === 'timestamp') return declare(meaning.utc ? 't.timestamp' : 't.datetime')
  if (meaning.is === 'decimal') return declare(`t.decimal(${meaning.precision}, ${meaning.scale})`)
  if (meaning.is === 'date') return declare('t.date')
  if (meaning.is === 'text') return declare('t.utf8')
  if (meaning.is !== 'none' && meaning.is !== 'integer') return null
  const byType = [
    't.bool',
    't.int32',
    't.int64',
    't.timestamp',
    't.float32',
    't.float64',
    't.bytes',
  ]
  const named = byType[type]
  return named === undefined || named === `t.${kind.tag}` ? null : declare(named)
}
