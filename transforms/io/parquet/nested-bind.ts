/**
 * Finds a nested column's parts in a file: fields by name, a list's elements in whichever of the shapes
 * that writers have given lists.
 * Source: parquet-format, LogicalTypes.md, "Lists" and its rules for older files.
 */
import { isText } from '../../../engine/data/column.ts'
import type { Kind } from '../../../engine/data/kind.ts'
import { elementOf, structOf } from '../../../engine/data/nested.ts'
import { conversionOf, takesText } from './convert.ts'
import { type Leaf, leafType, type SchemaNode } from './leaf.ts'
import type { LeafBinding } from './leaf-stream.ts'
import type { NestedBinding, Shape } from './nested-read.ts'

/** Why a part cannot be read: told with its path. */
export class Unfit extends Error {}

/** Throws Unfit: a part is missing, or of a type that would lose something. */
export function bindNested(node: SchemaNode, kind: Kind, leaves: readonly Leaf[]): NestedBinding {
  const bound: LeafBinding[] = []
  const binder = new Binder(leaves, bound)
  const shape = binder.shape(node, kind, node.name)
  return { shape, leaves: bound, strict: binder.strict }
}

class Binder {
  strict = true
  readonly #leaves: readonly Leaf[]
  readonly #bound: LeafBinding[]
  constructor(leaves: readonly Leaf[], bound: LeafBinding[]) {
    this.#leaves = leaves
    this.#bound = bound
  }

  shape(node: SchemaNode, kind: Kind, path: string): Shape {
    const first = this.#bound.length
    if (node.optional && !kind.optional) this.strict = false
    const made = this.#made(node, kind, path)
    const count = this.#bound.length - first
    if (count === 0) throw new Unfit(`${path} has none of the fields of ${kind.name}`)
    return { ...made, kind, first, count } as Shape
  }

  #made(node: SchemaNode, kind: Kind, path: string): Omit<Shape, 'kind' | 'first' | 'count'> {
    if (kind.tag === 'list') return this.#list(node, kind, path)
    // Else only the first of its values would be read.
    if (node.repeated) throw new Unfit(`${path}: expected ${kind.name}, got ${this.#typeOf(node)}`)
    if (kind.tag === 'struct') return this.#struct(node, kind, path)
    this.#leaf(node, kind, path)
    return { is: 'leaf', defined: node.defined }
  }

  #list(node: SchemaNode, kind: Kind, path: string) {
    const repeated = node.repeated ? node : node.children[0]
    if (
      repeated === undefined ||
      !repeated.repeated ||
      (!node.repeated && node.children.length > 1)
    )
      throw new Unfit(`${path}: expected ${kind.name}, got ${this.#typeOf(node)}`)
    const shape = this.shape(elementNode(node, repeated), elementOf(kind), `${path}[]`)
    const defined = node.repeated ? node.defined - 1 : node.defined
    const { defined: elementDefined, repeats } = repeated
    return { is: 'list' as const, defined, element: shape, elementDefined, repeats }
  }

  #struct(node: SchemaNode, kind: Kind, path: string) {
    if (node.leaf >= 0) throw new Unfit(`${path}: expected ${kind.name}, got ${this.#typeOf(node)}`)
    const fields = structOf(kind).list.map(f => {
      const child = node.children.find(c => c.name === f.name)
      const below = `${path}.${f.name}`
      if (child === undefined && !f.kind.optional)
        throw new Unfit(
          `${below} is missing: there are ${node.children.map(c => c.name).join(' ')}`,
        )
      return { name: f.name, shape: child ? this.shape(child, f.kind, below) : null }
    })
    return { is: 'struct' as const, defined: node.defined, fields }
  }

  #leaf(node: SchemaNode, kind: Kind, path: string): void {
    const leaf = this.#leaves[node.leaf]
    const required = kind.required
    const unfit = (): Unfit =>
      new Unfit(`${path}: expected ${kind.name}, got ${this.#typeOf(node)}`)
    if (leaf === undefined) throw unfit()
    const convert = isText(kind) ? null : conversionOf(leaf, required)
    if (isText(kind) ? !takesText(leaf, required) : convert === null) throw unfit()
    const depth = { defined: node.defined, repeated: node.repeats }
    const { optional } = kind
    this.#bound.push({ leaf, index: node.leaf, kind: required, optional, convert, depth })
  }

  #typeOf(node: SchemaNode): string {
    const leaf = this.#leaves[node.leaf]
    const what = node.repeated ? 'repeated ' : 'a '
    if (leaf) return `${node.repeated ? what : ''}${leafType({ ...leaf, nested: false })}`
    return `${what}group of ${node.children.map(c => c.name).join(' ')}`
  }
}

/** The element of a list: what the repeated group holds, or the group itself. */
function elementNode(list: SchemaNode, repeated: SchemaNode): SchemaNode {
  const [only, other] = repeated.children
  const itself =
    list === repeated ||
    only === undefined ||
    other !== undefined ||
    only.repeated ||
    repeated.name === 'array' ||
    repeated.name === `${list.name}_tuple`
  return itself ? { ...repeated, optional: false, repeated: false } : only
}
