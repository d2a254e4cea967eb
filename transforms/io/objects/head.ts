/** The head of an answer in HTTP/1.1 (RFC 9112), as far as a body of known length needs it. */

export interface Head {
  readonly status: number
  /** Lower-case names; one that comes twice, joined by commas. */
  readonly headers: Readonly<Record<string, string>>
  /** Where the body begins. */
  readonly bytes: number
  /** Null where it does not say, or not plainly. */
  readonly bodyBytes: number | null
  /** Whether the connection may be used again after the body. */
  readonly stays: boolean
}

const END = Buffer.from('\r\n\r\n')
const VERSION = 'HTTP/1.'
const STATUS = /^HTTP\/1\.([01]) (\d{3})(?: |$)/

/** Null where it has not come whole. Heads that only announce another (1xx) are passed over. */
export function headIn(bytes: Buffer, from = 0): Head | null {
  const end = bytes.indexOf(END, from)
  if (end < 0) return null
  const [first = '', ...lines] = bytes.toString('latin1', from, end).split('\r\n')
  const [, minor = '0', status = '0'] = STATUS.exec(first) ?? []
  const body = end + END.length
  if (status.startsWith('1') && status !== '101') return headIn(bytes, body)
  const headers = headersIn(lines)
  return {
    status: Number(status),
    headers: headers ?? {},
    bytes: body,
    bodyBytes: headers && bodyBytesOf(headers),
    stays: minor === '1' && !/\bclose\b/i.test(headers?.connection ?? ''),
  }
}

/** Whether more bytes can make a head of them: lines end with both signs. */
export const mayBeHead = (bytes: Buffer): boolean => {
  const text = bytes.toString('latin1')
  return VERSION.startsWith(text.slice(0, VERSION.length)) && !/(?:^|[^\r])\n/.test(text)
}

/** Null where one of them is none. */
function headersIn(lines: readonly string[]): Record<string, string> | null {
  const headers: Record<string, string> = Object.create(null)
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon <= 0 || /\s/.test(line.slice(0, colon))) return null
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  }
  return headers
}

function bodyBytesOf(headers: Readonly<Record<string, string>>): number | null {
  const { 'content-length': length, 'transfer-encoding': coding } = headers
  return coding === undefined && length !== undefined && /^\d{1,15}$/.test(length)
    ? Number(length)
    : null
}
