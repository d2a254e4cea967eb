/**
 * The one door to generated code. Text becomes a function here and nowhere else; it holds no name and
 * no value from data except as JSON strings (`read-code.ts`). Each text is made unique by a number in
 * a comment: V8 shares compiled code, and with it type feedback, between equal texts, which made the
 * same lambdas run three times slower. A function that is returned has the name too, for profiles.
 */
let count = 0

/** Evaluates `body` with the arguments under the given names, and answers what it returns. */
export function compile<T = unknown>(
  name: string,
  parameterNames: readonly string[],
  body: string,
  args: readonly unknown[],
): T {
  const called = `return function ${name.replace(/\W/g, '_')}_$(`
  const text = `"use strict";/*${name} ${++count}*/\n${body.replace(/^return function\(/, called)}`
  return new Function(...parameterNames, text)(...args) as T
}
