/** The account of rows: what each node took in and what became of it. A run where it does not add up fails. */
import { Fault } from '../fault.ts'
import type { Plan } from '../plan/node.ts'
import type { Account, AccountTerm } from './operator.ts'

export type Terms = Record<AccountTerm, number>

export class Ledger implements Account {
  readonly #terms = new Map<number, Terms>()
  readonly #dropped = new Map<string, { node: number; reason: string; rows: number }>()

  readonly #counters = new Map<string, { node: number; name: string; value: number }>()

  add(node: number, term: AccountTerm, rows: number): void {
    this.of(node)[term] += rows
  }

  drop(node: number, reason: string, rows: number): void {
    const id = `${node} ${reason}`
    const known = this.#dropped.get(id)
    if (known) known.rows += rows
    else this.#dropped.set(id, { node, reason, rows })
  }

  count(node: number, name: string, by: number): void {
    const id = `${node} ${name}`
    const known = this.#counters.get(id)
    if (known) known.value += by
    else this.#counters.set(id, { node, name, value: by })
  }

  get counters(): { node: number; name: string; value: number }[] {
    return [...this.#counters.values()]
  }

  of(node: number): Terms {
    let terms = this.#terms.get(node)
    if (!terms) {
      terms = { in: 0, created: 0, out: 0, rejected: 0, filtered: 0, merged: 0, skipped: 0 }
      this.#terms.set(node, terms)
    }
    return terms
  }

  entries(): { node: number; term: AccountTerm; rows: number }[] {
    return [...this.#terms].flatMap(([node, terms]) =>
      (Object.entries(terms) as [AccountTerm, number][])
        .filter(([, rows]) => rows !== 0)
        .map(([term, rows]) => ({ node, term, rows })),
    )
  }

  /** By node and reason, in the order of the plan. */
  get dropped(): { node: number; reason: string; rows: number }[] {
    return [...this.#dropped.values()].sort((a, b) => a.node - b.node)
  }

  /** Checks `in + created = out + rejected + filtered + merged` for each node. Throws engine. */
  check(plan: Plan): void {
    for (const [id, t] of this.#terms) {
      const off = t.in + t.created - (t.out + t.rejected + t.filtered + t.merged)
      if (off === 0) continue
      const node = plan.nodes[id]
      throw new Fault('engine', `the rows of ${node?.name} do not add up: ${off} unaccounted for`, {
        ...(node ? { at: node.at } : {}),
        detail: [`terms ${JSON.stringify(t)}`],
      })
    }
  }
}
