/** Warnings of Node go on, those of a client about its own search for credentials do not. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

test('a metadata server that was not found is no news, other warnings are', () => {
  const module = new URL('warnings.ts', import.meta.url).href
  const code = `import { quietWarnings } from '${module}'; quietWarnings()
    process.emitWarning('nowhere', 'MetadataLookupWarning'); process.emitWarning('careful', 'Other')`
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code])
  assert.doesNotMatch(stderr.toString(), /MetadataLookupWarning/)
  assert.match(stderr.toString(), /Other: careful/)
})
