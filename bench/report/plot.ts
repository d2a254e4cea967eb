/** Small line plots side by side as one SVG file: rows in millions across, seconds up. */
export interface Curve {
  readonly name: string
  readonly points: readonly { readonly x: number; readonly y: number }[]
}
export interface Panel {
  readonly title: string
  readonly curves: readonly Curve[]
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [430, 260, 46, 84, 30, 36]
const COLUMNS = 2
// Readable on white, also without colour: each curve's name stands at its end.
const COLOURS = ['#0b6e4f', '#c8791d', '#3b5bdb']

export function plotSvg(panels: readonly Panel[]): string {
  const rows = Math.ceil(panels.length / COLUMNS)
  const size = `width="${WIDTH * COLUMNS}" height="${HEIGHT * rows}"`
  const placed = panels.map((panel, i) => {
    const [x, y] = [(i % COLUMNS) * WIDTH, Math.floor(i / COLUMNS) * HEIGHT]
    return `<g transform="translate(${x},${y})">\n${panelSvg(panel)}\n</g>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="11">`,
    '<title>Seconds by million rows: Millrace, DuckDB, Polars</title>',
    '<rect width="100%" height="100%" fill="#fff"/>',
    ...placed,
    '</svg>\n',
  ].join('\n')
}

function panelSvg({ title, curves }: Panel): string {
  const points = curves.flatMap(curve => curve.points)
  const xMax = Math.max(1, ...points.map(p => p.x))
  const yMax = Math.max(0.1, ...points.map(p => p.y)) * 1.05
  const x = (value: number) => round(LEFT + (value / xMax) * (WIDTH - LEFT - RIGHT))
  const y = (value: number) => round(HEIGHT - BOTTOM - (value / yMax) * (HEIGHT - TOP - BOTTOM))
  const line = (x1: number, y1: number, x2: number, y2: number, stroke: string) =>
    `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${stroke}"/>`
  const across = [...new Set(points.map(p => p.x))].map(value =>
    text(x(value), HEIGHT - BOTTOM + 14, String(value), 'middle'),
  )
  const up = ticks(yMax).map(
    value =>
      line(x(0), y(value), x(xMax), y(value), '#e3e3e3') +
      text(LEFT - 6, y(value) + 4, String(value), 'end'),
  )
  const ends = spread(curves.map(curve => y(curve.points.at(-1)?.y ?? 0)))
  const drawn = curves.map((curve, i) => {
    const colour = COLOURS[i % COLOURS.length] as string
    const path = curve.points.map(p => `${x(p.x)},${y(p.y)}`).join(' ')
    const dots = curve.points.map(
      p => `<circle cx="${x(p.x)}" cy="${y(p.y)}" r="2.5" fill="${colour}"/>`,
    )
    const last = curve.points.at(-1)
    const name = last
      ? text(x(last.x) + 7, (ends[i] as number) + 4, curve.name, 'start', colour)
      : ''
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>${dots.join('')}${name}`
  })
  return [
    text(LEFT, 18, title, 'start', '#222'),
    ...up,
    line(x(0), y(0), x(xMax), y(0), '#888'),
    ...across,
    text(x(xMax / 2), HEIGHT - 6, 'million rows', 'middle'),
    text(LEFT - 6, TOP - 2, 's', 'end'),
    ...drawn,
  ].join('\n')
}

const round = (value: number): number => Math.round(value * 10) / 10

function text(x: number, y: number, what: string, anchor: string, colour = '#555'): string {
  const safe = what.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${colour}">${safe}</text>`
}

/** Four to eight round numbers from 0 to `max`. */
function ticks(max: number): number[] {
  const power = 10 ** Math.floor(Math.log10(max / 4))
  const step = [1, 2, 5, 10].map(n => n * power).find(n => max / n <= 8) as number
  return Array.from({ length: Math.floor(max / step) + 1 }, (_, i) => Number((i * step).toFixed(3)))
}

/** Heights of the names, moved apart where they would lie on each other. */
function spread(heights: readonly number[]): number[] {
  const order = heights
    .map((_, i) => i)
    .sort((a, b) => (heights[a] as number) - (heights[b] as number))
  const moved = [...heights]
  for (let k = 1; k < order.length; k++) {
    const [before, now] = [order[k - 1] as number, order[k] as number]
    moved[now] = Math.max(moved[now] as number, (moved[before] as number) + 13)
  }
  return moved
}
