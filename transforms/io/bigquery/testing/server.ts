/** The servers that this folder's tests talk to, and the bucket that they expect. */
export async function serverOf(): Promise<void> {
  const host = process.env['STORAGE_EMULATOR_HOST'] ?? ''
  await fetch(`${host}/storage/v1/b?project=test`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'staging' }),
  })
}
