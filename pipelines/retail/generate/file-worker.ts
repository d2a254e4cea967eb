/** The entry of a generator's thread: writes its files one after the other, reporting each. */
import { parentPort, workerData } from 'node:worker_threads'
import { sheetOf } from './sheet.ts'
import { type FileJob, writeFile } from './write-file.ts'
import type { Mess } from './mess.ts'

export interface FileWorkerData {
  readonly sheet: { readonly rows: number; readonly seed: number; readonly mess: Mess }
  readonly jobs: readonly FileJob[]
}
export interface FileDone {
  readonly rows: number
  readonly bytes: number
}

const { sheet, jobs } = workerData as FileWorkerData
const made = sheetOf(sheet)
for (const job of jobs) {
  const bytes = await writeFile(made, job)
  parentPort?.postMessage({ rows: job.upper - job.lower, bytes } satisfies FileDone)
}
