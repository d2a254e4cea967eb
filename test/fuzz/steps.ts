/** All random steps, by name. */
import type { Step } from './flow.ts'
import { functionSteps } from './function-steps.ts'
import { keySteps } from './key-steps.ts'
import { orderSteps } from './order-steps.ts'
import { nestedSteps } from './nested-steps.ts'
import { rowSteps } from './row-steps.ts'

export const steps: Readonly<Record<string, Step>> = {
  ...rowSteps,
  ...functionSteps,
  ...keySteps,
  ...orderSteps,
  ...nestedSteps,
}
