/** What Node prints as a warning: not that Google's client looked for a machine of its cloud and found none. */

/** A client's own news; that there are no credentials is told as a fault. */
const QUIET = 'MetadataLookupWarning'

export function quietWarnings(): void {
  const listeners = process.listeners('warning')
  process.removeAllListeners('warning')
  process.on('warning', warning => {
    if (warning.name !== QUIET) for (const listener of listeners) listener(warning)
  })
}
