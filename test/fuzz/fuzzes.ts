/** All kinds of random cases, and the seconds that each has in the tests. */
import type { Fuzz } from './campaign.ts'
import { damagedCsv, damagedNdjson, damagedParquet } from './damaged.ts'
import { damagedNestedCsv, damagedNestedNdjson, damagedNestedParquet } from './damaged-nested.ts'
import { plans } from './plans.ts'
import { roundTrips } from './round-trips.ts'

export const FUZZES: readonly Fuzz[] = [
  plans,
  roundTrips,
  damagedCsv,
  damagedNdjson,
  damagedParquet,
  damagedNestedCsv,
  damagedNestedNdjson,
  damagedNestedParquet,
]

export const SECONDS_OF: Readonly<Record<string, number>> = {
  plans: 20,
  'round-trips': 12,
  'damaged-csv': 10,
  'damaged-ndjson': 8,
  'damaged-parquet': 8,
  'damaged-nested.csv': 4,
  'damaged-nested.ndjson': 6,
  'damaged-nested.parquet': 10,
}
