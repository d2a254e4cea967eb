/** A case in Polars, in a process of its own: `case places-as-JSON`. Threads by POLARS_MAX_THREADS. */
import pl from 'nodejs-polars'
import type { Case, Places } from '../case.ts'

const [name, places] = process.argv.slice(2) as [string, string]
const { default: found } = (await import(`../cases/${name}.ts`)) as { default: Case }
found.polars?.(pl, JSON.parse(places) as Places)
