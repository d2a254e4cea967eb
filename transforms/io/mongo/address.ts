/**
 * Where a collection lies: `mongodb://host/db/collection`, `mongodb+srv://…`, taken apart once. The
 * driver gets its own URI, without the collection; whatever is shown or kept has neither user nor
 * options, as both may hold secrets.
 */
import { Fault } from '../../../engine/fault.ts'

export interface Address {
  /** For the driver: with user, password and options. Never shown. */
  readonly driverUri: string
  readonly database: string
  readonly collection: string
  /** `mongodb://host/db/collection`: safe to show and to keep. */
  readonly shown: string
  /** Texts that no message may have. */
  readonly secrets: readonly string[]
  /** Names of the URI's options, in lower case. */
  readonly given: ReadonlySet<string>
}

const FORM = /^(mongodb(?:\+srv)?):\/\/(?:([^/?]*)@)?([^/?@]+)(?:\/([^?]*))?(?:\?(.*))?$/s
const HOST = /^(?:\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d{1,5})?$/i
const EXAMPLE = 'mongodb://host/database/collection'

/** Throws pipeline: the URI is none, or names no database or collection. The message never has the URI. */
export function addressOf(uri: string, collection?: string): Address {
  const [whole, scheme = '', user, hosts = '', path = '', query = ''] = FORM.exec(uri) ?? []
  // A password with a bare / or @ in it would come to stand where hosts and names do.
  const astray = path.includes('@') || !hosts.split(',').every(host => HOST.test(host))
  if (whole === undefined || astray)
    throw new Fault('pipeline', 'this is no URI of a MongoDB collection', {
      hint: `write ${EXAMPLE}; a user and a password in it are percent-encoded`,
    })
  const [first = '', ...rest] = path.split('/')
  const database = decoded(first)
  const named = collection ?? decoded(rest.join('/'))
  const where = `${scheme}://${hosts}/${database}`
  if (database === '' || named === '')
    throw new Fault(
      'pipeline',
      `${where} names no ${database === '' ? 'database' : 'collection'}`,
      {
        hint: `write ${EXAMPLE}, or give the option collection`,
      },
    )
  if (collection !== undefined && rest.join('/') !== '')
    throw new Fault('pipeline', `${where} names a collection, and so does the option collection`)
  checked(database, named)
  const before = user === undefined ? '' : `${user}@`
  const options = query === '' ? '' : `?${query}`
  return {
    driverUri: `${scheme}://${before}${hosts}/${encodeURIComponent(database)}${options}`,
    database,
    collection: named,
    shown: `${where}/${named}`,
    secrets: secretsOf(user, query),
    given: new Set(query.split('&').map(pair => (pair.split('=')[0] ?? '').toLowerCase())),
  }
}

/** Of a URI that names a database alone, as a pipeline is given that names its tables itself; else null. */
export function databaseOf(uri: string): Address | null {
  const path = FORM.exec(uri)?.[4] ?? ''
  if (path === '' || /\/./.test(path)) return null
  const named = addressOf(uri, 'any')
  return { ...named, collection: '', shown: named.shown.replace(/\/any$/, '') }
}

function checked(database: string, collection: string): void {
  if (/[/\\. "$*<>:|?\0]/.test(database) || Buffer.byteLength(database) > 63)
    throw new Fault('pipeline', `${JSON.stringify(database)} is no name of a database`, {
      hint: 'it has at most 63 bytes, and none of / \\ . space " $ * < > : | ?',
    })
  if (/\0/.test(collection) || collection.startsWith('$') || /^\.|\.$|\.\./.test(collection))
    throw new Fault('pipeline', `${JSON.stringify(collection)} is no name of a collection`)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Fault('pipeline', 'the path of a MongoDB URI is not percent-encoded rightly', {
      hint: `write ${EXAMPLE}, a per cent sign in a name as %25`,
    })
  }
}

/** As they are written and as they are meant. Short ones would hide half of a message. */
function secretsOf(user: string | undefined, query: string): string[] {
  const password = user?.includes(':') ? user.slice(user.indexOf(':') + 1) : ''
  const named = /^(?:authMechanismProperties|.*(?:password|token|secret|key).*)=(.*)$/is
  const values = query.split('&').map(pair => named.exec(pair)?.[1] ?? '')
  const found = [password, ...values].flatMap(text => [text, tryDecoded(text)])
  return [...new Set(found)].filter(text => text.length > 2)
}

function tryDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // It is written wrongly, so this is not what it stands for.
    return text
  }
}

/** A driver's words without the address's secrets. */
export const scrubbed = ({ secrets }: Address, text: string): string =>
  secrets.reduce((found, secret) => found.replaceAll(secret, '***'), text)
