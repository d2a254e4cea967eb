import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { eachLine } from './lines.ts'

test('fields with commas, quotes, line breaks and wide characters, over many chunks', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-hand-'))
  try {
    const path = join(folder, 'lines.csv')
    const texts = ['plain', '', 'a, b', '6" nail', 'two\nlines', '漢字 é', '"', '",\n"']
    const rows = Array.from({ length: 60_000 }, (_, i) => [
      String(i),
      texts[i % texts.length] as string,
      texts[(i * 7 + 3) % texts.length] as string,
    ])
    const cell = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
    const lines = [['a', 'b', 'c'], ...rows].map(row => row.map(cell).join(','))
    writeFileSync(path, `${lines.join('\n')}\n`)
    const found: string[][] = []
    eachLine(path, ['', '', ''], fields => found.push([...fields]))
    assert.deepEqual(found, rows)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
