/** What a workbook says of its sheets: their names and parts, how days are counted, which styles show dates. */
import { Fault, nearestName } from '../../../engine/fault.ts'
import type { Container } from './container.ts'
import { END, MORE, OPEN, type Xml } from './xml.ts'

export interface Sheet {
  readonly name: string
  readonly part: string
  readonly hidden: boolean
}

export interface Workbook {
  readonly sheets: readonly Sheet[]
  /** True where days are counted from 1904, as old Macs did. */
  readonly from1904: boolean
  /** Parts, null where there are none. */
  readonly texts: string | null
  readonly styles: string | null
}

/** Calls `open` for each opening tag of a part. */
export async function eachTag(xml: Xml, open: (xml: Xml) => void): Promise<void> {
  for (;;) {
    const token = xml.step()
    if (token === END) return
    if (token === MORE) await xml.fill()
    else if (token === OPEN) open(xml)
  }
}

interface Link {
  readonly type: string
  readonly part: string
}

/** The parts that a part refers to, by id. */
async function linksOf(container: Container, part: string): Promise<Map<string, Link>> {
  const at = part.lastIndexOf('/') + 1
  const name = `${part.slice(0, at)}_rels/${part.slice(at)}.rels`
  const links = new Map<string, Link>()
  if (!container.has(name)) return links
  await eachTag(container.small(name), xml => {
    if (xml.name() !== 'Relationship' || xml.attribute('TargetMode') === 'External') return
    const target = new URL(xml.attribute('Target') ?? '', `file:///${part}`)
    const type = (xml.attribute('Type') ?? '').replace(/^.*\//, '')
    links.set(xml.attribute('Id') ?? '', { type, part: decodeURI(target.pathname.slice(1)) })
  })
  return links
}

const partOf = (links: ReadonlyMap<string, Link>, type: string): string | null =>
  [...links.values()].find(link => link.type === type)?.part ?? null

/** Throws data: no workbook of this format. */
export async function readWorkbook(container: Container): Promise<Workbook> {
  const part = partOf(await linksOf(container, ''), 'officeDocument')
  if (part === null || !/\.xml$/i.test(part))
    throw new Fault('data', `${container.path} is no workbook (.xlsx)`, {
      hint: 'a binary workbook (.xlsb) or another document: save it as .xlsx',
    })
  const links = await linksOf(container, part)
  const sheets: Sheet[] = []
  let from1904 = false
  await eachTag(container.small(part), xml => {
    const name = xml.name()
    if (name === 'workbookPr') from1904 = /^(?:1|true)$/.test(xml.attribute('date1904') ?? '')
    if (name !== 'sheet') return
    const link = links.get(xml.attribute('id') ?? '')
    if (link?.type !== 'worksheet') return
    const hidden = (xml.attribute('state') ?? 'visible') !== 'visible'
    sheets.push({ name: xml.attribute('name') ?? '', part: link.part, hidden })
  })
  return {
    sheets,
    from1904,
    texts: partOf(links, 'sharedStrings'),
    styles: partOf(links, 'styles'),
  }
}

/** The sheets asked for. Throws data: there is none of that name. */
export function sheetsFor(
  { sheets }: Workbook,
  o: { sheet: string | null; path: string },
): readonly Sheet[] {
  const visible = sheets.filter(s => !s.hidden)
  if (o.sheet === '*' && visible.length > 0) return visible
  const found = o.sheet === null ? visible[0] : sheets.find(s => s.name === o.sheet)
  if (found) return [found]
  const names = sheets.map(s => s.name)
  const near = o.sheet === null ? undefined : nearestName(o.sheet, names)
  throw new Fault(
    'data',
    o.sheet === null || o.sheet === '*'
      ? `${o.path} has no sheet that is not hidden`
      : `${o.path} has no sheet ${JSON.stringify(o.sheet)}`,
    {
      detail: [
        `has   ${names
          .slice(0, 20)
          .map(n => JSON.stringify(n))
          .join(' ')}`,
      ],
      ...(near !== undefined && { hint: `did you mean ${JSON.stringify(near)}?` }),
    },
  )
}

/** Formats that every workbook knows by number and that show a date or a time of day. */
const DATES = [
  [14, 22],
  [27, 36],
  [45, 45],
  [47, 47],
  [50, 58],
] as const

/** By a cell's style: whether it shows a date or a time; elapsed time (`[h]:mm`) is a number. */
export async function dateStyles(container: Container, part: string | null): Promise<boolean[]> {
  const styles: boolean[] = []
  if (part === null) return styles
  const codes = new Map<string, boolean>()
  let cells = false
  await eachTag(container.small(part), xml => {
    const name = xml.name()
    if (name === 'numFmt')
      codes.set(xml.attribute('numFmtId') ?? '', showsDate(xml.attribute('formatCode') ?? ''))
    // Formats come before the styles of cells, and those after the styles that they are based on.
    else if (name === 'cellXfs') cells = true
    else if (name === 'cellStyles') cells = false
    else if (name === 'xf' && cells) {
      const id = xml.attribute('numFmtId') ?? '0'
      styles.push(codes.get(id) ?? DATES.some(([a, b]) => Number(id) >= a && Number(id) <= b))
    }
  })
  return styles
}

/** Whether a format code has a day, month, year, hour or second, outside texts and brackets. */
export function showsDate(code: string): boolean {
  const [first = ''] = code.replace(/"[^"]*"|\\.|_.|\*./g, '').split(';')
  if (/\[(?:h+|m+|s+)\]/i.test(first)) return false
  return /[dmyhs]/i.test(first.replace(/\[[^\]]*\]/g, '').replace(/general/gi, ''))
}
