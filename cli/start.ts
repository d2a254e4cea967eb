/** The entry of the built `millrace` command: what compiles the rest only once, then the rest. */
import { useCompileCache } from './compile-cache.ts'

useCompileCache()
await import('./main.ts')
