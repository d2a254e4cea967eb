/** Adds one to a value of a ledger in a bucket, until it did so often enough: a process of the race. */
import { ledgerIn } from '../../../transforms/io/objects/ledger.ts'

const [uri = '', times = ''] = process.argv.slice(2)
const values = await ledgerIn(uri)
const NAME = 'series/race/counter.json'
for (let done = 0; done < Number(times); ) {
  const kept = await values.get(NAME)
  const count = kept === null ? 0 : JSON.parse(Buffer.from(kept.bytes).toString()).count
  const next = { count: count + 1, by: process.pid, nonce: Math.random() }
  const bytes = Buffer.from(JSON.stringify(next))
  if ((await values.swap(NAME, bytes, kept?.version ?? null)) !== null) done++
}
process.exit(0)
