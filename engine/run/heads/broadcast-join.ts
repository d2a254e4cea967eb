export const broadcastJoin = (...a: any[]): any => { throw new Error('no') }
