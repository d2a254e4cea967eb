/** For tests: workbooks from the XML of their sheets, and zip files from their parts. */
import { crc32, deflateRawSync } from 'node:zlib'

export interface SheetXml {
  readonly name: string
  /** What is in `sheetData`. */
  readonly rows: string
  readonly state?: string
}

const NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
const R = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

/** Style 1 shows a date and time, 2 a date in another language's format, 3 elapsed time, 4 money. */
const STYLES = `${XML}<styleSheet ${NS}><numFmts count="3"><numFmt numFmtId="164" formatCode="[$-409]d\\-mmm\\-yy;@"/>
<numFmt numFmtId="165" formatCode="[h]:mm:ss"/><numFmt numFmtId="166" formatCode="&quot;day&quot; #,##0.00_d"/></numFmts>
<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/></cellXfs>
<cellStyles><cellStyle name="x"/></cellStyles></styleSheet>`

export function workbook(
  sheets: readonly SheetXml[],
  o: { texts?: string; from1904?: boolean; prefix?: string } = {},
): Buffer {
  const parts = sheets.map(({ rows }, i) => [
    `xl/worksheets/sheet${i + 1}.xml`,
    `${XML}<worksheet ${NS}><dimension ref="A1"/><sheetData>${rows}</sheetData><mergeCells><mergeCell ref="A1:B1"/></mergeCells></worksheet>`,
  ])
  const list = sheets.map(
    ({ name, state }, i) =>
      `<sheet name="${name}" sheetId="${i + 1}" r:id="rId${i + 1}"${state ? ` state='${state}'` : ''}/>`,
  )
  const links = sheets.map(
    (_, i) =>
      `<Relationship Id="rId${i + 1}" Type="${R}/worksheet" Target="worksheets/sheet${i + 1}.xml"/>`,
  )
  const pr = o.from1904 ? '<workbookPr date1904="1"/>' : ''
  return zipOf(
    Object.fromEntries([
      [
        '_rels/.rels',
        `${XML}<Relationships><Relationship Id="a" Type="${R}/officeDocument" Target="/xl/workbook.xml"/></Relationships>`,
      ],
      [
        'xl/workbook.xml',
        `${XML}<workbook ${NS} xmlns:r="${R}">${pr}<sheets>${list.join('')}</sheets></workbook>`,
      ],
      [
        'xl/_rels/workbook.xml.rels',
        `${XML}<Relationships>${links.join('')}<Relationship Id="s" Type="${R}/styles" Target="styles.xml"/><Relationship Id="t" Type="${R}/sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
      ],
      ['xl/styles.xml', STYLES],
      ['xl/sharedStrings.xml', `${XML}<sst ${NS}>${o.texts ?? ''}</sst>`],
      ...parts,
    ]),
  )
}

interface Odd {
  /** Flags of the first entry; 1: encrypted. */
  readonly flags?: number
  /** A wrong checksum of the last one. */
  readonly wrongSum?: boolean
  /** The last one's size as told. */
  readonly size?: number
}

/** A zip file, as APPNOTE says: entries, then the directory. */
export function zipOf(files: { readonly [name: string]: string | Buffer }, odd: Odd = {}): Buffer {
  const local: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  const names = Object.keys(files)
  for (const [i, name] of names.entries()) {
    const content = Buffer.from(files[name] as string)
    const packed = deflateRawSync(content)
    const last = i === names.length - 1
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(0x800 | (odd.flags ?? 0), 2)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE((crc32(content) ^ (odd.wrongSum && last ? 1 : 0)) >>> 0, 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(odd.size !== undefined && last ? odd.size : content.length, 18)
    common.writeUInt16LE(Buffer.byteLength(name), 22)
    const entry = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed])
    const place = Buffer.alloc(14)
    place.writeUInt32LE(offset, 10)
    directory.push(
      Buffer.concat([
        Buffer.from('PK\x01\x02\x14\x00', 'latin1'),
        common,
        place,
        Buffer.from(name),
      ]),
    )
    local.push(entry)
    offset += entry.length
  }
  const all = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(names.length, 4)
  end.writeUInt16LE(names.length, 6)
  end.writeUInt32LE(all.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...local, all, Buffer.from('PK\x05\x06'), end])
}

/** Rows of inline texts and numbers, from row 1 on; null: no cell. */
export const rowsOf = (rows: readonly (readonly (string | number | null)[])[]): string =>
  rows
    .map(
      (cells, i) =>
        `<row r="${i + 1}">${cells
          .map((value, k) => {
            if (value === null) return ''
            const r = `${String.fromCharCode(65 + k)}${i + 1}`
            if (typeof value === 'number') return `<c r="${r}"><v>${value}</v></c>`
            return value.startsWith('<')
              ? value
              : `<c r="${r}" t="inlineStr"><is><t>${value}</t></is></c>`
          })
          .join('')}</row>`,
    )
    .join('')
