import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startCore } from '../kill/core-service.ts'
import { APP_SETTINGS } from './setups.ts'

/** Our rule, or its special case without a race window. */
export type Rule = 'ours' | 'strict'

/** What its keys sign with; ES256 is the default. */
export type Algorithm = 'ES256' | 'RS256' | 'EdDSA'

/** A core service in a process of its own, on an empty SQLite file. */
export interface CoreUnderTest {
  readonly url: string
  readonly apiKey: string
  /** Calls a route of the wire as an operator would, with the newest version of it. */
  readonly call: (method: string, path: string, body?: object) => Promise<Response>
  readonly stop: () => Promise<void>
}

const running = new Set<() => Promise<void>>()

/** Stops every core that runs or is about to, for a run that is broken off. */
export async function stopRunningCores(): Promise<void> {
  await Promise.allSettled([...running].map((stop) => stop()))
}

/** Starts a core with this rule for all its apps, and makes the apps of the scenarios. */
export async function startCoreUnderTest(
  rule: Rule,
  algorithm: Algorithm = 'ES256',
): Promise<CoreUnderTest> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'pawl-compat-'))
  const apiKey = `compat-${randomBytes(16).toString('hex')}`
  const starting = startCore({
    PATH: process.env.PATH ?? '',
    PAWL_PORT: '0',
    PAWL_DATA_DIR: dataDir,
    PAWL_SIGNING_ALGORITHM: algorithm,
    PAWL_COMPAT_API_KEYS: apiKey,
    PAWL_COMPAT_ALLOW_TEST_SETTINGS: 'true',
    PAWL_COMPAT_STRICT_ROTATION: String(rule === 'strict'),
  })
  const stop = async (): Promise<void> => {
    running.delete(stop)
    await (await starting).stop()
    await rm(dataDir, { recursive: true, force: true })
  }
  running.add(stop)
  const service = await starting
  const call = (method: string, route: string, body?: object): Promise<Response> =>
    fetch(`${service.url}${route}`, {
      method,
      headers: { 'api-key': apiKey, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  try {
    for (const [appId, settings] of Object.entries(APP_SETTINGS)) {
      const coreConfig = { ...settings, api_keys: apiKey }
      const made = await call('PUT', '/recipe/multitenancy/app/v2', { appId, coreConfig })
      assert.equal(made.status, 200, `app ${appId}: ${await made.text()}`)
    }
    return { url: service.url, apiKey, call, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
