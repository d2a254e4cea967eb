/** All comparisons of connectors, by name. */
import type { Comparison } from './comparison.ts'

/** Loaded one by one: what one has imported is not measured with the next. */
export const COMPARISONS: Readonly<Record<string, () => Promise<Comparison>>> = {
  objects: async () => (await import('./objects.ts')).objects,
  uploads: async () => (await import('./uploads.ts')).uploads,
  mongo: async () => (await import('./mongo.ts')).mongoDocuments,
  postgres: async () => (await import('./postgres.ts')).postgresRows,
  planning: async () => (await import('./planning.ts')).planning,
  memory: async () => (await import('./memory.ts')).memory,
}
