/** A module without a pipeline. */
export const rows = [1, 2]
export const name = 'none'
