/** Errors of a connection, with codes that `answer.ts` knows as Node's and its HTTP parser's. */

export const failure = (code: string, message: string): Error =>
  Object.assign(new Error(message), { code })

/** A body that did not come whole; the rest may be asked for. */
export const broken = (message: string): Error => failure('ERR_STREAM_PREMATURE_CLOSE', message)
