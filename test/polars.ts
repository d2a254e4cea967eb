/**
 * Polars, for tests that hold the engine against it. Its native package is optional: it is not
 * there for every platform, and npm leaves it out without a word where its download fails.
 */
export type Polars = typeof import('nodejs-polars').default

const loaded = await import('nodejs-polars').then(
  ({ default: pl }) => ({ pl, missing: null }),
  (error: NodeJS.ErrnoException) => {
    if (error.code !== 'MODULE_NOT_FOUND') throw error
    return { pl: null, missing: `no Polars for this platform: ${error.message.split('\n')[0]}` }
  },
)

export const polars: Polars | null = loaded.pl
/** Why there is none; null where there is. */
export const noPolars: string | null = loaded.missing
