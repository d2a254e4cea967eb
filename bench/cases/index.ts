/** The cases, by the name of their files, in the order of the report. */
import type { Case } from '../case.ts'
import scan from './a-scan.ts'
import group from './b-group.ts'
import write from './c-write.ts'
import latest from './d-latest.ts'
import join from './e-join.ts'
import lambdas from './f-lambdas.ts'
import retail from './g-retail.ts'
import ndjson from './h-ndjson.ts'
import parquet from './i-parquet.ts'
import manyKeys from './j-many-keys.ts'
import distinctTop from './k-distinct-top.ts'
import gzip from './l-gzip.ts'

export const cases: Readonly<Record<string, Case>> = {
  'a-scan': scan,
  'b-group': group,
  'c-write': write,
  'd-latest': latest,
  'e-join': join,
  'f-lambdas': lambdas,
  'g-retail': retail,
  'h-ndjson': ndjson,
  'i-parquet': parquet,
  'j-many-keys': manyKeys,
  'k-distinct-top': distinctTop,
  'l-gzip': gzip,
}

/** `a` of `a-scan`. */
export const letterOf = (name: string): string => name.slice(0, name.indexOf('-'))
