/** CRC-32C: the check value of its definition, the client's own for whatever bytes, and parts joined. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CRC32C } from '@google-cloud/storage'
import fc from 'fast-check'
import { base64Of, crc32c, joined } from './crc32c.ts'

test('the check value of its definition (RFC 3720, B.4)', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa)
  assert.equal(crc32c(Buffer.alloc(0)), 0)
})

test('of whatever bytes, at whatever place in memory, as the client has it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(9), (bytes, offset) => {
      const moved = new Uint8Array(bytes.length + offset)
      moved.set(bytes, offset)
      const own = new CRC32C()
      own.update(Buffer.from(bytes))
      assert.equal(base64Of(crc32c(moved.subarray(offset))), own.toString())
    }),
  )
})

test('continued, and joined from parts, it is that of the whole', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), fc.uint8Array({ maxLength: 3000 }), (a, b) => {
      const whole = crc32c(Buffer.concat([a, b]))
      assert.equal(crc32c(b, crc32c(a)), whole)
      assert.equal(joined(crc32c(a), crc32c(b), b.length), whole)
    }),
  )
})

test('of long ones, which are gone through at two places at once', () => {
  for (const length of [4096, 8191, 8192, 8193, 12_288, 20_000, 65_536, 70_001]) {
    const bytes = Buffer.from(Array.from({ length }, (_, i) => (i * 31 + (i >> 7)) & 255))
    const own = new CRC32C()
    own.update(bytes)
    assert.equal(base64Of(crc32c(bytes)), own.toString(), `${length}`)
    assert.equal(crc32c(bytes.subarray(5000), crc32c(bytes.subarray(0, 5000))), crc32c(bytes))
  }
})
