/**
 * Disks that fill, for real: a tmpfs of a few megabytes under the scratch folder, the outputs or the
 * warehouse; and, everywhere, a limit on the size of files. A `resource` fault names the folder and its
 * room; nothing becomes visible, and what was written is removed.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  bulkyInput,
  moduleOf,
  refused,
  reportOf,
  root,
  runJson,
  workFolder,
  keepNothing,
  placeWords,
} from './command.ts'
import { noMount, smallDisk } from './disk.ts'

const folder = workFolder('disk')
const ROWS = 120_000
const input = bulkyInput(folder, ROWS)
const bulky = moduleOf('bulky.ts')
const skip = noMount(folder)

const words = (output: string, scratch: string, ...more: string[]): string[] => [
  bulky,
  ...placeWords(input, output, scratch),
  ...['--memory', '16MB', ...keepNothing, ...more],
]
function place(name: string): string {
  const path = join(folder, name)
  mkdirSync(path)
  return path
}
const full = (what: string, where: string, size: string) =>
  ({
    kind: 'resource',
    message: new RegExp(`^the disk of the ${what} folder ${where}.* is full \\(ENOSPC\\)$`),
    detail: new RegExp(`free  \\d+\\.\\d MB of ${size} MB`),
  }) as const

describe('a disk that fills', { skip, concurrency: 1 }, () => {
  test('the scratch folder’s, while rows are spilled', async () => {
    const [output, scratch] = [place('out-1'), place('scratch-1')]
    assert.ok(smallDisk(scratch, '2m'))
    await refused(words(output, scratch), {
      ...full('spill', scratch, '2\\.1'),
      hint: /--scratch FOLDER, or give more --memory/,
    })
    assert.deepEqual([readdirSync(scratch), readdirSync(output)], [[], []])
  })

  test('the scratch folder’s, while folders are sorted and written', async () => {
    const [output, scratch] = [place('out-2'), place('scratch-2')]
    assert.ok(smallDisk(scratch, '4m'))
    await refused(words(output, scratch, '--folders'), {
      ...full('spill', scratch, '4\\.2'),
      hint: /--scratch FOLDER/,
    })
    assert.deepEqual([readdirSync(scratch), readdirSync(output)], [[], []])
  })

  test('the outputs’', async () => {
    const [output, scratch] = [place('out-3'), place('scratch-3')]
    assert.ok(smallDisk(output, '3m'))
    await refused(words(output, scratch), {
      ...full('output', output, '3\\.1'),
      hint: /write to a folder on another disk/,
    })
    assert.deepEqual([readdirSync(scratch), readdirSync(output)], [[], []])
  })

  test('the warehouse’s: what stood in it stands', async () => {
    const [output, scratch, lake] = [place('out-4'), place('scratch-4'), place('lake')]
    assert.ok(smallDisk(lake, '3m'))
    await refused(words(output, scratch, '--warehouse', `duckdb:${lake}/x.duckdb`), {
      kind: 'resource',
      message: /No space left on device/,
      hint: /free some space|another disk/,
    })
    assert.deepEqual([readdirSync(scratch), readdirSync(output)], [[], []])
  })

  test('with room again, the same command completes', async () => {
    const [output, scratch] = [place('out-5'), place('scratch-5')]
    assert.ok(smallDisk(scratch, '2m'))
    await refused(words(output, scratch), { kind: 'resource', message: /is full/ })
    const roomy = place('scratch-6')
    const { code, report } = await runJson(...words(output, roomy))
    assert.equal(code, 0, JSON.stringify(report.error))
    assert.deepEqual(readdirSync(output).sort(), ['ids', 'rejects', 'rows'])
  })
})

test('files that may not be as large: EFBIG, told like a full disk', async () => {
  const [output, scratch] = [place('out-7'), place('scratch-7')]
  // Ignored, so that a write answers EFBIG where the signal would end the process. Blocks of 1 KB.
  const shell = `trap '' XFSZ; ulimit -f 700; exec "$@"`
  const main = join(root, 'cli/main.ts')
  const run = [process.execPath, '--conditions=millrace-source', main, 'run']
  const child = spawn('bash', ['-c', shell, 'bash', ...run, ...words(output, scratch), '--json'], {
    cwd: root,
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  })
  const [out, err]: string[] = ['', '']
  const answer = { out, err } as { out: string; err: string }
  child.stdout.on('data', data => {
    answer.out += data
  })
  child.stderr.on('data', data => {
    answer.err += data
  })
  const [code, signal] = await once(child, 'close')
  const { error } = reportOf({ ...answer, code, signal })
  assert.deepEqual([code, error?.kind], [1, 'resource'], answer.err)
  assert.match(error?.message ?? '', /cannot be written \(EFBIG\)$/)
  assert.match(error?.hint ?? '', /ulimit -f/)
  assert.deepEqual([readdirSync(scratch), readdirSync(output)], [[], []])
  assert.equal(existsSync(join(output, 'rows')), false)
})
