/** Numbers as people read them. */
export function count(n: number): string {
  return Math.round(n).toLocaleString('en-US')
}

/** `1 row`, `1,234 rows` */
export const rowsText = (n: number): string => `${count(n)} ${n === 1 ? 'row' : 'rows'}`

/** `1.2M`, for narrow places. */
export function short(n: number): string {
  if (n < 1e3) return String(Math.round(n))
  if (n < 1e6) return `${(n / 1e3).toFixed(n < 1e4 ? 1 : 0)}k`
  return n < 1e9 ? `${(n / 1e6).toFixed(n < 1e7 ? 1 : 0)}M` : `${(n / 1e9).toFixed(1)}G`
}

export function bytes(n: number): string {
  if (n < 1e3) return `${Math.round(n)} B`
  if (n < 1e6) return `${(n / 1e3).toFixed(1)} KB`
  return n < 1e9 ? `${(n / 1e6).toFixed(1)} MB` : `${(n / 1e9).toFixed(2)} GB`
}

export function seconds(s: number): string {
  if (s < 10) return `${s.toFixed(2)} s`
  if (s < 60) return `${s.toFixed(1)} s`
  const rest = Math.round(s)
  return `${Math.floor(rest / 60)} min ${rest % 60} s`
}

/** A guess: whole seconds or minutes. */
export const eta = (s: number): string =>
  s < 100 ? `${Math.ceil(s)} s` : `${Math.ceil(s / 60)} min`

/** Rows as text in columns; numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map(r => (r[i] ?? '').length)))
  const numeric = head.map(
    (_, i) => rows.length > 0 && rows.every(r => /^[-\d.,]*( [A-Za-z%]+)?$/.test(r[i] ?? '')),
  )
  const line = (cells: readonly string[]) =>
    `  ${cells.map((c, i) => (numeric[i] ? c.padStart(widths[i] as number) : c.padEnd(widths[i] as number))).join('  ')}`.trimEnd()
  return [line(head), ...rows.map(line)].join('\n')
}

/** Of something that began so many seconds ago. */
export function age(s: number): string {
  if (s < 120) return `${Math.floor(s)} s`
  if (s < 7200) return `${Math.floor(s / 60)} min`
  return s < 172_800 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86_400)} d`
}
