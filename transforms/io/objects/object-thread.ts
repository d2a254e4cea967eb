/** The entry of the thread that fetches ranges for another one, which waits (`sync.ts`). */
import { type MessagePort, workerData } from 'node:worker_threads'
import { faultToJson } from '../../../engine/fault.ts'
import { readerOf } from './reader-of.ts'
import type { Fetch } from './sync.ts'

const port = workerData as MessagePort

async function answer(asked: Fetch): Promise<void> {
  const { object, start, bytes } = asked
  const reading = readerOf(object.uri).then(reader => reader.read(object, start, bytes))
  const state = await reading.then(
    () => 1,
    error => {
      port.postMessage(faultToJson(error))
      return 2
    },
  )
  Atomics.store(asked.state, 0, state)
  Atomics.notify(asked.state, 0)
}

port.on('message', (asked: Fetch) => void answer(asked))
