/**
 * Fetches a range while this thread waits, for what turns out to be wanted in the middle of a batch. The
 * requests are made by a thread of its own, started when it is first needed and ended when it has been
 * idle for a while; it ends with this thread at the latest.
 */
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  SHARE_ENV,
  Worker,
} from 'node:worker_threads'
import { Fault, type FaultJson, faultFromJson } from '../../../engine/fault.ts'
import type { StoredObject } from './store.ts'

/** What the thread is asked; the answer lies in `bytes` once `state` is not 0. */
export interface Fetch {
  readonly object: StoredObject
  readonly start: number
  /** 0: not yet; 1: the bytes are there; 2: a fault is in the port. */
  readonly state: Int32Array<SharedArrayBuffer>
  readonly bytes: Uint8Array<SharedArrayBuffer>
}

/** Longer than all its retries take. */
const PATIENCE_MS = 400_000
const IDLE_MS = 10_000

let helper: { readonly worker: Worker; readonly port: MessagePort } | null = null
let idle: NodeJS.Timeout | null = null

/** Throws as `ObjectReader.read`. */
export function fetchSync(object: StoredObject, start: number, end: number): Buffer {
  const { port } = started()
  const state = new Int32Array(new SharedArrayBuffer(4))
  const bytes = new Uint8Array(new SharedArrayBuffer(end - start))
  port.postMessage({ object, start, state, bytes } satisfies Fetch)
  const waited = Atomics.wait(state, 0, 0, PATIENCE_MS)
  if (waited === 'timed-out') {
    // What it answers later is of no other request.
    endHelper()
    throw new Fault('resource', `${object.uri}: no answer came in time`)
  }
  rest()
  if (Atomics.load(state, 0) === 1) return Buffer.from(bytes.buffer)
  throw faultFromJson(receiveMessageOnPort(port)?.message as FaultJson)
}

function started() {
  if (idle !== null) clearTimeout(idle)
  if (helper !== null) return helper
  const { port1, port2 } = new MessageChannel()
  const worker = new Worker(new URL(import.meta.resolve('#object-thread')), {
    workerData: port2,
    transferList: [port2],
    env: SHARE_ENV,
  })
  // Neither keeps a process that is done.
  worker.unref()
  port1.unref()
  helper = { worker, port: port1 }
  return helper
}

function rest(): void {
  idle = setTimeout(endHelper, IDLE_MS)
  idle.unref()
}

function endHelper(): void {
  void helper?.worker.terminate()
  helper?.port.close()
  helper = null
}
