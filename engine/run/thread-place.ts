/** Where a thread is, by a short profile: the line of the user's code in which it spends its time. */
import type { Worker } from 'node:worker_threads'
import { userPlace } from '../fault.ts'

const PROFILE_MS = 200
/** A thread that is inside a call of the system cannot answer. */
const ANSWER_MS = 2000

export interface Place {
  /** `file:line  function` of the user's; none where it is elsewhere. */
  readonly at?: string
  /** It does nothing: it waits. */
  readonly idle: boolean
}

/** Null where the thread does not answer. */
export async function placeOf(thread: Worker): Promise<Place | null> {
  const late = new Promise<null>(resolve => setTimeout(resolve, ANSWER_MS, null).unref())
  // A thread that ends meanwhile rejects, and is nowhere.
  return Promise.race([profiled(thread).catch(() => null), late])
}

async function profiled(thread: Worker): Promise<Place> {
  const handle = await thread.startCpuProfile()
  await new Promise(resolve => setTimeout(resolve, PROFILE_MS))
  return placeIn(JSON.parse(await handle.stop()) as Profile)
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: {
    readonly functionName: string
    readonly url: string
    /** From 0. */
    readonly lineNumber: number
  }
  readonly hitCount?: number
  readonly children?: readonly number[]
  readonly positionTicks?: readonly { readonly line: number; readonly ticks: number }[]
}

/** As V8 writes it: a tree of calls, each with the samples that found it on top. */
export interface Profile {
  readonly nodes: readonly ProfileNode[]
}

/** The place of the user's that had more samples than all that is not the user's; none where none had. */
export function placeIn({ nodes }: Profile): Place {
  const above = new Map<number, ProfileNode>()
  for (const node of nodes) for (const child of node.children ?? []) above.set(child, node)
  const hits = new Map<string, number>()
  for (const node of nodes) {
    const count = node.hitCount ?? 0
    if (count === 0) continue
    let place = placeAt(node, true)
    for (let at = above.get(node.id); at !== undefined && place === ''; at = above.get(at.id))
      place = placeAt(at, false)
    if (place === '') place = node.callFrame.functionName === '(idle)' ? '(idle)' : ''
    hits.set(place, (hits.get(place) ?? 0) + count)
  }
  const [first] = [...hits].sort(([, a], [, b]) => b - a)
  const [at = '(idle)'] = first ?? []
  return at === '' || at === '(idle)' ? { idle: at !== '' } : { at, idle: false }
}

/** Of a call on top its busiest line, of one below the line where the function begins. */
function placeAt({ callFrame, positionTicks = [] }: ProfileNode, top: boolean): string {
  const { functionName, url, lineNumber } = callFrame
  const [busiest] = positionTicks.toSorted((a, b) => b.ticks - a.ticks)
  const line = top && busiest ? busiest.line : lineNumber + 1
  const place = userPlace(url, line)
  return place === '' || functionName === '' ? place : `${place}  ${functionName}`
}
