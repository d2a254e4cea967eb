/**
 * Rewrites a plan into one with the same answer, and the same counts by reason, that costs less. The
 * rules run once each, in this order.
 */
import type { Plan } from '../plan/node.ts'

export type Rule = (plan: Plan) => Plan

const rules: readonly Rule[] = []

export const optimize = (plan: Plan): Plan => rules.reduce((p, rule) => rule(p), plan)
