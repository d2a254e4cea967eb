/** How the objects of an output are named: by the run, and by what it replaces, so that the two never share a name. */
import { sha256 } from '../../../engine/data/sha256.ts'
import { HIDDEN } from './hidden.ts'

/** Of a run's sixteen hexadecimal digits, in the names of its objects. */
export const NAME_DIGITS = 12

export const namesOf = (key: string, replaced: string | null): string =>
  sha256(JSON.stringify([key, replaced])).slice(0, 16)

/** `part-00000-3f2a0b7c11d2.parquet` */
export const objectName = (index: number, names: string, extension: string): string =>
  `part-${String(index).padStart(5, '0')}-${names.slice(0, NAME_DIGITS)}${extension}`

/** Where what a run has sent lies until it is shown. `folder` ends with `/`. */
export const hiddenOf = (folder: string, names: string): string => `${folder}${HIDDEN}${names}/`

/** Whether an object is named as one of the run's: `part-00000-3f2a0b7c11d2.csv.gz`. */
export function isOf(uri: string, names: string): boolean {
  const file = uri.slice(uri.lastIndexOf('/') + 1)
  return /^part-\d{5,}-([0-9a-f]{12})\./.exec(file)?.[1] === names.slice(0, NAME_DIGITS)
}

/** Whether an object is named as those of some run are. */
export const isNamed = (uri: string): boolean =>
  /^part-\d{5,}-[0-9a-f]{12}\./.test(uri.slice(uri.lastIndexOf('/') + 1))
