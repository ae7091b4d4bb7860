import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { type RunningServer, startServer } from '@pawl/server'
import { type Engine, isChosen, useEngine } from '../engines/index.ts'
import { type FormerClient, type FormerCore, fillFormerCore } from './former-core.ts'

const CLI = path.join(import.meta.dirname, '../../packages/server/src/cli.ts')
const SESSIONS = 10_000
/** Clients that refresh while their sessions are taken over. */
const BUSY = 60

interface Answer {
  readonly code: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  readonly body: any
}

describe('an import from SuperTokens', { skip: !isChosen('postgres') }, () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'pawl-import-'))
  let engine: Engine
  let server: RunningServer
  let former: FormerCore

  before(async () => {
    engine = await useEngine('postgres', { durable: false })
    former = fillFormerCore(engine.url, SESSIONS)
    server = await startServer({ port: 0, dataDir, logLevel: 'silent' })
  })
  after(async () => {
    await server?.close()
    await engine?.stop()
    rmSync(dataDir, { recursive: true })
  })

  async function post(route: string, body: object): Promise<Answer> {
    const answer = await fetch(`${server.url}/recipe/session/${route}`, {
      method: 'POST',
      headers: { 'cdi-version': '5.4', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const text = await answer.text()
    return { code: answer.status, body: answer.status === 200 ? JSON.parse(text) : text }
  }
  const refresh = (refreshToken: string) =>
    post('refresh', { refreshToken, enableAntiCsrf: false, useDynamicSigningKey: true })

  async function runImport(...more: string[]): Promise<string> {
    const args = [CLI, 'import', 'supertokens', '--data-dir', dataDir, ...more]
    const env = { ...process.env, PAWL_IMPORT_FROM: engine.url }
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const output of [child.stdout, child.stderr]) {
      output.on('data', (chunk: Buffer) => {
        said += chunk
      })
    }
    const [code] = await once(child, 'close')
    assert.equal(code, 0, said)
    return said
  }

  /** Refreshes as clients do until told to stop; the newest token of each, and what they heard. */
  async function refreshAll(clients: readonly FormerClient[], isOver: () => boolean) {
    const heard = new Map<string, number>()
    const tokens = await Promise.all(
      clients.map(async ({ token: first, handle }) => {
        let token = first
        do {
          const { code, body } = await refresh(token)
          const word = code === 200 ? body.status : String(code)
          heard.set(word, (heard.get(word) ?? 0) + 1)
          if (word === 'OK') {
            assert.equal(body.session.handle, handle)
            token = body.refreshToken.token
          }
          await turn()
        } while (!isOver())
        return token
      }),
    )
    return { heard, tokens }
  }

  /** That an import has ended is known within seconds; some are asked to come again meanwhile. */
  async function refreshPatiently(token: string) {
    let answer = await refresh(token)
    while (answer.code === 503) {
      await turn()
      answer = await refresh(token)
    }
    return answer
  }

  it('takes 10,000 sessions over while clients refresh, and nobody is logged out', async (t) => {
    const { clients } = former
    const probe = clients.at(-1)?.token ?? ''
    let isDone = false
    const importing = runImport().finally(() => {
      isDone = true
    })
    // The SDKs are pointed here once the import has begun, not before.
    while (!isDone && (await refresh(probe)).body?.status === 'UNAUTHORISED') await turn()
    const busy = await refreshAll(clients.slice(0, BUSY), () => isDone)
    assert.match(await importing, /10000 sessions were taken over|were here already/)
    const rotated = former.rotate(former.rotate(clients.slice(100, 150)))
    const gone = clients.slice(200, 220)
    former.end(gone)

    let isLast = false
    const finishing = runImport('--finish').finally(() => {
      isLast = true
    })
    const moved = await refreshAll(
      [...clients.slice(0, BUSY), ...rotated].map((client, index) => ({
        ...client,
        token: busy.tokens[index] ?? client.token,
      })),
      () => isLast,
    )
    assert.match(await finishing, /20 that had ended there have ended here/)
    for (const { heard } of [busy, moved]) {
      t.diagnostic(JSON.stringify(Object.fromEntries(heard)))
      assert.deepEqual(
        [...heard.keys()].filter((word) => !['OK', '503'].includes(word)),
        [],
      )
    }
    const others = clients.filter((_, index) => index >= 300 && index % 50 === 0)
    for (const token of [...moved.tokens, ...others.map((client) => client.token)]) {
      assert.equal((await refreshPatiently(token)).body.status, 'OK')
    }
    for (const { token } of gone) {
      assert.equal((await refreshPatiently(token)).body.status, 'UNAUTHORISED')
    }
  })

  it('leaves the rule, the claims and the old access tokens in force', async () => {
    const client = former.clients[400] as FormerClient
    const accessToken = former.accessTokenOf(client)
    const checks = { doAntiCsrfCheck: false, enableAntiCsrf: false, checkDatabase: true }
    const verified = await post('verify', { ...checks, accessToken })
    assert.equal(verified.body.status, 'OK')
    assert.equal(verified.body.session.handle, client.handle)
    const first = (await refresh(client.token)).body
    assert.deepEqual(first.session.userDataInJWT.index, 400)
    const second = (await refresh(first.refreshToken.token)).body
    const third = (await refresh(second.refreshToken.token)).body
    assert.equal((await refresh(third.refreshToken.token)).body.status, 'OK')
    const stolen = await refreshPatiently(client.token)
    assert.equal(stolen.body.status, 'TOKEN_THEFT_DETECTED')
    assert.equal((await refresh(third.refreshToken.token)).body.status, 'UNAUTHORISED')
  })
})
