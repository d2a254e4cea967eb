/** Many of the same, so many at once: the first failure ends those under way, and is thrown once all have ended. */

/** Requests to a store that are under way at once. */
export const PARALLEL = 50

/** Answers in the order of `list`. `act` should end when `signal` aborts. */
export async function each<T, R>(
  list: readonly T[],
  act: (one: T, signal: AbortSignal) => Promise<R>,
  o: { readonly parallel?: number; readonly signal?: AbortSignal | undefined } = {},
): Promise<R[]> {
  const controller = new AbortController()
  const signal = o.signal ? AbortSignal.any([o.signal, controller.signal]) : controller.signal
  const answers: R[] = []
  let failure: { readonly error: unknown } | null = null
  let next = 0
  const lane = async () => {
    while (next < list.length && failure === null) {
      const i = next++
      try {
        o.signal?.throwIfAborted()
        answers[i] = await act(list[i] as T, signal)
      } catch (error) {
        failure ??= { error }
        controller.abort()
      }
    }
  }
  const lanes = Math.min(o.parallel ?? PARALLEL, list.length)
  await Promise.all(Array.from({ length: lanes }, lane))
  if (failure !== null) throw (failure as { error: unknown }).error
  return answers
}
