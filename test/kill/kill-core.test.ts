import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type CoreService, startCore } from './core-service.ts'
import { post } from './post.ts'

/** 40 clients that refresh every 200 ms: 200 refreshes a second. */
const CLIENTS = 40
const CLIENT_PAUSE_MS = 200
const KILLS = 5
/** How long the service lives between two kills; not a whole number of pauses. */
const LIFE_MS = 1_130
const RETRY_PAUSE_MS = 25
/** Clients must be back by themselves within this after the last restart. */
const RECOVERY_MAX_MS = 20_000

/** A client that keeps its newest token and tries again: no more is asked of one. */
interface Client {
  readonly userId: string
  readonly handle: string
  /** The newest refresh token whose answer arrived. */
  token: string
  generation: number
  /** Refreshes that were acknowledged. */
  acknowledged: number
  /** Answers that were lost or refused for now. */
  lost: number
  /** The first refusal that would log a user out. */
  loggedOut: string | undefined
}

async function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address() as { port: number }
    server.close(() => resolve(port))
  })
  return promise
}

async function logIn(url: string, userId: string, agent: Agent): Promise<Client | undefined> {
  const created = await post(`${url}/v1/sessions`, { userId }, agent)
  if (created.kind === 'lost' || created.status !== 200) return undefined
  const { session, refreshToken } = created.body as {
    session: { handle: string }
    refreshToken: { token: string }
  }
  const { handle } = session
  const token = refreshToken.token
  return { userId, handle, token, generation: 0, acknowledged: 0, lost: 0, loggedOut: undefined }
}

async function refreshOnce(url: string, client: Client, agent: Agent): Promise<boolean> {
  const body = { refreshTokens: [client.token] }
  const answer = await post(`${url}/v1/sessions/refresh`, body, agent)
  if (answer.kind === 'lost' || answer.status === 503) {
    client.lost += 1
    return false
  }
  const { code, refreshToken, lineage } = answer.body as {
    code?: string
    refreshToken?: { token: string }
    lineage?: { generation: number }
  }
  if (refreshToken === undefined || lineage === undefined) {
    client.loggedOut ??= `${answer.status} ${code}`
    return false
  }
  client.token = refreshToken.token
  client.generation = lineage.generation
  client.acknowledged += 1
  return true
}

describe('a core that is killed under 200 refreshes a second', () => {
  it('loses no acknowledged session or rotation, and nobody is logged out', async (test) => {
    const dir = mkdtempSync(path.join(tmpdir(), 'pawl-kill-'))
    const port = String(await freePort())
    const env = {
      PAWL_PORT: port,
      PAWL_DATA_DIR: path.join(dir, 'data'),
      // Each client stands for many: no session of one browser is refreshed five times a second.
      PAWL_REFRESHES_PER_MINUTE: '0',
    }
    const agent = new Agent({ keepAlive: true })
    let core: CoreService = await startCore(env)
    const { url } = core
    const clients: Client[] = []
    let isRunning = true
    let logs = ''

    async function live(client: Client): Promise<void> {
      while (isRunning && client.loggedOut === undefined) {
        const isDone = await refreshOnce(url, client, agent)
        await delay(isDone ? CLIENT_PAUSE_MS : RETRY_PAUSE_MS)
      }
    }

    async function arrive(): Promise<void> {
      for (let number = 0; isRunning; number++) {
        const client = await logIn(url, `late-${number}`, agent)
        if (client !== undefined) late.push(client)
        await delay(RETRY_PAUSE_MS)
      }
    }

    const late: Client[] = []
    try {
      for (let number = 0; number < CLIENTS; number++) {
        const client = await logIn(url, `user-${number}`, agent)
        assert.ok(client)
        clients.push(client)
      }
      const loops = [...clients.map(live), arrive()]
      for (let kill = 0; kill < KILLS; kill++) {
        await delay(LIFE_MS)
        await core.kill()
        logs += core.log()
        core = await startCore(env)
      }
      isRunning = false
      await Promise.all(loops)

      // Everybody, those who logged in between two kills too, is still somebody.
      const deadlineMs = performance.now() + RECOVERY_MAX_MS
      for (const client of [...clients, ...late]) {
        const before = client.generation
        while (!(await refreshOnce(url, client, agent))) {
          assert.equal(client.loggedOut, undefined, `${client.userId} was logged out`)
          assert.ok(performance.now() < deadlineMs, `${client.userId} did not recover`)
          await delay(RETRY_PAUSE_MS)
        }
        assert.ok(client.generation > before, 'an acknowledged rotation was forgotten')
      }
      const acknowledged = clients.reduce((sum, client) => sum + client.acknowledged, 0)
      const lost = clients.reduce((sum, client) => sum + client.lost, 0)
      assert.deepEqual(
        [...clients, ...late].filter(({ loggedOut }) => loggedOut !== undefined),
        [],
      )
      assert.ok(acknowledged > CLIENTS * KILLS, `only ${acknowledged} refreshes were acknowledged`)
      assert.ok(lost > 0, 'no answer was ever lost: the kills met nothing')
      // A token that is ahead of its row would say that the store had forgotten a rotation.
      assert.doesNotMatch(logs + core.log(), /store-behind|"theft"/)
      test.diagnostic(
        `${KILLS} kills: ${acknowledged} refreshes acknowledged, ${lost} answers lost and retried, ` +
          `${clients.length + late.length} sessions alive, 0 logouts`,
      )
    } finally {
      isRunning = false
      agent.destroy()
      await core.kill()
      rmSync(dir, { recursive: true, force: true })
    }
  })
})
