/** The emulator behind the protocol proxy: its REST interface and its SQL, one request at a time. */
export interface ErrorProto {
  readonly reason: string
  readonly message: string
  readonly location?: string
}

/** What the service refuses: becomes a job's errorResult, or an HTTP error. */
export class Refused extends Error {
  readonly error: ErrorProto
  constructor(reason: string, message: string, location?: string) {
    super(message)
    this.error = { reason, message, ...(location === undefined ? {} : { location }) }
  }
}

export interface TableReference {
  readonly projectId: string
  readonly datasetId: string
  readonly tableId: string
}
export interface Field {
  readonly name: string
  readonly type: string
  readonly mode?: string
  readonly fields?: readonly Field[]
}
export interface Table {
  readonly schema?: { readonly fields: readonly Field[] }
  readonly timePartitioning?: { readonly type: string; readonly field?: string }
  readonly rangePartitioning?: {
    readonly field: string
    readonly range: { readonly start: string; readonly end: string; readonly interval: string }
  }
  readonly clustering?: object
}
/** A job as the emulator answers it. */
export interface UpstreamJob {
  readonly status: { readonly errorResult?: ErrorProto; readonly errors?: readonly ErrorProto[] }
  readonly statistics?: Readonly<Record<string, unknown>>
  readonly configuration?: object
}

interface Answer {
  readonly error?: { readonly message: string; readonly errors?: readonly ErrorProto[] }
  readonly errors?: readonly ErrorProto[]
}

export interface Upstream {
  readonly port: number
  /** Below `/bigquery/v2/projects/`. Throws Refused. */
  call<T>(method: string, path: string, body?: object): Promise<T>
  /** Rows as arrays of texts. Throws Refused. */
  sql(project: string, query: string): Promise<(string | null)[][]>
  table(of: TableReference): Promise<Table | null>
}

export function upstreamOf(port: number): Upstream {
  const call = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${port}/bigquery/v2/projects/${path}`, {
      method,
      ...(body ? { body: JSON.stringify(body) } : {}),
      headers: { 'content-type': 'application/json' },
    })
    const text = await response.text()
    const answer = (text ? JSON.parse(text) : {}) as Answer & T
    if (response.ok) return answer
    const first = answer.error?.errors?.[0]
    throw new Refused(first?.reason ?? 'invalid', answer.error?.message ?? text, first?.location)
  }
  const sql = async (project: string, query: string) => {
    type Rows = Answer & { rows?: { f: { v: string | null }[] }[] }
    const asked = { query, useLegacySql: false }
    const { errors, rows = [] } = await call<Rows>('POST', `${project}/queries`, asked)
    const first = errors?.[0]
    if (first) throw new Refused(first.reason, first.message, first.location)
    return rows.map(row => row.f.map(cell => cell.v))
  }
  const table = async (of: TableReference) => {
    try {
      return await call<Table>('GET', pathOf(of))
    } catch (error) {
      if (error instanceof Refused && error.error.reason === 'notFound') return null
      throw error
    }
  }
  return { port, call, sql, table }
}

export const tablesOf = ({ projectId, datasetId }: TableReference): string =>
  `${projectId}/datasets/${datasetId}/tables`
export const pathOf = (of: TableReference): string => `${tablesOf(of)}/${of.tableId}`
/** As the service's messages write it. */
export const shownTable = ({ projectId, datasetId, tableId }: TableReference): string =>
  `${projectId}:${datasetId}.${tableId}`

/** A name in SQL. Throws Refused: no table or column of the service has such a name. */
export function quoted(name: string): string {
  if (/[`\\\n\0]/.test(name)) throw new Refused('invalid', `Invalid name: ${JSON.stringify(name)}`)
  return `\`${name}\``
}
export const sqlName = ({ projectId, datasetId, tableId }: TableReference): string =>
  quoted(`${projectId}.${datasetId}.${tableId}`)
