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
import { needs, type ServerName, type Service, start } from '../services.ts'
import { CASES } from './cases.ts'
import { runOnce } from './matrix.ts'

const SEEDS = Number(process.env['MILLRACE_FAULT_SEEDS'] ?? 2)
const FROM = Number(process.env['MILLRACE_FAULT_FROM'] ?? 1)
const ONLY = process.env['MILLRACE_FAULT_CASE'] ?? ''

for (const what of CASES.filter(({ name }) => name.includes(ONLY)))
  test(what.name, async t => {
    if (!needs(t, ...what.servers)) return
    const folder = mkdtempSync(join(tmpdir(), 'millrace-matrix-'))
    const servers: Partial<Record<ServerName, Service>> = {}
    t.after(async () => {
      await Promise.all(Object.values(servers).map(server => server.stop()))
      rmSync(folder, { recursive: true, force: true })
    })
    for (const name of what.servers.toReversed())
      servers[name] = await start(name, servers.gcs ? { gcs: servers.gcs } : {})
    const at = { servers, folder }
    await what.prepare(at)
    const calm = await runOnce(at, what, null, null)
    t.diagnostic(`calm: ${calm.ms} ms, ${calm.answer.replaceAll('\n', ' | ').slice(0, 80)}`)
    for (let seed = FROM; seed < FROM + SEEDS; seed++)
      await t.test(`seed ${seed}`, async u => {
        const { ms, rssBytes, faults } = await runOnce(at, what, seed, calm.answer)
        u.diagnostic(`${faults} faults, ${ms} ms, ${Math.round(rssBytes / 2 ** 20)} MB`)
      })
  })
