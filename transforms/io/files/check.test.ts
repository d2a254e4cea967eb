/** `check` of a local path. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { checkFiles } from './check.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-check-files-'))
after(() => rmSync(folder, { recursive: true, force: true }))
writeFileSync(join(folder, 'a.csv'), 'id\n1\n')
writeFileSync(join(folder, 'b.csv'), 'id\n')
mkdirSync(join(folder, 'empty'))

const CASES: readonly (readonly [path: string, passed: RegExp, missing: RegExp])[] = [
  ['a.csv', /^read 1 file of 5 bytes in all$/, /^$/],
  ['*.csv', /^read 2 files of 8 bytes in all$/, /^$/],
  ['.', /^read 2 files of 8 bytes in all\|write into the folder$/, /^$/],
  ['empty', /^no file lies in it.*\|write into the folder$/, /^$/],
  ['new/deep', /^make it, as an output: nothing is there yet/, /^$/],
  ['*.zip', /^$/, /^files to read: no file matches .*\*\.zip/],
  ['a.csv/x', /^$/, /^make the folder: .*a\.csv is a file$/],
]
for (const [path, passed, missing] of CASES)
  test(`check ${path}`, async () => {
    const report = await checkFiles(join(folder, path))
    assert.match(report.passed.join('|'), passed)
    assert.match(report.missing.map(m => `${m.what}: ${m.answered}`).join('|'), missing)
    for (const { hint } of report.missing) assert.notEqual(hint, '')
    assert.deepEqual(readdirSync(folder).sort(), ['a.csv', 'b.csv', 'empty'], 'something is left')
  })
