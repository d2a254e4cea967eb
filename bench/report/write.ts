/** Writes `results.md` and the plot beside it, which are the bench's record. */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { FILES } from '../inputs.ts'
import type { CaseResult } from '../rounds.ts'
import type { Scaling } from '../scaling/index.ts'
import type { Settings } from '../settings.ts'
import { faultLines, memoryTable, ratiosTable, timesTable } from './cases-table.ts'
import { linearTable } from './linear.ts'
import { machineLine } from './machine.ts'
import { plotSvg } from './plot.ts'
import { scalePanels, scaleTable } from './scale-table.ts'
import { scalingParagraphs } from './scaling-tables.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export interface Findings {
  readonly cases: readonly CaseResult[]
  readonly scale: readonly CaseResult[]
}

export function writeReport(settings: Settings, findings: Findings): void {
  writeFileSync(here('../results.md'), resultsText(settings, findings))
  if (findings.scale.length > 0)
    writeFileSync(here('../rows-time.svg'), plotSvg(scalePanels(findings.scale)))
}

export function resultsText(settings: Settings, { cases, scale }: Findings): string {
  const { rows, rounds, threads, scaleRounds } = settings
  const faults = faultLines([...cases, ...scale.filter(r => !cases.includes(r))])
  const paragraphs = [
    '# Results',
    machineLine(),
    `${rows.toLocaleString('en-US')} lines of generated retail CSV in ${FILES} files, ${threads} threads each, ${rounds} rounds in turn, whole processes from start to exit: median (least–most). Answers were compared first.`,
    timesTable(cases),
    ...(faults.length > 0 ? [faults.join('\n')] : []),
    'Ratios of medians; above 1 Millrace is the faster one.',
    ratiosTable(cases),
    'Memory: the highest sum of the proportional set sizes of all processes of a tool, sampled every 10 ms in a run of its own.',
    memoryTable(cases),
  ]
  if (scale.length > 0)
    paragraphs.push(
      '## Rows against time and memory',
      `The least of ${scaleRounds} rounds (of ${rounds} at ${rows / 1e6} M rows), and peak memory.`,
      '![seconds by million rows, a plot a case](rows-time.svg)',
      scaleTable(scale),
      'seconds = start + slope × rows, by least squares of relative errors.',
      linearTable(scale),
    )
  return `${paragraphs.join('\n\n')}\n`
}

/** Of `--scaling`, in a file of its own, so that either can be measured without the other. */
export function scalingText({ rounds, threads }: Settings, scaling: Scaling): string {
  const paragraphs = [
    '# Scaling',
    machineLine(),
    `${rounds} rounds, ${threads} threads where nothing else is said; the cases are those of [results.md](results.md).`,
    ...scalingParagraphs(scaling),
  ]
  return `${paragraphs.join('\n\n')}\n`
}

export const writeScaling = (settings: Settings, scaling: Scaling): void =>
  writeFileSync(here('../scaling.md'), scalingText(settings, scaling))
