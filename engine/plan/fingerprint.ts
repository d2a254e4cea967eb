/**
 * Fingerprints of a plan: equal ones mean that two threads, or a run and its resumption, built the
 * same nodes with the same functions. A function counts as its text, a source or sink as its own
 * fingerprint, another node as its number, a schema as its description; everything else as data. What a
 * closure captured is not seen: the parameters and the module's content hash, which enter beside the
 * nodes, stand for it.
 */
import { describe, type AnySchema } from '../data/schema.ts'
import { sha256 } from '../data/sha256.ts'
import { textOf } from './bound.ts'
import type { Node } from './node.ts'

/** One node's part, so that a mismatch can name the node. */
export function nodeFingerprint(node: Node): string {
  const inputs = node.inputs.map(n => n.id)
  const head = [node.id, node.type, node.name, describe(node.schema), inputs]
  return hashOf([...head, encode(node.op, [])])
}

/** The plan's: over its nodes' and a hash of whatever else decides the run (module, parameters). */
export const fingerprintOf = (nodes: readonly Node[], moduleHash: string): string =>
  hashOf([moduleHash, ...nodes.map(nodeFingerprint)])

/** Index of the first node that differs, or -1. Compares what two threads built. */
export function firstDifference(left: readonly string[], right: readonly string[]): number {
  const count = Math.max(left.length, right.length)
  for (let i = 0; i < count; i++) if (left[i] !== right[i]) return i
  return -1
}

/** SHA-256 of plain data, the same whatever the order of its keys. */
export const hashOf = (value: unknown): string => sha256(encode(value, []))

/** Data as text without ambiguity: each part says its type, strings are quoted. */
function encode(value: unknown, within: readonly object[]): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value)
  if (typeof value === 'function') return `fn ${JSON.stringify(textOf(value))}`
  if (typeof value !== 'object' || value === null) return String(value)
  if (within.includes(value)) return 'cycle'
  const inner = [...within, value]
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('base64')}`
  if (Array.isArray(value)) return `[${value.map(v => encode(v, inner)).join()}]`
  const known = encodeKnown(value)
  if (known !== null) return known
  if (value instanceof Map || value instanceof Set) return `${encode([...value], inner)}`
  const keys = Object.keys(value).sort()
  const parts = keys.map(k => `${JSON.stringify(k)}:${encode((value as never)[k], inner)}`)
  return `{${parts.join()}}`
}

/** Objects of the engine that stand for more than their properties. */
function encodeKnown(value: object): string | null {
  const v = value as Record<string, unknown>
  if (typeof v['fingerprint'] === 'string') return `io ${JSON.stringify(v['fingerprint'])}`
  if (Array.isArray(v['list']) && 'fields' in v) return `schema ${describe(value as AnySchema)}`
  if (typeof v['tag'] === 'string' && 'required' in v) return `kind ${v['name']}`
  if (typeof v['id'] === 'number' && 'inputs' in v && 'op' in v) return `node ${v['id']}`
  return null
}
