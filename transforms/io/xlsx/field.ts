/** How the text of a cell stands in a row that is handed on: as it is, or in quotes where that is needed. */
import { SEPARATOR } from './options.ts'

const ODD = new RegExp(`^"|[\\n\\r${String.fromCharCode(SEPARATOR)}]`)
/** `_x000D_`: how a workbook writes a character that XML cannot. */
const ESCAPED = /_x([\dA-Fa-f]{4})_/g

export function fieldOf(text: string): string {
  const plain = text.includes('_x') ? text.replace(ESCAPED, unescaped) : text
  return ODD.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
}

const unescaped = (_: string, hex: string): string => String.fromCharCode(Number.parseInt(hex, 16))
