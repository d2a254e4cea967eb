/**
 * How deep lists and objects lie in one another in a JSON text that comes as a whole: in a field of CSV,
 * a value of Parquet. JSON.parse takes minutes over millions of brackets, and what has thousands of levels
 * cannot be written again.
 */
export const JSON_DEPTH_MAX = 1000
const [QUOTE, BACKSLASH] = [34, 92]

/** Whether the text goes deeper. It may be no JSON. Cost: a look at each character of long texts. */
export function tooDeep(json: string): boolean {
  // Each level has two brackets.
  if (json.length <= 2 * JSON_DEPTH_MAX) return false
  let depth = 0
  let quoted = false
  for (let i = 0; i < json.length; i++) {
    const c = json.charCodeAt(i)
    if (c === QUOTE) quoted = !quoted
    else if (quoted) i += c === BACKSLASH ? 1 : 0
    else if (c === 123 || c === 91) depth++
    else if (c === 125 || c === 93) depth--
    if (depth > JSON_DEPTH_MAX) return true
  }
  return false
}
