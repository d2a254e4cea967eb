/** A column as a file's schema has it: physical type, and what its annotations say the values mean. */
import { TYPE, TYPE_NAMES } from './format.ts'
import { Malformed, type ThriftStruct, type ThriftValue } from './thrift-read.ts'

export type Meaning =
  | { readonly is: 'none' | 'text' | 'date' | 'json' | 'uuid' | 'null' | 'other' }
  | { readonly is: 'decimal'; readonly precision: number; readonly scale: number }
  | { readonly is: 'timestamp'; readonly unit: Unit; readonly utc: boolean }
  | { readonly is: 'integer'; readonly bits: number; readonly signed: boolean }
export type Unit = 'MILLIS' | 'MICROS' | 'NANOS'

export interface Leaf {
  readonly name: string
  /** The same, group by group. */
  readonly path: readonly string[]
  readonly type: number
  readonly typeLength: number
  readonly optional: boolean
  /** True below a group or repeated: no column of ours. */
  readonly nested: boolean
  readonly meaning: Meaning
}

/** `INT64 TIMESTAMP(NANOS, UTC)`: how messages name it. */
export function leafType({ type, typeLength, meaning, nested }: Leaf): string {
  if (nested) return 'a nested type'
  const length = type === TYPE.FIXED_LEN_BYTE_ARRAY ? `(${typeLength})` : ''
  return `${TYPE_NAMES[type]}${length}${meaningText(meaning)}`
}

function meaningText(m: Meaning): string {
  if (m.is === 'none') return ''
  if (m.is === 'decimal') return ` DECIMAL(${m.precision},${m.scale})`
  if (m.is === 'timestamp') return ` TIMESTAMP(${m.unit}, ${m.utc ? 'UTC' : 'local'})`
  if (m.is === 'integer') return ` ${m.signed ? '' : 'U'}INT_${m.bits}`
  return m.is === 'text' ? ' STRING' : ` ${m.is.toUpperCase()}`
}

/** A column of the schema, or a part of one: a group, or a leaf. */
export interface SchemaNode {
  readonly name: string
  readonly optional: boolean
  readonly repeated: boolean
  /** Definition and repetition level of a value that is there. */
  readonly defined: number
  readonly repeats: number
  readonly children: readonly SchemaNode[]
  /** Position among the leaves; -1 for a group. */
  readonly leaf: number
}

export interface FileSchema {
  readonly leaves: readonly Leaf[]
  readonly columns: readonly SchemaNode[]
}

/** Groups within groups: a list takes two, and our own files have up to a hundred lists in one another. */
const GROUPS_MAX = 256

/** The schema that a footer gives as a list, depth first. */
export function schemaOfFile(elements: readonly ThriftValue[]): FileSchema {
  const leaves: Leaf[] = []
  let at = 1
  const walk = (count: number, above: Above): SchemaNode[] => {
    if (above.path.length > GROUPS_MAX) throw new Malformed('its schema is nested too deeply')
    return Array.from({ length: count }, () => {
      const element = elements[at++]
      if (!(element instanceof Map)) throw new Malformed('its schema ends early')
      const [optional, repeated] = [element.get(3) === 1, element.get(3) === 2]
      const node = {
        name: textOf(element.get(4)),
        optional,
        repeated,
        defined: above.defined + (optional || repeated ? 1 : 0),
        repeats: above.repeats + (repeated ? 1 : 0),
      }
      const path = [...above.path, node.name]
      const children = element.get(5)
      if (typeof children === 'number' && children > 0)
        return { ...node, leaf: -1, children: walk(children, { ...node, path }) }
      leaves.push(leafOf(element, path, path.length > 1 || repeated))
      return { ...node, leaf: leaves.length - 1, children: [] }
    })
  }
  const root = elements[0]
  const children = root instanceof Map ? root.get(5) : undefined
  if (typeof children === 'number' && children > elements.length)
    throw new Malformed('its schema ends early')
  const top: Above = { path: [], defined: 0, repeats: 0 }
  return { leaves, columns: typeof children === 'number' ? walk(children, top) : [] }
}

interface Above {
  readonly path: readonly string[]
  readonly defined: number
  readonly repeats: number
}

const textOf = (value: ThriftValue | undefined): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString() : ''

function leafOf(element: ThriftStruct, path: readonly string[], nested: boolean): Leaf {
  const name = path.join('.')
  const type = element.get(1)
  const typeLength = Number(element.get(2) ?? 0)
  if (typeof type !== 'number' || TYPE_NAMES[type] === undefined)
    throw new Malformed(`column ${JSON.stringify(name)} has no known type`)
  if (type === TYPE.FIXED_LEN_BYTE_ARRAY && !(typeLength > 0 && typeLength < 2 ** 24))
    throw new Malformed(`column ${JSON.stringify(name)} has values of ${typeLength} bytes`)
  const optional = element.get(3) !== 0
  const meaning = meaningOf(element)
  return { name, path, type, typeLength, optional, nested, meaning }
}

const UNITS: readonly Unit[] = ['MILLIS', 'MICROS', 'NANOS']

function meaningOf(element: ThriftStruct): Meaning {
  const logical = element.get(10)
  const [id, detail] = logical instanceof Map ? ([...logical][0] ?? []) : []
  const facts: ThriftStruct = detail instanceof Map ? detail : new Map()
  if (id === 1 || id === 4) return { is: 'text' }
  if (id === 5) return decimal(facts.get(2), facts.get(1))
  if (id === 6) return { is: 'date' }
  if (id === 8) {
    const unit = facts.get(2)
    const which = unit instanceof Map ? ([...unit.keys()][0] ?? 2) : 2
    return { is: 'timestamp', unit: UNITS[which - 1] ?? 'MICROS', utc: facts.get(1) === true }
  }
  if (id === 10) return { is: 'integer', bits: Number(facts.get(1)), signed: facts.get(2) === true }
  if (id === 11) return { is: 'null' }
  if (id === 12) return { is: 'json' }
  if (id === 14) return { is: 'uuid' }
  return id === undefined ? convertedMeaning(element) : { is: 'other' }
}

function convertedMeaning(element: ThriftStruct): Meaning {
  const converted = element.get(6)
  if (converted === undefined) return { is: 'none' }
  if (converted === 0 || converted === 4) return { is: 'text' }
  if (converted === 5) return decimal(element.get(8), element.get(7))
  if (converted === 6) return { is: 'date' }
  if (converted === 9) return { is: 'timestamp', unit: 'MILLIS', utc: true }
  if (converted === 10) return { is: 'timestamp', unit: 'MICROS', utc: true }
  const n = Number(converted)
  if (n >= 11 && n <= 18) return { is: 'integer', bits: 8 << ((n - 11) % 4), signed: n > 14 }
  return converted === 19 ? { is: 'json' } : { is: 'other' }
}

function decimal(precision: ThriftValue | undefined, scale: ThriftValue | undefined): Meaning {
  return { is: 'decimal', precision: Number(precision ?? 0), scale: Number(scale ?? 0) }
}
