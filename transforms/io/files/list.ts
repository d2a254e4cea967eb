/** The files that a URI stands for: a path, a glob (`*`, `**`, `?`, `{a,b}`), or all files in a folder. */
import { type Dirent, globSync, readdirSync, type Stats, statSync } from 'node:fs'
import { basename, dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault, nearestName, redactUri } from '../../../engine/fault.ts'
import type { PlannedInput } from '../../../engine/io/source.ts'
import type { StoredObject } from '../objects/store.ts'

export interface InputFile {
  readonly path: string
  readonly bytes: number
  /** Changes when the file does. */
  readonly version: string
  /** Epoch milliseconds of its last change. */
  readonly modified: number
  /** What it is where it lies in an object store. */
  readonly object?: StoredObject
}

const MAGIC = /[*?{[]/
/** Hidden files, and what other engines leave beside their data (`_SUCCESS`, `_temporary`). */
const hidden = (name: string): boolean => name.startsWith('.') || name.startsWith('_')
const quoted = (text: string): string => JSON.stringify(text)

/**
 * Lists files by path, in code unit order. In folders and under wildcards, names that start with
 * `.` or `_` are left out.
 *
 * Throws  data: nothing matches; resource: cannot be read; pipeline: not a file URI
 */
export function listFiles(uri: string): InputFile[] {
  const path = pathOf(uri)
  const found = statOf(path)
  const paths = found === null ? matches(path) : found.isDirectory() ? within(path) : [path]
  const files: InputFile[] = []
  for (const each of paths) {
    const stat = each === path && found?.isFile() ? found : statOf(each)
    if (stat !== null && !stat.isDirectory())
      files.push({
        path: each,
        bytes: stat.size,
        version: versionOf(stat),
        modified: Math.floor(stat.mtimeMs),
      })
  }
  if (files.length === 0) throw nothing(path)
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** How a file is no longer what was listed; null where it is. */
export function changedFile(input: PlannedInput): string | null {
  const { uri, bytes, version } = input
  const stat = statOf(uri)
  if (stat === null) return 'it is gone'
  if (stat.size < bytes) return `it became shorter, ${bytes} to ${stat.size} bytes`
  if (stat.size > bytes) return `it became longer, ${bytes} to ${stat.size} bytes`
  return versionOf(stat) === version ? null : 'it was written to'
}

const versionOf = (stat: Stats): string => String(stat.mtimeMs)

const COLLECTION = 'read a collection by mongo(uri, Schema), or by table(uri, name, Schema)'
const TABLE = 'tables are read and written by table(uri, name, …)'
const ELSEWHERE =
  'give a path, a glob, or a URI of file:, gs:, s3: or https:; mount the bucket or copy it first'
/** Of systems that have no files. */
const HINTS: Readonly<Record<string, string>> = {
  mongodb: COLLECTION,
  'mongodb+srv': COLLECTION,
  postgres: TABLE,
  postgresql: TABLE,
  bigquery: TABLE,
}

/** The local path of a path or file: URI. */
export function pathOf(uri: string): string {
  if (/^file:\/\//i.test(uri)) return fileURLToPath(uri)
  const scheme = /^([a-z][a-z0-9+.-]+):\/\//i.exec(uri)
  if (scheme)
    throw new Fault('pipeline', `${quoted(redactUri(uri))}: ${scheme[1]} is not a file system`, {
      hint: HINTS[`${scheme[1]}`.toLowerCase()] ?? ELSEWHERE,
    })
  if (uri === '') throw new Fault('pipeline', 'the path is empty')
  return uri
}

function statOf(path: string): Stats | null {
  return resourceful(path, () => statSync(path, { throwIfNoEntry: false }) ?? null)
}

/** Runs a file system call; a missing file is null, another failure a fault. */
function resourceful<T>(path: string, read: () => T): T | null {
  try {
    return read()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return null
    throw new Fault('resource', `cannot read ${quoted(path)}: ${code ?? cause}`, { cause })
  }
}

/** A folder's files, and those of its Hive folders (`month=2011-01-01`), but of no others. */
function within(folder: string): string[] {
  const entries = resourceful(folder, () => readdirSync(folder)) ?? []
  const paths = entries.filter(name => !hidden(name)).map(name => join(folder, name))
  return paths.flatMap(path =>
    basename(path).includes('=') && statOf(path)?.isDirectory() ? within(path) : [path],
  )
}

function matches(path: string): string[] {
  if (!MAGIC.test(path)) return []
  const base = baseOf(path)
  const from = base === '' ? 0 : base.endsWith(sep) ? base.length : base.length + 1
  const asked = /(?:^|\/)[._](?!\.?\/)/.test(path.slice(from))
  const found = namesLike(path) ?? globbed(path)
  return found.filter(p => asked || !p.slice(from).split(sep).some(hidden))
}

const globbed = (pattern: string): string[] =>
  (resourceful(pattern, () => globSync(pattern, { withFileTypes: true })) ?? [])
    .filter(e => !e.isDirectory())
    .map(e => relativeTo(pattern, e))

/** A folder without wildcards and a name with some, of plain characters: `data/lines-*.csv`. */
const PLAIN = /^((?:\/?(?!\.\.?\/)[^/*?{}[\]\\()!+@]+\/)*)([\w.*?=-]+)$/

/** As `globbed`, which loads what takes 8 ms; null where the pattern is not that simple. */
function namesLike(pattern: string): string[] | null {
  const [, folder = '', name = ''] = PLAIN.exec(pattern) ?? []
  // Elsewhere case may not count.
  if (name === '' || name.includes('**') || process.platform !== 'linux') return null
  const source = name.replace(/[.=-]/g, '\\$&').replace(/\*/g, '.*').replace(/\?/g, '.')
  const like = new RegExp(`^${source}$`, 's')
  const read = () => readdirSync(folder || '.', { withFileTypes: true })
  return (resourceful(pattern, read) ?? [])
    .filter(e => !e.isDirectory() && like.test(e.name))
    .map(e => join(folder, e.name))
}

/** An entry's path in the form of the pattern: relative patterns give relative paths. */
function relativeTo(pattern: string, entry: Dirent): string {
  const full = join(entry.parentPath, entry.name)
  const root = join(process.cwd(), sep)
  return pattern.startsWith(sep) || !full.startsWith(root) ? full : full.slice(root.length)
}

/** The folder before the first wildcard. */
function baseOf(pattern: string): string {
  const at = pattern.search(MAGIC)
  return at < 0
    ? dirname(pattern)
    : pattern.slice(0, pattern.lastIndexOf(sep, at) + 1).replace(/(.)\/$/, '$1')
}

function nothing(path: string): Fault {
  let folder = statOf(path)?.isDirectory() ? path : baseOf(path)
  while (folder !== '' && !statOf(folder)?.isDirectory()) {
    const up = dirname(folder)
    if (up === folder) break
    folder = up
  }
  const here = folder === '' ? '.' : folder
  const names = (resourceful(here, () => readdirSync(here)) ?? []).sort()
  const listed = names.length === 0 ? 'nothing' : names.slice(0, 10).join(' ')
  const near = nearestName(basename(path), names)
  return new Fault('data', `no file matches ${quoted(path)}`, {
    detail: [`${here} holds ${listed}${names.length > 10 ? ` and ${names.length - 10} more` : ''}`],
    ...(near === undefined ? {} : { hint: `did you mean ${quoted(join(here, near))}?` }),
  })
}
