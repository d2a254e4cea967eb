/** Values of one path out of a command's documents, as bounds: of the type and width that they have there. */
import type { Db, Document } from 'mongodb'
import type { Bytes } from '../files/fields.ts'
import type { Level } from './bson/levels.ts'
import { boundAt, DocumentWalk } from './bson/walk.ts'

/** `level`: of the one path. The command says how many there are at most. */
export async function rawBounds(db: Db, level: Level, command: Document): Promise<string[]> {
  const walk = new DocumentWalk(level, { at: new Int32Array(2), stride: 1, rowsMax: 1 })
  const cursor = db.runCursorCommand(command, { raw: true })
  const bounds: string[] = []
  try {
    for await (const document of cursor) {
      const { buffer, byteOffset, byteLength } = document as unknown as Uint8Array
      walk.over(Buffer.from(buffer, byteOffset, byteLength) as Bytes)
      walk.document(0, byteLength, 0)
      bounds.push(boundAt(walk, 0))
    }
  } finally {
    await cursor.close()
  }
  return bounds
}
