export const headOf = (): any => { throw new Error('no heads yet') }
