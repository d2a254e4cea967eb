import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { treeBytes } from './process-tree.ts'

const MB = 1e6
const HOLD = `globalThis.held = Buffer.alloc(150e6, 1); console.log('ready'); setInterval(() => {}, 1e6)`
const PARENT = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(HOLD)}], { stdio: ['pipe', 'inherit', 'inherit'] }); setInterval(() => {}, 1e6)`

test('what a process of a process holds is counted, and nothing once both are gone', async () => {
  // Its own group, so that both can be ended together.
  const parent = spawn(process.execPath, ['-e', PARENT], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const pid = parent.pid as number
  try {
    await once(parent.stdout, 'data')
    const bytes = treeBytes(pid)
    assert.ok(bytes > 150 * MB && bytes < 450 * MB, `${bytes} bytes`)
  } finally {
    process.kill(-pid, 'SIGKILL')
    await once(parent, 'close')
  }
  assert.equal(treeBytes(pid), 0)
})
