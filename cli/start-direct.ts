/** The entry of a built run in this very process: what compiles the rest only once, then the rest. */
import { useCompileCache } from './compile-cache.ts'

useCompileCache()
await import('./run-direct.ts')
