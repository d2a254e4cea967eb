/** Case (l): case (b), whose files are found gzipped. */
export { default } from './b-group.ts'
