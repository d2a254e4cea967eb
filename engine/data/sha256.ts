/**
 * SHA-256 of short texts, such as a plan's nodes. `node:crypto` takes 10 ms of each thread's start to
 * load, which this saves where nothing else needs it; of megabytes it is the slower one. Source: FIPS 180-4.
 */

const BLOCK = 64
const WORDS = 64
/** Where the last block holds the length of the message in bits. */
const LENGTH_AT = 56

/** Fractional parts of the roots of the first primes: `root` 2 gives the initial state, 3 the constants. */
function fractions(count: number, root: 2 | 3): Int32Array {
  const words = new Int32Array(count)
  for (let n = 2, found = 0; found < count; n++) {
    let prime = true
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false
    if (prime) words[found++] = fractionOf(n, root)
  }
  return words
}

/** 32 bits of the root's fraction, exactly: a double has 53, and the whole part of none takes more than 3. */
function fractionOf(n: number, root: 2 | 3): number {
  const value = root === 2 ? Math.sqrt(n) : Math.cbrt(n)
  return ((value - Math.floor(value)) * 2 ** 32) | 0
}

const INITIAL = fractions(8, 2)
const CONSTANTS = fractions(WORDS, 3)
const schedule = new Int32Array(WORDS)

/** In hexadecimal; a text as UTF-8. */
export function sha256(message: string | Uint8Array): string {
  const bytes = typeof message === 'string' ? Buffer.from(message) : message
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / BLOCK) * BLOCK)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  const lengthAt = padded.length - BLOCK + LENGTH_AT
  view.setUint32(lengthAt, Math.floor(bytes.length / 2 ** 29))
  view.setUint32(lengthAt + 4, bytes.length << 3)
  const state = INITIAL.slice()
  for (let at = 0; at < padded.length; at += BLOCK) absorb(state, view, at)
  return Array.from(state, word => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

function absorb(state: Int32Array, view: DataView, at: number): void {
  const w = schedule
  for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i)
  for (let i = 16; i < WORDS; i++) {
    const x = w[i - 15] as number
    const y = w[i - 2] as number
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
    w[i] = ((w[i - 16] as number) + s0 + (w[i - 7] as number) + s1) | 0
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as Eight
  for (let i = 0; i < WORDS; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const choice = (e & f) ^ (~e & g)
    const one = (h + s1 + choice + (CONSTANTS[i] as number) + (w[i] as number)) | 0
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const majority = (a & b) ^ (a & c) ^ (b & c)
    h = g
    g = f
    f = e
    e = (d + one) | 0
    d = c
    c = b
    b = a
    a = (one + s0 + majority) | 0
  }
  const added = [a, b, c, d, e, f, g, h]
  for (let i = 0; i < 8; i++) state[i] = (state[i] as number) + (added[i] as number)
}

type Eight = [number, number, number, number, number, number, number, number]
