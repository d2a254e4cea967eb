/** Runs micro benches by tinybench and prints a table: what one run of each takes, and how much a second. */
import { Bench } from 'tinybench'
import { table } from '../../cli/units.ts'

export interface Micro {
  readonly name: string
  /** Rows of one run. */
  readonly rows: number
  /** Bytes of one run, where that is the better measure. */
  readonly bytes?: number
  readonly run: () => void | Promise<void>
}

export interface Timed {
  readonly name: string
  readonly millis: number
}

/** Throws what a bench threw. */
export async function runMicros(
  title: string,
  micros: readonly Micro[],
  print: (line: string) => void,
): Promise<readonly Timed[]> {
  const bench = new Bench({ time: 1000, iterations: 5, warmupTime: 300, warmupIterations: 3 })
  for (const { name, run } of micros) bench.add(name, run)
  await bench.run()
  const rows: string[][] = []
  const timed = bench.tasks.map(({ name, result }, i) => {
    if (result.state === 'errored') throw result.error
    if (result.state !== 'completed') throw new Error(`${name} is ${result.state}`)
    const micro = micros[i] as Micro
    const { p50, min } = result.latency
    const megabytes = micro.bytes === undefined ? '' : (micro.bytes / 1e3 / p50).toFixed(0)
    rows.push([
      name,
      p50.toFixed(2),
      min.toFixed(2),
      ((p50 / micro.rows) * 1e6).toFixed(1),
      (micro.rows / 1e3 / p50).toFixed(1),
      megabytes,
    ])
    return { name, millis: p50 }
  })
  print(`\n${title}\n${table(['', 'median ms', 'least ms', 'ns/row', 'M rows/s', 'MB/s'], rows)}`)
  return timed
}
