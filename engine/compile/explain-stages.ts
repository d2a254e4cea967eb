/** The stages of a plan as text: what starts each, what is fused in it, and where its rows go. */
import type { Stage, Stages } from './stages.ts'
import { isBroadcast } from '../plan/facts.ts'

export function explainStages({ stages }: Stages): string {
  return stages.map(describe).join('\n')
}

function describe(stage: Stage): string {
  const lines = [`stage ${stage.id}  ${stage.head.name}`]
  for (const input of stage.inputs)
    lines.push(
      `  reads    ${input.name}${input.keys.length > 0 ? `, by hash of ${input.keys.join(', ')}` : ''}`,
    )
  for (const shared of stage.shared) lines.push(`  holds    ${shared.name} (${shared.purpose})`)
  const steps = stage.nodes.filter(n => n.type !== 'output')
  if (steps.length > 0)
    lines.push(
      `  fused    ${steps.map(n => `${n.name}${isBroadcast(n) ? ' (broadcast)' : ''}`).join(' → ')}`,
    )
  for (const terminal of stage.terminals) {
    const how =
      terminal.type === 'aggregate'
        ? 'combines before'
        : terminal.type === 'write'
          ? 'writes'
          : 'to'
    lines.push(`  ${how.padEnd(8)} ${terminal.node.name}`)
  }
  lines.push('  all steps compiled')
  return lines.join('\n')
}
