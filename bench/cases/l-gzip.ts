/** Case (b) from gzipped files, which can be split by no one. */
import type { Case } from '../case.ts'
import group from './b-group.ts'

export default {
  ...group,
  title: 'csv.gz → filter + group by country, month',
  input: 'csv.gz',
  scales: false,
} satisfies Case
