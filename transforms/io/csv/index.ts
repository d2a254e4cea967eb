export { CsvFiles } from './source.ts'
