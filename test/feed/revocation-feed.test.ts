import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { DriverMessage } from './driver-process.ts'
import type { Grant, WatchedToken } from './feed-calls.ts'
import { type CoreCalls, coreCalls } from './feed-calls.ts'

const CORES = 2
const DRIVERS = 3
const TENANTS = Array.from({ length: 10 }, (_, index) => `tenant-${index}`)
/** The promise: revoked anywhere, refused everywhere. */
const BOUND_MS = 1_000
const TIMEOUT_MS = 60_000

const folder = mkdtempSync(path.join(tmpdir(), 'pawl-feed-'))
const children: ChildProcess[] = []
const cores: CoreCalls[] = []
const drivers: ChildProcess[] = []
/** When each token was refused, by driver. */
const refusals = new Map<number, { readonly atMs: number; readonly code: string }[]>()
let refused = 0
let onRefusal = (): void => {}

function start(file: string, ...args: readonly string[]): ChildProcess {
  const child = fork(path.join(import.meta.dirname, file), args)
  children.push(child)
  return child
}

before(async () => {
  for (let index = 0; index < CORES; index++) {
    const child = start('core-process.ts', folder, TENANTS.join(','))
    const [{ url }] = await once(child, 'message')
    cores.push(coreCalls(url))
  }
  for (let index = 0; index < DRIVERS; index++) {
    const driver = start('driver-process.ts', cores[index % CORES]?.url ?? '')
    await once(driver, 'message')
    driver.on('message', (message: DriverMessage) => {
      if (message.kind !== 'refused') return
      const { id, atMs, code } = message
      refusals.set(id, [...(refusals.get(id) ?? []), { atMs, code }])
      refused += 1
      onRefusal()
    })
    drivers.push(driver)
  }
})

after(async () => {
  const ends = children.map(async (child) => {
    if (child.exitCode !== null) return
    const ended = once(child, 'exit')
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
    child.disconnect()
    await ended
    clearTimeout(timer)
  })
  await Promise.all(ends)
  rmSync(folder, { recursive: true, force: true })
})

async function watch(tokens: readonly WatchedToken[]): Promise<void> {
  const watching = drivers.map(async (driver) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const note = (message: DriverMessage): void => {
      if (message.kind === 'watching') resolve()
    }
    driver.on('message', note)
    driver.send({ tokens })
    await promise
    driver.off('message', note)
  })
  await Promise.all(watching)
}

async function refusalsReach(count: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(
    () => reject(new Error(`${refused} of ${count} refusals after ${TIMEOUT_MS} ms`)),
    TIMEOUT_MS,
  )
  onRefusal = () => {
    if (refused >= count) resolve()
  }
  onRefusal()
  await promise
  clearTimeout(timer)
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

test('revoked at one core, refused at every driver: p99 within a second, nobody else refused', async (context) => {
  const [one, two] = cores as [CoreCalls, CoreCalls]
  let lastId = 0
  const tokens: WatchedToken[] = []
  const logIn = async (userId: string, tenant = 'default'): Promise<Grant & { id: number }> => {
    const core = lastId % 2 === 0 ? one : two
    const grant = await core.logIn(userId, tenant)
    lastId += 1
    tokens.push({ id: lastId, token: grant.token })
    return { ...grant, id: lastId }
  }
  // Each deed: how to revoke, and the tokens that die of it.
  const deeds: {
    readonly ids: readonly number[]
    readonly revoke: (core: CoreCalls) => unknown
  }[] = []
  const survivors: number[] = []
  for (let index = 0; index < 160; index++) {
    const { id, handle } = await logIn(`single-${index}`)
    deeds.push({ ids: [id], revoke: (core) => core.revokeSession(handle) })
  }
  for (let index = 0; index < 25; index++) {
    const userId = `all-${index}`
    const ids = [(await logIn(userId)).id, (await logIn(userId)).id]
    deeds.push({ ids, revoke: (core) => core.revokeSessions({ userId }) })
  }
  for (let index = 0; index < 25; index++) {
    const userId = `others-${index}`
    const kept = await logIn(userId)
    survivors.push(kept.id)
    const ids = [(await logIn(userId)).id]
    const except = kept.handle
    deeds.push({ ids, revoke: (core) => core.revokeSessions({ userId, except }) })
  }
  for (const tenant of TENANTS) {
    const ids = [(await logIn('ada', tenant)).id, (await logIn('bob', tenant)).id]
    deeds.push({ ids, revoke: (core) => core.revokeSessions({ tenant }) })
  }
  for (let index = 0; index < 20; index++) survivors.push((await logIn(`honest-${index}`)).id)
  await watch(tokens)

  const sentAtMs = new Map<number, number>()
  let expected = 0
  for (const [index, { ids, revoke }] of deeds.entries()) {
    for (const id of ids) sentAtMs.set(id, Date.now())
    // Long stretches at one core: the other one must find out by itself.
    await revoke(index % 120 < 60 ? two : one)
    expected += ids.length * DRIVERS
  }
  await refusalsReach(expected)

  // Whoever signs in right after a cut-off is let in, though it is the same second.
  const again = await logIn('all-0')
  const inTenant = await logIn('ada', TENANTS[0])
  await watch(tokens.slice(-2))
  survivors.push(again.id, inTenant.id)

  const delays = [...sentAtMs].flatMap(([id, atMs]) =>
    (refusals.get(id) ?? []).map((refusal) => refusal.atMs - atMs),
  )
  const [p50, p99, worst] = [0.5, 0.99, 1].map((share) => quantile(delays, share)) as [
    number,
    number,
    number,
  ]
  context.diagnostic(
    `${deeds.length} revocations, ${delays.length} refusals at ${DRIVERS} drivers over ${CORES} cores: ` +
      `p50 ${p50} ms, p99 ${p99} ms, worst ${worst} ms`,
  )
  const codes = new Set([...refusals.values()].flat().map(({ code }) => code))
  assert.deepEqual([...codes], ['session_ended'])
  assert.deepEqual(
    survivors.filter((id) => refusals.has(id)),
    [],
  )
  assert.equal(delays.length, expected)
  assert.ok(p99 <= BOUND_MS, `p99 ${p99} ms`)
})
