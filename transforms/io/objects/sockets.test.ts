/** Bodies over sockets that read into one buffer: whole, their readers' own, however slowly they are read. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { closeIdle, send } from './http.ts'
import { isOwn } from './sockets.ts'

const BYTES = 8 << 20
const content = Buffer.alloc(BYTES)
for (let i = 0; i < BYTES; i += 4) content.writeUInt32LE(Math.imul(i, 2654435761) >>> 0, i)

for (const chunked of [false, true])
  test(`parts of a body that are kept stay as they came, ${chunked ? 'in chunks' : 'with its length'}`, async t => {
    const server = createServer((_, answer) => {
      if (!chunked) answer.setHeader('content-length', BYTES)
      answer.end(content)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => {
      closeIdle()
      server.close()
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const read = async (pauseMs: number): Promise<Buffer> => {
      const { body } = await send({ url })
      const kept: Buffer[] = []
      for await (const chunk of body as AsyncIterable<Buffer>) {
        assert.ok(isOwn(chunk))
        kept.push(chunk)
        if (kept.length % 16 === 0) await sleep(pauseMs)
      }
      return Buffer.concat(kept)
    }
    // Several at once, one after the other on a kept socket.
    for (const all of [await Promise.all([read(0), read(5), read(20)]), [await read(0)]])
      for (const found of all) assert.ok(found.equals(content))
  })
