/** The shop that the pipeline is shown and tested on: `shop.ts` its size, `hours.ts` what happens in it. */
export { badOrder, productsCsv, stockCsv, writeHour } from './files.ts'
export {
  type Answer,
  answerAfter,
  customersWritten,
  ordersWritten,
  productsWritten,
  stockWritten,
} from './hours.ts'
export { differences } from './questions.ts'
export { HOUR, type Shop, shopOf } from './shop.ts'
