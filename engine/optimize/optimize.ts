/**
 * Rewrites a plan into one with the same answer, and the same counts by reason, that costs less. The
 * rules run once each, in this order. What needs no rule: row-wise steps are fused and aggregates
 * lifted before their exchange whenever a plan is cut into stages, and a scan decodes only the columns
 * that turn out to be read.
 */
import type { Plan } from '../plan/node.ts'
import { breakCycles } from './break-cycles.ts'
import { broadcastSmall } from './broadcast-small.ts'
import { shareReads } from './share-reads.ts'

export type Rule = (plan: Plan) => Plan

const rules: readonly Rule[] = [
  // First, so that later rules see each source once.
  shareReads,
  // Decides which joins are boundaries of stages.
  broadcastSmall,
  // Last: it needs to know which joins are broadcast.
  breakCycles,
]

export const optimize = (plan: Plan): Plan => rules.reduce((p, rule) => rule(p), plan)
