/** Six opaque lambdas, each a step of its own, and all of them together. */
import { type PCollection, type Row, t } from 'millrace'
import type { Line } from './line.ts'

type Lines = PCollection<(typeof Line)['fields']>
type R = Row<typeof Line>

const isOrder = (r: R) => !r.InvoiceNo.startsWith('C')
const net = (r: R) => (r.Quantity >= 24 ? r.Quantity * r.UnitPrice * 0.9 : r.Quantity * r.UnitPrice)
const slug = (r: R) =>
  r.Description === null ? null : r.Description.toLowerCase().replaceAll(' ', '-')
const shelf = (r: R) => r.StockCode.slice(0, 3) + r.Country.charAt(0)
const segment = (r: R) => (r.CustomerID === null ? -1 : r.CustomerID % 100)
const weekday = (r: R) => new Date(r.InvoiceDate).getUTCDay()

export const STEPS = {
  filter: (lines: Lines) => lines.filter(isOrder),
  arithmetic: (lines: Lines) => lines.derive({ net: [t.float64, net] }),
  text: (lines: Lines) => lines.derive({ slug: [t.utf8.nullable, slug] }),
  slices: (lines: Lines) => lines.derive({ shelf: [t.utf8, shelf] }),
  nulls: (lines: Lines) => lines.derive({ segment: [t.int32, segment] }),
  dates: (lines: Lines) => lines.derive({ weekday: [t.int32, weekday] }),
  all: (lines: Lines) =>
    lines.filter(isOrder).derive({
      net: [t.float64, net],
      slug: [t.utf8.nullable, slug],
      shelf: [t.utf8, shelf],
      segment: [t.int32, segment],
      weekday: [t.int32, weekday],
    }),
}
