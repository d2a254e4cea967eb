/** The checksum of a whole object that is read from its start to its end, held against the service's. */
import { createHash } from 'node:crypto'
import { base64Of, crc32c } from './crc32c.ts'
import { damaged } from './errors.ts'
import { isMd5 } from './etag.ts'
import type { StoredObject } from './store.ts'

export interface Sum {
  add(chunk: Uint8Array): void
  /** Throws data: the bytes are not those that the service has a checksum of. */
  check(): void
}

/** Null where the service tells no checksum. */
export function sumOf({ uri, checksum }: StoredObject): Sum | null {
  if (checksum === undefined) return null
  const { add, digest } = checksum.of === 'md5' ? md5() : castagnoli()
  return {
    add,
    check() {
      const found = digest()
      if (found === checksum.value || !isMd5(uri)) return
      throw damaged(uri, `its ${checksum.of} is ${found}, the service says ${checksum.value}`)
    },
  }
}

function md5() {
  const hash = createHash('md5')
  return {
    add: (chunk: Uint8Array) => void hash.update(chunk),
    digest: () => hash.digest('base64'),
  }
}

function castagnoli() {
  let crc = 0
  return {
    add(chunk: Uint8Array) {
      crc = crc32c(chunk, crc)
    },
    digest: () => base64Of(crc),
  }
}
