/**
 * Generated code that depends on kinds alone is made once a thread for each text, so that the parts of
 * a partition, and the tasks of a run, go on with code that is warm already. Unlike lambdas' kernels
 * such code sees the same types wherever it is used, so sharing it costs nothing.
 */
import { compile } from './door.ts'

const made = new Map<string, unknown>()

/** As `compile`; `args` must be the same for the same text. */
export function compileOnce<T>(
  name: string,
  parameters: readonly string[],
  body: string,
  args: readonly unknown[],
): T {
  const known = made.get(body)
  if (known !== undefined) return known as T
  const fresh = compile<T>(name, parameters, body, args)
  made.set(body, fresh)
  return fresh
}
