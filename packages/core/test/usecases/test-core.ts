import { createHash } from 'node:crypto'
import { type CoreApi, type Grant, type Outcome, RESERVED_CLAIMS } from '@pawl/protocol'
import { memoryStore } from '@pawl/store-testkit'
import {
  type AccessTokens,
  type AppContext,
  type AppId,
  type AppSettings,
  appSettings,
  type EpochMs,
  type Hash1,
  makeCore,
  type OpenedAccessToken,
  type OpenedRefreshToken,
  type Origin,
  prefixOf,
  type RefreshTokens,
  type Registry,
  type SecretHash,
  type SessionEvent,
  type SessionHandle,
  type Store,
} from '../../src/index.ts'

/** A core over the memory store, with a clock that stands still and tokens that are plain JSON. */
export interface TestCore {
  readonly core: CoreApi
  readonly context: AppContext
  readonly store: Store
  readonly events: SessionEvent[]
  /** Does what was left for later, once; throws what it throws. */
  readonly doLater: () => Promise<void>
  advance(ms: number): void
}

/** Opens a test core; `store` lets a test put itself between the core and its rows. */
export function testCore(
  options: { readonly store?: Store; readonly settings?: Partial<AppSettings> } = {},
): TestCore {
  const store = options.store ?? memoryStore()
  const settings = appSettings(options.settings)
  const events: SessionEvent[] = []
  const waiting: (() => Promise<unknown>)[] = []
  let nowMs = 1_800_000_000_000
  let serial = 0
  const context: AppContext = {
    app: 'default' as AppId,
    settings,
    findTenant: async (tenant) => (tenant === 'default' ? settings : undefined),
    store,
    clock: { nowMs: () => nowMs as EpochMs },
    random: {
      session: () => {
        const handle = String(++serial).padStart(22, 'h') as SessionHandle
        return { handle, origin: new Uint8Array(16) as Origin }
      },
      fraction: () => 0,
    },
    refreshTokens: plainRefreshTokens(() => ++serial),
    accessTokens: plainAccessTokens(),
    revocationFeed: {
      readPage: async () => ({ entries: [], cursor: '0', isEnd: true, asOfMs: 0 }),
      follow: async function* () {},
    },
    registry: noRegistry,
    publicKeys: { publicKeySet: async () => ({ keys: [], maxAgeSeconds: 60 }) },
    emit: (event) => events.push(event),
    later: (_, work) => waiting.push(work),
  }
  const core = makeCore(context)
  const advance = (ms: number): void => {
    nowMs += ms
  }
  const doLater = async () => {
    for (const work of waiting.splice(0)) await work()
  }
  return { core, context, store, events, doLater, advance }
}

const noRegistry: Registry = {
  listApps: async () => [],
  putApp: async () => ({ kind: 'configured' }),
  removeApp: async () => 'configured',
  listTenants: async () => [],
  putTenant: async () => ({ kind: 'configured' }),
  removeTenant: async () => 'configured',
}

/** The value of an outcome; fails the test with the refusal's code. */
export function granted<T>(outcome: Outcome<T>): T {
  if (outcome.kind === 'ok') return outcome.value
  throw new Error(`refused: ${outcome.code}: ${outcome.detail}`)
}

/** Refreshes with one token. */
export function refreshWith(core: CoreApi, grant: Grant): Promise<Outcome<Grant>> {
  return core.refreshSession({ refreshTokens: [grant.refreshToken.token] })
}

function sha256(input: string | Uint8Array): Buffer {
  return createHash('sha256').update(input).digest()
}

function plainRefreshTokens(next: () => number): RefreshTokens {
  const open = (token: string): OpenedRefreshToken | undefined => {
    if (!token.startsWith('rt:')) return undefined
    const content = JSON.parse(token.slice(3))
    const hash1 = sha256(token)
    const parent = content.parentHash1 === null ? null : Buffer.from(content.parentHash1, 'hex')
    return {
      ...content,
      origin: new Uint8Array(16) as Origin,
      hash1: hash1 as unknown as Hash1,
      hash2: sha256(hash1).toString('base64url') as SecretHash,
      parentHash2: parent === null ? null : (sha256(parent).toString('base64url') as SecretHash),
    }
  }
  return {
    open,
    mint({ session, parent, mintedAtMs }) {
      const token = `rt:${JSON.stringify({
        app: session.app,
        tenant: session.tenant,
        handle: session.handle,
        keyThumbprint: session.keyThumbprint,
        generation: parent === null ? 0 : parent.generation + 1,
        parentHash1: parent === null ? null : Buffer.from(parent.hash1).toString('hex'),
        mintedAtMs,
        serial: next(),
      })}`
      const opened = open(token)
      if (opened === undefined) throw new Error('a minted token must open')
      return { token, opened }
    },
  }
}

function plainAccessTokens(): AccessTokens {
  return {
    reservedClaims: new Set(RESERVED_CLAIMS),
    async mint({ session, lineage, nowMs, expiresAtMs }) {
      const { app, tenant, handle, userId, claims, accessKind: kind } = session
      const content = { app, tenant, handle, userId, claims, kind, lineage, expiresAtMs }
      const token = `at:${JSON.stringify({ ...content, issuedAtMs: nowMs })}`
      return token.length > 4_000 ? undefined : token
    },
    async open(app, token) {
      if (!token.startsWith('at:')) return undefined
      const opened = JSON.parse(token.slice(3)) as OpenedAccessToken
      return opened.app === app ? opened : undefined
    },
  }
}

/** The prefix that events and answers show of a grant's refresh token. */
export function idOf(grant: Grant): string {
  return prefixOf(sha256(sha256(grant.refreshToken.token)).toString('base64url') as SecretHash)
}
