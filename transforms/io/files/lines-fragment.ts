/**
 * A fragment of a text format: one line a row, written into a buffer and from there in large pieces.
 * `assemble` concatenates fragments behind the format's head.
 */
import { closeSync, copyFileSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import type { Batch } from '../../../engine/data/batch.ts'
import { Fault } from '../../../engine/fault.ts'
import type { Fragment, FragmentWriter } from '../../../engine/io/sink.ts'
import type { Cell } from './cells.ts'
import { Out } from './out.ts'

const COPY_BYTES = 1 << 20

/** Makes what writes the line of row i of a batch, its line break included. */
export type LinesOf = (batch: Batch) => Cell

export function linesFragment(path: string, linesOf: LinesOf): FragmentWriter {
  const fd = refusing(path, () => openSync(path, 'w'))
  let rows = 0
  let bytes = 0
  let open = true
  const out = new Out(piece => {
    refusing(path, () => writeAll(fd, piece))
    bytes += piece.length
  })
  const end = () => {
    if (open) closeSync(fd)
    open = false
  }
  return {
    get heldBytes() {
      return out.bytes.length
    },
    write(batch) {
      const line = linesOf(batch)
      const { selection, selected } = batch
      for (let k = 0; k < selected; k++)
        line(selection === null ? k : (selection[k] as number), out)
      rows += selected
    },
    close(): Fragment {
      out.flush()
      end()
      return { path, rows, bytes }
    },
    abort() {
      end()
      rmSync(path, { force: true })
    },
  }
}

/** Joins fragments behind a head. Answers the file's bytes. */
export function joinLines(fragments: readonly Fragment[], path: string, head: string): number {
  return refusing(path, () => {
    const [only] = fragments
    if (only && fragments.length === 1 && head === '') {
      copyFileSync(only.path, path)
      return only.bytes
    }
    const out = openSync(path, 'w')
    try {
      let bytes = writeAll(out, Buffer.from(head))
      const buffer = Buffer.allocUnsafe(COPY_BYTES)
      for (const { path: from } of fragments) bytes += copyInto(out, from, buffer)
      return bytes
    } finally {
      closeSync(out)
    }
  })
}

function copyInto(out: number, from: string, buffer: Buffer): number {
  const fd = openSync(from, 'r')
  let bytes = 0
  try {
    for (;;) {
      const read = readSync(fd, buffer, 0, buffer.length, null)
      if (read === 0) return bytes
      bytes += writeAll(out, buffer.subarray(0, read))
    }
  } finally {
    closeSync(fd)
  }
}

function writeAll(fd: number, bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at)
  return bytes.length
}

function refusing<T>(path: string, act: () => T): T {
  try {
    return act()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new Fault('resource', `${path} cannot be written: ${code ?? String(cause)}`, {
      hint:
        code === 'ENOSPC' ? 'the disk is full: make room, or write elsewhere' : 'check the folder',
      cause,
    })
  }
}
