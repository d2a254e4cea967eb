/**
 * Request preconditions of Cloud Storage where the test server ignores them: on reads, deletes, patches,
 * copies, rewrites and compositions. Names stay as they are encoded in the address.
 */
import { googleError, type Refusal } from '../fault-proxy/refusals.ts'

const OBJECT = /^(?:\/download)?\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/
const COPY = /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)\/(?:copyTo|rewriteTo)\/b\/([^/]+)\/o\/([^/]+)$/
const COMPOSE = /^\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)\/compose$/

interface Place {
  readonly bucket: string
  readonly name: string
}
interface Conditions {
  readonly object: Place
  readonly source: Place | null
  /** Whether `generation` names the object's own. */
  readonly named: boolean
}

function conditionsOf(path: string): Conditions | null {
  const [, ...copy] = COPY.exec(path) ?? []
  if (copy.length > 0)
    return {
      object: { bucket: copy[2]!, name: copy[3]! },
      source: { bucket: copy[0]!, name: copy[1]! },
      named: false,
    }
  const [, ...one] = OBJECT.exec(path) ?? COMPOSE.exec(path) ?? []
  if (one.length === 0) return null
  return { object: { bucket: one[0]!, name: one[1]! }, source: null, named: OBJECT.test(path) }
}

const FAILED = googleError(
  412,
  'conditionNotMet',
  'At least one of the pre-conditions you specified did not hold.',
)

/** The refusal of a request whose preconditions do not hold; null where they do. */
export async function refusalOf(port: number, url: URL): Promise<Refusal | null> {
  const { searchParams: query } = url
  const conditions = [...query.keys()].some(key =>
    /^(?:if|generation$|sourceGeneration$)/.test(key),
  )
  const found = conditions ? conditionsOf(url.pathname) : null
  if (!found) return null
  const { object, source, named } = found
  const standing = await generationOf(port, object)
  const asked = named ? query.get('generation') : null
  if (asked !== null && asked !== standing)
    return googleError(
      404,
      'notFound',
      `No such object: ${object.bucket}/${decodeURIComponent(object.name)}`,
    )
  const [match, not] = [query.get('ifGenerationMatch'), query.get('ifGenerationNotMatch')]
  if (match !== null && match !== (standing ?? '0')) return FAILED
  if (not !== null && not === (standing ?? '0')) return FAILED
  const from = query.get('ifSourceGenerationMatch')
  if (source === null || from === null) return null
  const there = await generationOf(port, source)
  // A source that is not there is the service's own 404.
  return there !== null && there !== from ? FAILED : null
}

async function generationOf(port: number, { bucket, name }: Place): Promise<string | null> {
  const of = `http://127.0.0.1:${port}/storage/v1/b/${bucket}/o/${name}?fields=generation`
  const response = await fetch(of)
  const text = await response.text()
  return response.ok ? String((JSON.parse(text) as { generation: string }).generation) : null
}
