/**
 * The fault matrix: each connector's run through proxies with seeded faults answers what a calm run
 * answers, in bounded time and memory, and leaves no connection and nothing temporary behind.
 * MILLRACE_FAULT_SEEDS: how many seeds a case; MILLRACE_FAULT_FROM: the first; MILLRACE_FAULT_CASE: a
 * part of a case's name.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { needs, type Service, start } from '../services.ts'
import type { EndName } from './case.ts'
import { CASES } from './cases.ts'
import { type Ran, runOnce } from './matrix.ts'
import { startPages } from './pages.ts'

const SEEDS = Number(process.env['MILLRACE_FAULT_SEEDS'] ?? 4)
const FROM = Number(process.env['MILLRACE_FAULT_FROM'] ?? 1)
const ONLY = process.env['MILLRACE_FAULT_CASE'] ?? ''

const toldOf = ({ ms, rssBytes, receivedBytes, faults }: Ran): string =>
  `${faults} faults, ${ms} ms, ${Math.round(rssBytes / 2 ** 20)} MB, ${Math.round(receivedBytes / 1024)} KB received`

for (const what of CASES.filter(({ name }) => name.includes(ONLY)))
  test(what.name, async t => {
    if (!needs(t, ...what.servers.filter(name => name !== 'pages'))) return
    const folder = mkdtempSync(join(tmpdir(), 'millrace-matrix-'))
    const servers: Partial<Record<EndName, Service>> = {}
    t.after(async () => {
      await Promise.all(Object.values(servers).map(server => server.stop()))
      rmSync(folder, { recursive: true, force: true })
    })
    for (const name of what.servers.toReversed())
      servers[name] = await (name === 'pages'
        ? startPages()
        : start(name, servers.gcs ? { gcs: servers.gcs } : {}))
    const at = { servers, folder }
    await what.prepare(at)
    const calm = await runOnce(at, what, null, null)
    t.diagnostic(`calm: ${toldOf(calm)}, ${calm.answer.replaceAll('\n', ' | ').slice(0, 80)}`)
    for (let seed = FROM; seed < FROM + SEEDS; seed++)
      await t.test(`seed ${seed}`, async u => {
        const ran = await runOnce(at, what, seed, calm.answer)
        u.diagnostic(toldOf(ran))
      })
  })
