/**
 * Rewrites a plan into one with the same answer, and the same counts by reason, that costs less. The
 * rules run once each, in this order. What needs no rule: row-wise steps are fused and aggregates
 * lifted before their exchange whenever a plan is cut into stages, and a scan decodes only the columns
 * that turn out to be read.
 *
 * A `where` is not moved before a join, a distinct or an aggregation: it would count the rows of each
 * key instead of what is made of them, and counts by reason are part of the answer.
 */
import type { Plan } from '../plan/node.ts'
import { breakCycles } from './break-cycles.ts'
import { broadcastSmall } from './broadcast-small.ts'
import { pruneColumns } from './prune-columns.ts'
import { shareReads } from './share-reads.ts'
import { skipRows } from './skip-rows.ts'

export type Rule = (plan: Plan) => Plan

const rules: readonly Rule[] = [
  // First, so that later rules see each source once.
  shareReads,
  // Decides which joins are boundaries of stages.
  broadcastSmall,
  // Needs to know which joins are broadcast.
  breakCycles,
  // Needs to know all exchanges, those that break cycles among them.
  pruneColumns,
  // Last: it names steps by their numbers, which no rule changes after it.
  skipRows,
]

/** `cheaper` false: only the rule without which some plans could not run. */
export const optimize = (plan: Plan, cheaper = true): Plan =>
  (cheaper ? rules : [breakCycles]).reduce((p, rule) => rule(p), plan)
