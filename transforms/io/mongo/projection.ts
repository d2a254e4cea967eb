/** Which fields a find asks for: those that columns come from, and no field within another of them. */

/** Null where a path cannot be asked for alone. */
export function projectionOf(paths: readonly string[]): { [path: string]: 1 } {
  const asked = [...new Set(paths.map(beforeIndex))].sort()
  const kept = asked.filter(path => !asked.some(other => path.startsWith(`${other}.`)))
  return Object.fromEntries(kept.map(path => [path, 1]))
}

/** A projection knows no positions in lists: `lines.0.price` asks for all lines. */
const beforeIndex = (path: string): string => path.replace(/\.\d+(?=\.|$).*$/, '')
