/** Damages bytes at random, and makes a damaged file that fails smaller. */
import type { Random } from './random.ts'

/** Bytes that mean something to some format. */
const TELLING = Buffer.from('",\n\r\\{}[]:0-9.eE\u0000\u00ff\u0080\ufeff\t;\'%', 'latin1')
const CHANGES_MAX = 8
const TRIES_MAX = 150

/** A copy with a few changes behind the first `kept` bytes: flipped, overwritten, cut out, doubled, moved, ended early. */
export function damage(r: Random, whole: Buffer, kept: number): Buffer {
  let bytes: Buffer = Buffer.from(whole)
  const changes = r.below(CHANGES_MAX + 1)
  for (let n = 0; n < changes; n++) {
    const room = bytes.length - kept
    const at = kept + (room > 0 ? r.below(room) : 0)
    const length = Math.min(bytes.length - at, 1 + r.below(r.pick([1, 4, 40, 400])))
    const part = bytes.subarray(at, at + length)
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at + length)]
    const noise = () =>
      r.chance(0.5) ? r.below(256) : (TELLING[r.below(TELLING.length)] as number)
    switch (r.below(6)) {
      case 0:
        if (room > 0) bytes[at] = (bytes[at] as number) ^ (1 << r.below(8))
        break
      case 1:
        bytes = Buffer.concat([before, Buffer.from(Array.from(part, noise)), after])
        break
      case 2:
        bytes = Buffer.concat([before, after])
        break
      case 3:
        bytes = Buffer.concat([before, part, part, after])
        break
      case 4:
        bytes = Buffer.concat([before, Buffer.of(noise()), part, after])
        break
      default:
        if (r.chance(0.3)) bytes = Buffer.from(before)
    }
  }
  return bytes
}

/** Cuts pieces out while it still fails, large ones first, for as many tries as are cheap. */
export async function smaller(
  bytes: Buffer,
  kept: number,
  fails: (bytes: Buffer) => Promise<boolean>,
): Promise<Buffer> {
  let best = bytes
  let tries = 0
  for (let size = (bytes.length - kept) >> 1; size > 0 && tries < TRIES_MAX; size >>= 1)
    for (let at = kept; at < best.length && tries < TRIES_MAX; tries++) {
      const cut = Buffer.concat([best.subarray(0, at), best.subarray(at + size)])
      if (await fails(cut)) best = cut
      else at += size
    }
  return best
}
