import {
  OPAQUE_ACCESS_PREFIX,
  type Outcome,
  ok,
  type Refusal,
  refuse,
  type VerifiedSession,
} from '@pawl/protocol'
import type { CoreCalls, NowMs } from '../ports.ts'
import type { Revocations } from '../session/revocations.ts'
import type { Trust } from '../trust/trust.ts'
import type { TrustCache } from '../trust/trust-cache.ts'
import { ownCopy } from './canonical.ts'
import { type ReadToken, readAccessToken } from './read-access-token.ts'
import { makeTokenCache, type VerifiedToken } from './token-cache.ts'

/** A value, at once where nothing must be asked. */
export type MaybePromise<T> = T | Promise<T>

/** A first settled use of a grant that its client has not confirmed yet. */
export interface SettledUse {
  readonly token: string
  readonly grantId: string
  readonly firstSeenAtMs: number
}

/** Verifies access tokens. */
export interface Verifier {
  /** At once for a JWT whose key is known; a promise if the core must be asked. */
  verify(token: string): MaybePromise<Outcome<VerifiedSession>>
  /** Asks the core to check the token against the store, after it was found good here. */
  verifyAtStore(token: string, more: StoreCheck): Promise<Outcome<VerifiedSession>>
  /** The session an access token names, expired or not; undefined for anything not verifiable here. */
  sessionOf(token: string): VerifiedSession | undefined
}

/** What goes with a check at the store. */
export interface StoreCheck {
  readonly clientAddress?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** What a verifier stands on. */
export interface VerifierDeps {
  readonly core: Pick<CoreCalls, 'verifySession'>
  readonly trust: TrustCache
  readonly revocations: Revocations
  readonly nowMs: NowMs
  /** Told once per grant; returns at once. */
  readonly onSettledUse: (use: SettledUse) => void
  /** Most verified tokens remembered. */
  readonly cacheLimit: number
}

const INVALID: Refusal = Object.freeze(refuse('access_token_invalid'))
const EXPIRED: Refusal = Object.freeze(refuse('access_token_expired'))
const ENDED: Refusal = Object.freeze(refuse('session_ended'))
const OPAQUE_START = `${OPAQUE_ACCESS_PREFIX}.`

/**
 * A verifier: JWTs locally against cached keys, each verified once and then found in a bounded cache
 * where expiry, keys and revocations are looked at again on every use; opaque tokens at the core.
 */
export function makeVerifier(deps: VerifierDeps): Verifier {
  const { trust, revocations, nowMs } = deps
  const cache = makeTokenCache(deps.cacheLimit)

  function verify(token: string): MaybePromise<Outcome<VerifiedSession>> {
    const entry = cache.get(token)
    const now = nowMs()
    if (entry !== undefined && entry.trust === trust.current) {
      trust.touch(now)
      return judgeKnown(token, entry, now)
    }
    if (token.startsWith(OPAQUE_START)) return verifyOpaque(token, {})
    const { current } = trust
    if (current === undefined) return verifyAfterLoad(token)
    trust.touch(now)
    const read = readAccessToken(token, current, now)
    return read.kind === 'unknown-key'
      ? verifyAfterLookUp(token)
      : settle(token, read, current, now)
  }

  function judgeKnown(token: string, entry: VerifiedToken, now: number): Outcome<VerifiedSession> {
    if (now >= entry.session.expiresAtMs) {
      cache.delete(token)
      return EXPIRED
    }
    const { generation } = revocations
    if (entry.revocationGeneration !== generation) {
      if (revocations.isRevoked(entry.session)) return ENDED
      entry.revocationGeneration = generation
    }
    if (now >= entry.settledAtMs) {
      entry.settledAtMs = Number.POSITIVE_INFINITY
      deps.onSettledUse({ token, grantId: entry.session.lineage.id, firstSeenAtMs: now })
    }
    return entry.outcome
  }

  function settle(
    token: string,
    read: ReadToken,
    current: Trust,
    now: number,
  ): Outcome<VerifiedSession> {
    if (read.kind === 'expired') return EXPIRED
    if (read.kind !== 'valid') return INVALID
    const entry: VerifiedToken = {
      outcome: ok(read.session),
      session: read.session,
      trust: current,
      revocationGeneration: -1,
      settledAtMs: settledAtMs(read.session, read.mintedAtMs, current),
    }
    const text = ownCopy(token)
    cache.set(text, entry)
    return judgeKnown(text, entry, now)
  }

  async function verifyAfterLoad(token: string): Promise<Outcome<VerifiedSession>> {
    const loaded = await trust.load()
    if (loaded.kind === 'refused') return loaded
    const now = nowMs()
    const read = readAccessToken(token, loaded.value, now)
    return read.kind === 'unknown-key'
      ? verifyAfterLookUp(token)
      : settle(token, read, loaded.value, now)
  }

  async function verifyAfterLookUp(token: string): Promise<Outcome<VerifiedSession>> {
    const found = await trust.lookAgain()
    if (found.kind === 'refused') return found
    const now = nowMs()
    return settle(token, readAccessToken(token, found.value, now), found.value, now)
  }

  async function verifyOpaque(token: string, more: StoreCheck): Promise<Outcome<VerifiedSession>> {
    const outcome = await deps.core.verifySession(storeRequest(token, false, more), more.signal)
    if (outcome.kind === 'ok' && revocations.isRevoked(outcome.value)) return ENDED
    if (outcome.kind === 'ok') void reportOpaque(token, outcome.value)
    return outcome
  }

  async function reportOpaque(token: string, session: VerifiedSession): Promise<void> {
    const loaded = await trust.load()
    if (loaded.kind === 'refused') return
    const now = nowMs()
    if (now < settledAtMs(session, session.issuedAtMs, loaded.value)) return
    deps.onSettledUse({ token, grantId: session.lineage.id, firstSeenAtMs: now })
  }

  async function verifyAtStore(token: string, more: StoreCheck): Promise<Outcome<VerifiedSession>> {
    if (!token.startsWith(OPAQUE_START)) {
      const local = await verify(token)
      if (local.kind === 'refused') return local
    }
    const outcome = await deps.core.verifySession(storeRequest(token, true, more), more.signal)
    return outcome.kind === 'ok' && revocations.isRevoked(outcome.value) ? ENDED : outcome
  }

  function sessionOf(token: string): VerifiedSession | undefined {
    if (trust.current === undefined || token.startsWith(OPAQUE_START)) return undefined
    const read = readAccessToken(token, trust.current, nowMs())
    return read.kind === 'valid' || read.kind === 'expired' ? read.session : undefined
  }

  return { verify, verifyAtStore, sessionOf }
}

function storeRequest(accessToken: string, checkStore: boolean, more: StoreCheck) {
  const { clientAddress } = more
  return { accessToken, checkStore, ...(clientAddress === undefined ? {} : { clientAddress }) }
}

/** From when a use of this token shows that its grant has reached the client's store. */
function settledAtMs(session: VerifiedSession, mintedAtMs: number, trust: Trust): number {
  const { confirm, settlingMs } = trust.settings
  const isOpen = confirm === 'on-use' && session.lineage.parent !== null
  return isOpen ? mintedAtMs + settlingMs : Number.POSITIVE_INFINITY
}
