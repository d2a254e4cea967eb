/**
 * One server process: on a free port of the loopback interface, in a temporary folder of its own, under
 * a guard (guard.sh) that ends it and removes the folder when it is stopped or when this process dies,
 * by kill -9 too. It keeps no test process from ending.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const GUARD = readFileSync(join(import.meta.dirname, 'guard.sh'), 'utf8')
const READY_MS = 60_000
const STOP_MS = 8_000
const LOG_BYTES_SHOWN = 4_000

export interface Launch {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Folder of the server's data and log; see `folderFor`. */
  readonly folder: string
  /** What asks it to end in good order: 'TERM' where absent. */
  readonly signal?: 'INT' | 'TERM'
  /** User that it runs as, where this one may choose. */
  readonly uid?: number
  /** Whether it answers by now; asked again and again. An error is a no. */
  ready(): Promise<boolean>
}

export interface Running {
  /** Of its guard, whose child it is. */
  readonly pid: number
  /** Ends it, waits until it is gone; again and again does no harm. */
  stop(): Promise<void>
  /** What it has printed, its last part. */
  log(): string
}

/** A new folder for a server's data. Removed by the guard. */
export function folderFor(name: string, uid?: number): string {
  const folder = mkdtempSync(join(tmpdir(), `millrace-${name}-`))
  if (uid !== undefined) chownSync(folder, uid, -1)
  chmodSync(folder, 0o755)
  return folder
}

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const probe = createServer().once('error', reject)
  probe.listen(0, '127.0.0.1', () => {
    const address = probe.address()
    if (address === null || typeof address === 'string') return reject(new Error('no port'))
    probe.close(() => resolve(address.port))
  })
  return promise
}

/** The user for servers that refuse root: undefined where this process is not root. */
export function plainUser(): number | undefined {
  if (process.getuid?.() !== 0) return undefined
  for (const user of ['postgres', 'nobody'])
    try {
      return Number(execFileSync('id', ['-u', user], { encoding: 'utf8', stdio: 'pipe' }))
    } catch {
      // There is no such user: the next one.
    }
  throw new Error('no user but root is there to run this server as: neither postgres nor nobody')
}

/** Starts a server and waits until it answers. Throws with its log where it ends or stays silent. */
export async function launch(what: Launch): Promise<Running> {
  const { name, command, args, folder, signal = 'TERM', uid } = what
  const child = spawn('sh', ['-c', GUARD, 'guard.sh', folder, signal, command, ...args], {
    cwd: folder,
    env: { ...process.env, ...what.env },
    stdio: ['pipe', 'pipe', 'inherit'],
    // A group of its own: an interrupt from the keyboard reaches the tests first.
    detached: true,
    ...(uid === undefined ? {} : { uid }),
  })
  let exited = ''
  const gone = new Promise<void>(resolve => child.once('close', () => resolve()))
  child.once('error', error => (exited = error.message))
  child.stdout.on('data', bytes => (exited += bytes))
  child.stdin.on('error', () => {})
  unhold(child)
  const running = {
    pid: child.pid as number,
    stop: () => stop(child, gone),
    log: () => logOf(folder),
  }
  const deadline = performance.now() + READY_MS
  for (;;) {
    if (await what.ready().catch(() => false)) return running
    const late = performance.now() > deadline
    if (exited || late) {
      const log = running.log()
      await running.stop()
      const why = late ? `did not answer within ${READY_MS} ms` : exited.trim()
      throw new Error(`the server ${name} ${why}\n${command} ${args.join(' ')}\n${log}`)
    }
    await sleep(25)
  }
}

/** The event loop does not wait for it. */
function unhold(child: ChildProcess): void {
  child.unref()
  for (const pipe of [child.stdin, child.stdout])
    if (pipe && 'unref' in pipe && typeof pipe.unref === 'function') pipe.unref()
}

async function stop(child: ChildProcess, gone: Promise<void>): Promise<void> {
  child.ref()
  child.stdin?.end()
  // The guard itself gives the server five seconds; this is for a guard that hangs.
  const last = setTimeout(() => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  }, STOP_MS)
  await gone
  clearTimeout(last)
}

function logOf(folder: string): string {
  try {
    return readFileSync(join(folder, 'log'), 'utf8').slice(-LOG_BYTES_SHOWN)
  } catch {
    return '(it left no log)'
  }
}
