/** Progress as a terminal shows it: lines fit, nothing stays that should not, the cursor stands below; and plain lines where it is none. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineOf, planningLine, type Step } from './progress-line.ts'
import { ProgressLines } from './progress-lines.ts'
import { fill, fit, fitPath, widthOf } from './text-width.ts'

const step = (stage: number, more: Partial<Step> = {}): Step => ({
  type: 'progress',
  stage,
  name: `step ${stage}`,
  steps: `step ${stage} → filter`,
  rows: 1_234_567,
  bytes: 62e6,
  bytesTotal: 1e8,
  tasksDone: 1,
  tasks: 4,
  seconds: 2,
  ended: false,
  rssBytes: 1e8,
  ...more,
})

/** A terminal that knows what we send it: text, line ends, cursor up, clear to the end of line or screen. */
class Screen {
  readonly isTTY: boolean
  readonly columns: number
  readonly rows: number
  readonly writes: string[] = []
  readonly #lines: string[][] = [[]]
  #row = 0
  #column = 0

  constructor(columns: number, rows: number, isTTY = true) {
    this.columns = columns
    this.rows = rows
    this.isTTY = isTTY
  }

  get text(): string[] {
    return this.#lines.map(line => line.join('').trimEnd())
  }

  get cursor(): [row: number, column: number] {
    return [this.#row, this.#column]
  }

  write(text: string): boolean {
    this.writes.push(text)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what terminals take
    for (const part of text.match(/\u001b\[\d*[AJK]|[\s\S]/gu) ?? []) this.#take(part)
    return true
  }

  #take(part: string): void {
    if (part === '\n') {
      this.#row++
      this.#column = 0
      this.#lines[this.#row] ??= []
    } else if (part.endsWith('A') && part.length > 1) {
      this.#row -= Number(part.slice(2, -1))
      assert.ok(this.#row >= Math.max(0, this.#lines.length - this.rows), 'above the screen')
    } else if (part.endsWith('J')) {
      this.#lines.length = this.#row + 1
      this.#lines[this.#row]?.splice(this.#column)
    } else if (part.endsWith('K') && part.length > 1) this.#lines[this.#row]?.splice(this.#column)
    else {
      const line = this.#lines[this.#row] as string[]
      line[this.#column++] = part
      for (let i = 1; i < widthOf(part); i++) line[this.#column++] = ''
      assert.ok(this.#column < this.columns, `line ${this.#row} wraps: ${line.join('')}`)
    }
  }
}

const on = (screen: Screen) => new ProgressLines(screen as unknown as NodeJS.WriteStream)

test('what a line says, by width', () => {
  const wide = lineOf(step(1), 140)
  for (const part of ['████', ' 62 %', '1,234,567 rows', '617,284 rows/s', '31.0 MB/s', 'ETA 2 s'])
    assert.ok(wide.includes(part), `${part} in ${wide}`)
  const usual = lineOf(step(1), 80)
  for (const part of [' 62 %', '1.2M rows', '617k rows/s', '31.0 MB/s', 'ETA 2 s'])
    assert.ok(usual.includes(part), `${part} in ${usual}`)
  assert.equal(lineOf(step(1), 39), 'step 1      62 %  1.2M rows  ETA 2 s')
  assert.match(lineOf(step(1, { ended: true, bytesTotal: 0 }), 80), /100 % .* {2}2\.00 s$/)
  assert.match(
    lineOf(step(1, { bytes: 0, bytesTotal: 0 }), 80),
    / 25 % {2}1\.2M rows {2}617k rows\/s {2}ETA 6 s$/,
  )
})

test('lines fit any width, whatever the name holds', () => {
  const names = [
    'read csv data/*.csv',
    '読み込む売上データ全部読み込む売上データ全部',
    'a\u001b[2J\nb\tc',
    '👩‍💻'.repeat(30),
    'é'.repeat(50),
  ]
  for (const name of names)
    for (const columns of [1, 20, 39, 40, 71, 79, 111, 112, 135, 136, 300])
      for (const more of [
        {},
        { rows: 9e14, bytes: 9e14, bytesTotal: 1e15, seconds: 9e5 },
        { ended: true },
      ]) {
        const line = lineOf(step(1, { name, ...more }), columns)
        assert.ok(widthOf(line) <= columns, `${columns}: ${line}`)
        assert.ok(![...line].some(c => c < ' '), JSON.stringify(line))
      }
})

for (const columns of [40, 80, 140])
  test(`a terminal of ${columns} columns: running steps below, ended ones above, nothing else stays`, () => {
    const screen = new Screen(columns, 24)
    const lines = on(screen)
    lines.show(step(0))
    lines.show(step(1))
    lines.show(step(0, { rows: 2e6 }))
    assert.equal(screen.text.length, 3)
    assert.match(screen.text[0] ?? '', /^step 0 .*62 %/)
    assert.match(screen.text[1] ?? '', /^step 1 /)
    lines.note('task 3 is tried again')
    lines.show(step(0, { ended: true }))
    lines.show(step(1, { name: 'x' }))
    assert.deepEqual(
      screen.text.map(line => line.split('  ')[0]),
      ['task 3 is tried again', 'step 0', 'x', ''],
    )
    assert.deepEqual(screen.cursor, [3, 0])
    lines.end()
    assert.deepEqual(
      screen.text.map(line => line.split('  ')[0]),
      ['task 3 is tried again', 'step 0', ''],
    )
    assert.deepEqual(screen.cursor, [2, 0])
  })

test('what is planned is shown until something is read', () => {
  const planning = { type: 'planning', name: 'read csv s3://shop/in/*.csv' } as const
  const screen = new Screen(100, 24)
  const lines = on(screen)
  lines.planning({ ...planning, found: 0, looked: 0, seconds: 0.2 })
  assert.equal(screen.text[0], 'planning  read csv s3://shop/in/*.csv  0.20 s')
  lines.note('a note')
  lines.planning({ ...planning, found: 34_000, looked: 256, seconds: 12.34 })
  const [note, line = ''] = screen.text
  assert.equal(note, 'a note')
  assert.match(line, /^planning .* 34,000 inputs found {2}256 looked into {2}12\.3 s$/)
  lines.show(step(0))
  assert.equal(screen.text.length, 3)
  assert.match(screen.text[1] ?? '', /^step 0/)
  const narrow = planningLine({ ...planning, found: 34_000, looked: 256, seconds: 1 }, 39)
  assert.ok(widthOf(narrow) <= 39, narrow)

  const file = new Screen(100, 24, false)
  const logged = on(file)
  for (const seconds of [0.2, 9.8, 10, 15, 19.9, 20.1])
    logged.planning({ ...planning, found: 1, looked: 0, seconds })
  assert.equal(file.writes.length, 2)
  assert.match(file.writes[1] ?? '', /1 input found {2}20\.1 s\n$/)
})

test('each redraw is one write, and the cursor is never hidden', () => {
  const screen = new Screen(80, 24)
  const lines = on(screen)
  for (let i = 0; i < 5; i++) lines.show(step(i))
  assert.equal(screen.writes.length, 5)
  assert.ok(screen.writes.every(text => !text.includes('\u001b[?25')))
})

test('more steps than the terminal is high: as many as fit, and how many more', () => {
  const screen = new Screen(80, 6)
  const lines = on(screen)
  for (let again = 0; again < 3; again++) for (let i = 0; i < 9; i++) lines.show(step(i))
  assert.deepEqual(
    screen.text.map(line => line.split('  ')[0]),
    ['step 0', 'step 1', 'step 2', '… and 6 more', ''],
  )
})

test('the pipeline’s own words do not tear the lines', () => {
  const screen = new Screen(80, 24)
  const lines = on(screen)
  lines.show(step(0))
  lines.clear()
  screen.write('a word\n')
  lines.show(step(0))
  assert.deepEqual(
    screen.text.map(line => line.split('  ')[0]),
    ['a word', 'step 0', ''],
  )
})

test('no terminal: a plain line when a step ends, and every ten seconds of a long one', () => {
  const screen = new Screen(1000, 24, false)
  const lines = on(screen)
  for (const seconds of [0.2, 5, 9.9, 10.1, 12, 19, 20.2, 25]) lines.show(step(0, { seconds }))
  assert.equal(screen.writes.length, 2)
  lines.show(step(0, { ended: true, seconds: 26 }))
  lines.end()
  assert.equal(screen.writes.length, 3)
  assert.ok(screen.writes.every(text => text.endsWith('\n') && !text.includes('\u001b')))
  assert.deepEqual(lines.running, [])
})

test('widths of text', () => {
  assert.deepEqual(
    ['', 'abc', '売上', 'é', 'e\u0301', '👍', '…'].map(widthOf),
    [0, 3, 4, 1, 1, 2, 1],
  )
  assert.deepEqual(
    [fit('abcdef', 6), fit('abcdef', 5), fit('売上売', 5), fit('売上売', 4)],
    ['abcdef', 'abcd…', '売上…', '売…'],
  )
  assert.equal(fill('ab', 4), 'ab  ')
  const orders = 'read mongo mongodb://127.0.0.1:27017/shop/orders'
  assert.deepEqual(
    [48, 47, 36, 30, 20, 12].map(columns => fitPath(orders, columns)),
    [
      orders,
      'read mongo mongodb://…/shop/orders',
      'read mongo mongodb://…/shop/orders',
      'read mongo …/shop/orders',
      'read mongo …/orders',
      'read mongo …',
    ],
  )
  assert.equal(fitPath('read csv a b/c d/e.csv', 20), 'read csv a …/e.csv')
  assert.equal(fitPath('sum of revenue', 6), 'sum o…')
  assert.equal(widthOf(fill('売上売', 4)), 4)
})
