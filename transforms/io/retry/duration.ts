/** Spans of time as people write them: `500ms`, `30s`, `5min`, `2h`, `1d`. */
import { wrong } from '../csv/options.ts'

const UNITS: { readonly [unit: string]: number } = {
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Milliseconds. Throws pipeline: no span of time, or one below `least`. */
export function durationMs(option: string, text: string, least = 1): number {
  const [, count = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*(ms|s|min|h|d)$/.exec(String(text)) ?? []
  const ms = Math.round(Number(count) * (UNITS[unit] ?? Number.NaN))
  if (count !== '' && ms >= least && Number.isSafeInteger(ms)) return ms
  throw wrong(option, text, "a span of time, such as '30s' or '5min'")
}
