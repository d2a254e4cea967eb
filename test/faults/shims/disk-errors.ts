/**
 * Loaded before everything else (`--import`), in each process and thread: the file system's calls on a
 * folder fail with EIO from the nth one on, as a disk that dies does. What no test can make a real disk
 * do; all else, up to the call, is real. DISK_ERRORS: `call:folder:n`.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const [call = '', folder = '', nth = '0'] = (process.env['DISK_ERRORS'] ?? '').split(':')
const paths = new Map<number, string>()
let count = 0

type Call = (...args: never[]) => unknown
const calls = fs as unknown as Record<string, Call>

function failing(name: string): boolean {
  return name.startsWith(folder) && ++count > Number(nth)
}
function fault(syscall: string, path: string): Error {
  return Object.assign(new Error(`EIO: i/o error, ${syscall} '${path}'`), {
    code: 'EIO',
    errno: -5,
    syscall,
    path,
  })
}

const open = calls['openSync'] as Call
calls['openSync'] = (...args) => {
  const fd = open(...args) as number
  paths.set(fd, String(args[0]))
  return fd
}
if (folder !== '') {
  const real = calls[call] as Call
  calls[call] = (...args: never[]) => {
    const [first] = args as unknown[]
    const path = typeof first === 'number' ? (paths.get(first) ?? '') : String(first)
    if (failing(path)) throw fault(call.replace('Sync', ''), path)
    return real(...args)
  }
  syncBuiltinESMExports()
}
