/** A case written by hand in JavaScript, in a process of its own: `case places-as-JSON`. */
import type { Case, Places } from '../case.ts'

const [name, places] = process.argv.slice(2) as [string, string]
const { default: found } = (await import(`../cases/${name}.ts`)) as { default: Case }
found.hand?.(JSON.parse(places) as Places)
