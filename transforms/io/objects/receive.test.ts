/** Bytes straight from a connection: whole however they come, nothing written after an end, connections used again. */
import assert from 'node:assert/strict'
import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { queryObjects } from 'node:v8'
import { answerOf, mayPass } from './answer.ts'
import { Connection } from './connection.ts'
import { ranged } from './ranged.ts'
import { closeIdle, fill, type Filling, receive, type Receiving } from './receive.ts'

const BYTES = 3_000_001
const content = Buffer.alloc(BYTES)
for (let i = 0; i < BYTES; i++) content[i] = Math.imul(i, 2654435761) >>> 24

type Serve = (socket: Socket, request: string) => unknown
let serve: Serve = () => {}
let connections = 0
let requests: string[] = []
let server: Server
let base = ''

before(async () => {
  server = createServer(socket => {
    connections++
    let text = ''
    socket.on('error', () => {})
    socket.on('data', bytes => {
      text += bytes.toString('latin1')
      if (!text.endsWith('\r\n\r\n')) return
      requests.push(text)
      serve(socket, text)
      text = ''
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => {
  closeIdle()
  server.close()
})

const headOf = (bytes: number, more = ''): string =>
  `HTTP/1.1 206 Partial Content\r\nContent-Length: ${bytes}\r\n${more}\r\n`

async function received(how: Serve, o: Partial<Receiving> = {}): Promise<Buffer> {
  serve = how
  connections = 0
  requests = []
  const into = Buffer.alloc(BYTES)
  let arrived = 0
  const count = (bytes: number) => {
    // What is told is there.
    assert.ok(
      into.subarray(arrived, arrived + bytes).equals(content.subarray(arrived, arrived + bytes)),
    )
    arrived += bytes
  }
  const { filled } = await fill(
    { url: `${base}/a?b=c`, headers: {} },
    { into, arrived: count, ...o },
  )
  await filled
  assert.equal(arrived, BYTES)
  return into
}

const inChunks = (bytes: Buffer): Buffer =>
  Buffer.concat([
    ...[0, 1_000_000, 2_000_000].map(from => {
      const part = bytes.subarray(from, from === 2_000_000 ? undefined : from + 1_000_000)
      return Buffer.concat([
        Buffer.from(`${part.length.toString(16)}\r\n`),
        part,
        Buffer.from('\r\n'),
      ])
    }),
    Buffer.from('0\r\n\r\n'),
  ])

const WAYS: Readonly<Record<string, Serve>> = {
  'in one piece': socket => socket.write(Buffer.concat([Buffer.from(headOf(BYTES)), content])),
  'byte by byte at its beginning': async socket => {
    const whole = Buffer.concat([Buffer.from(headOf(BYTES)), content])
    socket.setNoDelay(true)
    for (let i = 0; i < 90; i++) {
      socket.write(whole.subarray(i, i + 1))
      await sleep(1)
    }
    socket.write(whole.subarray(90))
  },
  'after heads that announce it': socket => {
    socket.write('HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n')
    socket.write(headOf(BYTES))
    socket.write(content)
  },
  'with its last byte alone': async socket => {
    socket.write(headOf(BYTES))
    socket.write(content.subarray(0, -1))
    await sleep(20)
    socket.write(content.subarray(-1))
  },
  'in chunks': socket => {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    socket.write(inChunks(content))
  },
  'to the end of the connection': socket => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n')
    socket.end(content)
  },
}

for (const [name, how] of Object.entries(WAYS))
  test(`a body that comes ${name}`, async () => {
    for (let again = 0; again < 3; again++) assert.ok((await received(how)).equals(content))
  })

test('a body to the end of the connection is whole for who reads it slowly', async () => {
  serve = WAYS['to the end of the connection'] as Serve
  const answer = await receive({ url: `${base}/`, headers: {} }, { into: Buffer.alloc(BYTES) })
  assert.ok('body' in answer)
  const chunks: Buffer[] = []
  for await (const chunk of answer.body) {
    chunks.push(chunk)
    await sleep(1)
  }
  assert.ok(Buffer.concat(chunks).equals(content))
})

test('a connection is used again, unless the server says it ends', async () => {
  closeIdle()
  const whole = WAYS['in one piece'] as Serve
  await received(whole)
  const first = connections
  await received(whole)
  assert.deepEqual([first, connections], [1, 0])
  await received(socket =>
    socket.write(Buffer.concat([Buffer.from(headOf(BYTES, 'Connection: close\r\n')), content])),
  )
  await received(whole)
  assert.equal(connections, 1)
  // Several at once have one each.
  connections = 0
  await Promise.all(
    [1, 2, 3].map(async () => {
      const into = Buffer.alloc(BYTES)
      await (await fill({ url: `${base}/`, headers: {} }, { into })).filled
      assert.ok(into.equals(content))
    }),
  )
  assert.equal(connections, 2)
})

test('connections that were closed are not held', async () => {
  closeIdle()
  const sockets: Socket[] = []
  await received((socket, request) => {
    sockets.push(socket)
    return WAYS['in one piece']?.(socket, request)
  })
  assert.equal(queryObjects(Connection), 1)
  sockets[0]?.end()
  await sleep(20)
  assert.equal(queryObjects(Connection), 0)
})

test('the request is what was asked for', async () => {
  await received(WAYS['in one piece'] as Serve)
  const { port } = server.address() as AddressInfo
  assert.deepEqual(requests, [`GET /a?b=c HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n\r\n`])
  const into = Buffer.alloc(1)
  for (const headers of [{ 'x-a': 'b\r\nx-c: d' }, { 'x-a\n': 'b' }, { 'x-a': 'ü€' }])
    await assert.rejects(receive({ url: base, headers }, { into }), TypeError)
  for (const url of ['ftp://host/', `${base}/a b`, `${base}/a\r\nx: y`, 'http://me:secret@host/'])
    await assert.rejects(receive({ url, headers: {} }, { into }), TypeError)
  assert.equal(requests.length, 1)
  // What is not sent opens no connection, which nobody would close.
  closeIdle()
  connections = 0
  await assert.rejects(receive({ url: base, headers: { 'x-a': '€' } }, { into }), TypeError)
  await sleep(20)
  assert.equal(connections, 0)
})

const BROKEN: Readonly<Record<string, Serve>> = {
  'ends before an answer': socket => socket.end(),
  'ends in the head': socket => socket.end('HTTP/1.1 206 Partial'),
  'ends in the body': socket => {
    socket.write(headOf(BYTES))
    socket.end(content.subarray(0, 1000))
  },
  'is reset in the body': socket => {
    socket.write(headOf(BYTES))
    socket.write(content.subarray(0, 1000), () => socket.resetAndDestroy())
  },
  'is silent': socket => {
    socket.write(headOf(BYTES))
    socket.write(content.subarray(0, 1000))
  },
  'is silent in chunks': socket => {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n')
    socket.write(content.subarray(0, 1000))
  },
  'says nothing of HTTP': socket => socket.end('220 mail.example.com ESMTP\r\n\r\n'),
  'greets, and waits': socket => socket.write('220 mail.example.com ESMTP\r\n'),
  'ends its lines otherwise': socket => socket.write('HTTP/1.1 200 OK\nContent-Length: 1\n\nx'),
  'switches to another protocol': socket =>
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
  'has an endless head': socket => socket.write(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(200_000)}`),
  'is shorter than asked for': socket => {
    socket.write(headOf(1000))
    socket.write(content.subarray(0, 1000))
  },
  'is longer than asked for': socket => {
    socket.write(headOf(BYTES + 1))
    socket.write(content)
    socket.write('x')
  },
}

for (const [name, how] of Object.entries(BROKEN))
  test(`a body that ${name} may be asked for again`, async () => {
    const failed = await received(how, { silentMs: 100 }).then(
      () => null,
      (error: unknown) => error,
    )
    assert.ok(failed instanceof Error, 'it fails')
    assert.ok(mayPass(answerOf(failed)), String(failed))
  })

test('a thread that is busy for longer than a body may be silent ends none', async () => {
  const part = Buffer.from('abcdef')
  for (const head of [headOf(6), 'HTTP/1.1 200 OK\r\n\r\n']) {
    let peer: Socket | null = null
    serve = socket => {
      peer = socket
      socket.write(head)
      socket.write(part.subarray(0, 3))
    }
    const into = Buffer.alloc(6)
    const { filled } = await fill({ url: `${base}/`, headers: {} }, { into, silentMs: 100 })
    await sleep(20)
    // After which limits are looked at before sockets.
    await new Promise(setImmediate)
    const sent = peer as unknown as Socket
    if (head.includes('200')) sent.end(part.subarray(3))
    else sent.write(part.subarray(3))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
    await filled
    assert.ok(into.equals(part))
  }
})

test('a refusal is told with what the service says', async () => {
  const body =
    '{"error":{"code":429,"message":"slow down","errors":[{"reason":"rateLimitExceeded"}]}}'
  const refuse: Serve = socket =>
    socket.write(
      `HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
  const { status, code, retryAfterMs } = answerOf(await received(refuse).catch(error => error))
  assert.deepEqual(
    { status, code, retryAfterMs },
    { status: 429, code: 'rateLimitExceeded', retryAfterMs: 7000 },
  )
})

test('what is ended writes nothing any more, and its connection closes', async () => {
  let closed = 0
  const slowly: Serve = async socket => {
    socket.on('close', () => closed++)
    socket.write(headOf(BYTES))
    for (let at = 0; at < BYTES && !socket.destroyed; at += 50_000) {
      socket.write(content.subarray(at, at + 50_000))
      await sleep(1)
    }
  }
  serve = slowly
  for (const afterBytes of [0, 200_000, 1_000_000]) {
    const into = Buffer.alloc(BYTES)
    const controller = new AbortController()
    let filling: Filling | null = null
    const arrived = () => {
      if (into[afterBytes] !== 0 || afterBytes === 0) controller.abort()
    }
    const asked = { url: `${base}/`, headers: {} }
    const { signal } = controller
    await assert.rejects(async () => {
      filling = (await receive(asked, { into, arrived, signal })) as Filling
      await filling.filled
    }, /abort/i)
    const then = Buffer.from(into)
    await sleep(20)
    assert.ok(into.equals(then), 'bytes came after the end')
  }
  assert.equal(closed, 3)
})

test('what breaks off is asked for from where it stopped', async () => {
  const asked: number[] = []
  serve = (socket, request) => {
    const from = Number(/range: bytes=(\d+)-/.exec(request)?.[1])
    asked.push(from)
    socket.write(headOf(BYTES - from))
    const to = from + 1_200_000
    const part = content.subarray(from, to)
    if (to < BYTES) socket.end(part)
    else socket.write(part)
  }
  const into = Buffer.alloc(BYTES - 10)
  await ranged(
    ({ start, end }, o) =>
      fill({ url: `${base}/`, headers: { range: `bytes=${start}-${end - 1}` } }, o),
    { start: 10, into },
  )
  assert.ok(into.equals(content.subarray(10)))
  assert.deepEqual(asked, [10, 1_200_010, 2_400_010])
})

test('what is not answered is asked for as often as the limits say', async () => {
  let times = 0
  serve = socket => {
    times++
    socket.resetAndDestroy()
  }
  const into = Buffer.alloc(10)
  const limits = { attempts: 3, firstMs: 1 }
  await assert.rejects(
    ranged((_, o) => fill({ url: `${base}/`, headers: {} }, o), { start: 0, into }, limits),
  )
  assert.equal(times, 3)
})

test('bytes of another place are none of those that were asked for', async () => {
  const OTHERS: Readonly<Record<string, string>> = {
    'the whole object': `HTTP/1.1 200 OK\r\nContent-Length: ${BYTES}\r\n\r\n`,
    'as many from its beginning': headOf(65_536, `Content-Range: bytes 0-65535/${BYTES}\r\n`),
  }
  for (const [name, head] of Object.entries(OTHERS)) {
    serve = async socket => {
      socket.write(head)
      await sleep(10)
      socket.write(content.subarray(0, head.includes('206') ? 65_536 : BYTES))
    }
    const into = Buffer.alloc(65_536)
    let counted = 0
    const arrived = (bytes: number) => {
      counted += bytes
    }
    await assert.rejects(
      ranged(
        ({ start, end }, o) =>
          fill({ url: `${base}/`, headers: { range: `bytes=${start}-${end - 1}` } }, o),
        { start: 500_000, into },
        { arrived },
      ),
      /other bytes than were asked for/,
      name,
    )
    assert.equal(counted, 0, name)
  }
})
