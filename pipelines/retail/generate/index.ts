/** The generator of retail data and its known answer. */
export { expectedRetail, type RetailAnswer, type RetailCounts } from './expected.ts'
export { type Generated, type GenerateOptions, generateRetail } from './generate.ts'
export { type Mess, RATES } from './mess.ts'
