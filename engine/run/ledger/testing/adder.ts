/** Adds one to a value of a ledger folder, again and again, until it did so often enough: a process of the race. */
import { LedgerFolder } from '../folder.ts'

const [folder = '', times = ''] = process.argv.slice(2)
const values = new LedgerFolder(folder)
const NAME = 'series/race/counter.json'
for (let done = 0; done < Number(times); ) {
  const kept = await values.get(NAME)
  const count = kept === null ? 0 : Number(Buffer.from(kept.bytes).toString())
  const version = await values.swap(NAME, Buffer.from(String(count + 1)), kept?.version ?? null)
  if (version !== null) done++
}
