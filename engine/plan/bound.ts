/**
 * A user's method, callable without its object: `this` stays theirs. The text of a bound function is
 * "[native code]", so the method it came from is remembered, for fingerprints.
 */
type AnyFunction = (...args: never[]) => unknown
const originals = new WeakMap<object, AnyFunction>()

export function bound<T extends AnyFunction>(fn: T, self: object): T {
  const call = fn.bind(self) as unknown as T
  originals.set(call, fn)
  return call
}

/** The text of a function as its author wrote it. */
export const textOf = (fn: object): string => String(originals.get(fn) ?? fn)
