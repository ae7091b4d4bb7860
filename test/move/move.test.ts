import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { Session, Store } from '@pawl/core'
import { type EmbeddedCore, embedCore, generateSecret, MOVE_RECORD } from '@pawl/embedded'
import { memoryStore } from '@pawl/store-testkit'
import { openStore } from '../../packages/server/src/config/open-store.ts'
import { type Engine, type EngineName, isChosen, startEngine } from '../engines/index.ts'
import { type Clients, startClients } from './clients.ts'
import { runPawl } from './pawl-process.ts'

/** `PAWL_MOVE_SESSIONS=100000` is the full run. */
const SESSIONS = Number(process.env.PAWL_MOVE_SESSIONS ?? 2_000)
/** So many of them have a client that keeps refreshing; the others are only there. */
const CLIENTS = 20
const SECRET = generateSecret()
/**
 * The server that stands in for MongoDB reads a whole collection where MongoDB looks into an index.
 */
const STAND_IN_SESSIONS_MAX = 10_000
/** Exit codes of the command: verified, and copied while the source changed. */
const [COMPLETE, BEHIND] = [0, 3]

/** SQLite to each engine that is chosen, in turn, and back to SQLite. */
const order: readonly EngineName[] = ['postgres', 'mongodb', 'mariadb', 'redis']
const engines = order.filter(
  (name) => isChosen(name) && (name !== 'mongodb' || SESSIONS <= STAND_IN_SESSIONS_MAX),
)

let folder: string
const running: Engine[] = []
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pawl-move-'))
})
after(async () => {
  for (const engine of running) await engine.stop()
  await rm(folder, { recursive: true, force: true })
})

async function urlsOfStores(): Promise<readonly string[]> {
  for (const name of engines) running.push(await startEngine(name))
  const servers = running.map(({ url }) => url)
  return [`sqlite:${folder}/first.db`, ...servers, `sqlite:${folder}/last.db`]
}

async function openCore(url: string): Promise<EmbeddedCore> {
  const store = await openStore({ store: url, dataDir: folder })
  return embedCore({ store, secret: SECRET })
}

/** Sessions without a client: made by a core, and many times copied. */
async function fillStore(url: string): Promise<void> {
  const model = memoryStore()
  const core = await embedCore({ store: model, secret: SECRET, closesStore: false })
  await core.createSession({ userId: 'model', claims: { role: 'reader' }, data: { cart: [1] } })
  await core.close()
  const [row] = (await model.walkSessions(null, 1)).items as readonly Session[]
  const store = await openStore({ store: url, dataDir: folder })
  for (let done = 0; done < SESSIONS - CLIENTS; done += 500) {
    const count = Math.min(500, SESSIONS - CLIENTS - done)
    const sessions = Array.from({ length: count }, (_, index) => ({
      ...(row as Session),
      handle: `filler-${done + index}`.padEnd(22, '_') as never,
      userId: `user ${(done + index) % 1000}` as never,
    }))
    await store.put({ sessions })
  }
  await store.close()
}

/** How far the store knows the move into it to be. */
async function positionIn(url: string): Promise<string | null> {
  const store: Store = await openStore({ store: url, dataDir: folder })
  const record = await store.findRecord(MOVE_RECORD)
  await store.close()
  return record === undefined ? null : JSON.parse(record.value).sessionsAfter
}

/** One switch from a store to the next, with the clients refreshing before and after it. */
async function switchOver(t: TestContext, stage: Stage): Promise<EmbeddedCore> {
  const { from, to, clients, core } = stage
  const move = ['move', '--from', from, '--to', to]
  assert.equal((await runPawl(['migrate', '--store', to], folder)).code, 0)
  const killed = await runPawl(move, folder, 'sessions copied: ')
  const position = await positionIn(to)
  const first = await runPawl(move, folder)
  assert.ok([BEHIND, COMPLETE].includes(Number(first.code)), first.output)
  if (killed.code === null && position !== null) {
    assert.match(first.output, /sessions copied before: [1-9]/)
    t.diagnostic(`killed at ${/copied before: [\d,]+/.exec(first.output)}, and went on from there`)
  }
  const [late, doomed] = await Promise.all(
    ['late', 'doomed'].map((userId) => core.createSession({ userId })),
  )
  assert.ok(late?.kind === 'ok' && doomed?.kind === 'ok')
  await core.revokeSession({ handle: doomed.value.session.handle })
  await clients.eachRefreshed()

  const stoppedAtMs = performance.now()
  clients.use(null)
  await core.close()
  const last = await runPawl(move, folder)
  assert.equal(last.code, COMPLETE, last.output)
  const next = await openCore(to)
  clients.use(next)
  await clients.eachRefreshed()
  const seconds = ((performance.now() - stoppedAtMs) / 1000).toFixed(1)
  t.diagnostic(`${/Moved.*store/.exec(last.output)}s; without refreshes for ${seconds} s`)
  assert.deepEqual(clients.loggedOut(), [])
  const lives = await next.refreshSession({ refreshTokens: [late.value.refreshToken.token] })
  assert.equal(lives.kind, 'ok')
  const dead = await next.refreshSession({ refreshTokens: [doomed.value.refreshToken.token] })
  assert.equal(dead.kind === 'refused' && dead.code, 'session_ended')
  return next
}

interface Stage {
  readonly from: string
  readonly to: string
  readonly clients: Clients
  readonly core: EmbeddedCore
}

describe(`${SESSIONS} sessions move from SQLite over ${engines.join(', ')} back to SQLite`, () => {
  it('while clients refresh: nobody is logged out, and a killed move goes on', async (t) => {
    const urls = await urlsOfStores()
    let core = await openCore(urls[0] ?? '')
    // Whatever happens: a core that is left open would keep this process.
    t.after(() => core.close())
    await fillStore(urls[0] ?? '')
    const clients = await startClients(core, CLIENTS)
    t.after(() => clients.stop())
    for (const [index, to] of urls.slice(1).entries()) {
      core = await switchOver(t, { from: urls[index] ?? '', to, clients, core })
    }
    await clients.stop()
    t.diagnostic(`${clients.granted()} refreshes granted, ${clients.loggedOut().length} logouts`)
    await core.close()
  })
})
