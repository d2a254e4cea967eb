/** A draft as TypeScript: the schema, what the source must be told, and how to read the file with both. */
import { count } from '../units.ts'
import type { Draft } from './draft.ts'

// Apart, so that what scans the built package for imports does not take this for one.
const IMPORT = ['import { schema, t } from', "'millrace'"].join(' ')

export function render(uri: string, draft: Draft): string {
  const names = namesOf(draft)
  const fields = draft.columns.map(({ kind, nullable, unfit }, i) => {
    const comment =
      unfit > 0
        ? ` // ${count(unfit)} of the values ${unfit === 1 ? 'is' : 'are'} not: rejected`
        : ''
    return `  ${key(names[i] as string)}: ${kind}${nullable ? '.nullable' : ''},${comment}`
  })
  const options = optionsOf(draft, names)
  const read = `${draft.format}(${JSON.stringify(uri)}, Row${options.length > 0 ? ', options' : ''})`
  return [
    `// Drafted from ${count(draft.rows)} rows of ${JSON.stringify(uri)}. Check kinds and nullability: rows that do not fit are rejected.`,
    IMPORT,
    '',
    `export const Row = schema({\n${fields.join('\n')}\n})`,
    ...(options.length > 0
      ? ['', `export const options = {\n${options.map(line => `  ${line}`).join('\n')}\n} as const`]
      : []),
    '',
    `// p.read(${read})`,
    '',
  ].join('\n')
}

function optionsOf({ columns, header, delimiter }: Draft, names: readonly string[]): string[] {
  const lines: string[] = []
  const renamed = columns.flatMap(({ column }, i) =>
    column === names[i] ? [] : [`  ${key(column)}: ${JSON.stringify(names[i])},`],
  )
  if (!header) lines.push('header: false,')
  else if (renamed.length > 0) lines.push('header: {', ...renamed, '},')
  if (delimiter !== null) lines.push(`delimiter: ${JSON.stringify(delimiter)},`)
  const formats = columns.flatMap(({ format }, i) =>
    format === undefined ? [] : [`  ${key(names[i] as string)}: ${JSON.stringify(format)},`],
  )
  if (formats.length > 0) lines.push('formats: {', ...formats, '},')
  return lines
}

/** `Invoice No` and `invoice_no` become `invoiceNo`; a second one `invoiceNo2`. */
function namesOf({ columns }: Draft): string[] {
  const taken = new Set<string>()
  return columns.map(({ column }) => {
    const bare = camel(column)
    let name = bare
    for (let i = 2; taken.has(name); i++) name = `${bare}${i}`
    taken.add(name)
    return name
  })
}

function camel(column: string): string {
  const words = column
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .split(/[^\p{L}\p{N}]+/u)
    .filter(word => word !== '')
  const [first = 'column', ...others] = words.map(word => word.toLowerCase())
  return [first, ...others.map(word => word.charAt(0).toUpperCase() + word.slice(1))].join('')
}

function key(name: string): string {
  if (name === '__proto__') return '["__proto__"]'
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
}
