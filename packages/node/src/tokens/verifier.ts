import {
  OPAQUE_ACCESS_PREFIX,
  type Outcome,
  ok,
  type Refusal,
  refuse,
  type VerifiedSession,
} from '@pawl/protocol'
import type { CoreCalls, NowMs } from '../ports.ts'
import type { RequestLike } from '../request-like.ts'
import { freshNotes, type RevocationGate } from '../revocations/revocation-gate.ts'
import type { Revocations } from '../session/revocations.ts'
import type { Trust } from '../trust/trust.ts'
import type { TrustCache } from '../trust/trust-cache.ts'
import { ownCopy } from './canonical.ts'
import { claimedIssueEndMs } from './claimed-time.ts'
import { frozenCopy } from './frozen-copy.ts'
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
  /**
   * At once for a JWT whose key is known; a promise if the core must be asked. `from` is who it is
   * asked for.
   */
  verify(token: string, from?: AskedFor): MaybePromise<Outcome<VerifiedSession>>
  /** Asks the core to check the token against the store, after it was found good here. */
  verifyAtStore(token: string, from: AskedFor): Promise<Outcome<VerifiedSession>>
  /** The session a token names, expired or not; undefined for anything not verifiable here. */
  sessionOf(token: string): VerifiedSession | undefined
}

/** Who the core is asked for: a request, as a rule. */
export type AskedFor = Pick<RequestLike, 'clientAddress' | 'signal'>

/** What a verifier stands on. */
interface VerifierDeps {
  readonly core: Pick<CoreCalls, 'verifySession'>
  readonly trust: TrustCache
  readonly revocations: Revocations
  readonly gate: RevocationGate
  readonly nowMs: NowMs
  /** Told once per grant; returns at once. */
  readonly onSettledUse: (use: SettledUse) => void
  /** Most verified tokens remembered. */
  readonly cacheLimit: number
}

const NOBODY: AskedFor = {}
const INVALID: Refusal = Object.freeze(refuse('access_token_invalid'))
const EXPIRED: Refusal = Object.freeze(refuse('access_token_expired'))
const ENDED: Refusal = Object.freeze(refuse('session_ended'))
const KEY_UNKNOWN: Refusal = Object.freeze(
  refuse('unavailable', 'the key of the access token is not known yet', { retryAfterSeconds: 2 }),
)
/** Ours by its signature, of a time to come: clocks are apart, as after a machine was suspended. */
export const EARLY: Refusal = Object.freeze(
  refuse('unavailable', "the access token is of a time to come: this machine's clock is behind", {
    retryAfterSeconds: 2,
  }),
)
const OPAQUE_START = `${OPAQUE_ACCESS_PREFIX}.`

/** A verifier: JWTs locally against cached keys, opaque tokens at the core. */
export function makeVerifier(deps: VerifierDeps): Verifier {
  const { trust, nowMs } = deps
  const verifyJwt = makeJwtVerifier(deps)
  const { verifyOpaque, verifyAtStore } = makeStoreVerifier(deps, verifyJwt)
  return {
    verify: (token, from = NOBODY) =>
      isOpaque(token) ? verifyOpaque(token, from) : verifyJwt(token, true),
    verifyAtStore,
    sessionOf: (token) => {
      if (trust.current === undefined || isOpaque(token)) return undefined
      const read = readAccessToken(token, trust.current, nowMs())
      return read.kind === 'valid' || read.kind === 'expired' ? read.session : undefined
    },
  }
}

/** `isGated` is false for what the core is asked about anyway. */
type VerifyJwt = (token: string, isGated: boolean) => MaybePromise<Outcome<VerifiedSession>>

/**
 * Verifies each JWT once and finds it in a bounded cache afterwards, where expiry, keys and
 * revocations are looked at again on every use.
 */
function makeJwtVerifier(deps: VerifierDeps): VerifyJwt {
  const { trust, revocations, gate, nowMs } = deps
  const cache = makeTokenCache(deps.cacheLimit)

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

  /** Undefined for a token of an unknown key. */
  function judgeNew(
    token: string,
    current: Trust,
    isGated: boolean,
  ): MaybePromise<Outcome<VerifiedSession>> | undefined {
    const now = nowMs()
    const read = readAccessToken(token, current, now)
    if (read.kind === 'unknown-key') return undefined
    if (read.kind !== 'valid') return refusalOf(read)
    const text = ownCopy(token)
    const entry = entryOf(text, read, current)
    cache.set(entry)
    const outcome = judgeKnown(text, entry, now)
    return isGated && outcome.kind === 'ok' ? gate.pass(text, entry, now) : outcome
  }

  async function judgeAfter(
    token: string,
    asked: Promise<Outcome<Trust>>,
    isGated: boolean,
  ): Promise<Outcome<VerifiedSession> | undefined> {
    const answer = await asked
    return answer.kind === 'refused' ? answer : judgeNew(token, answer.value, isGated)
  }

  async function lookAgain(token: string, isGated: boolean): Promise<Outcome<VerifiedSession>> {
    const sinceMs = nowMs()
    const outcome = await judgeAfter(token, trust.lookAgain(), isGated)
    return outcome ?? refusalOfUnknownKey(token, trust.askedAtMs, sinceMs)
  }

  async function loadFirst(token: string, isGated: boolean): Promise<Outcome<VerifiedSession>> {
    return (await judgeAfter(token, trust.load(), isGated)) ?? lookAgain(token, isGated)
  }

  return (token, isGated) => {
    const { current } = trust
    if (current === undefined) return loadFirst(token, isGated)
    const now = nowMs()
    trust.touch(now)
    const entry = cache.get(token)
    if (entry === undefined || entry.trust !== current) {
      return judgeNew(token, current, isGated) ?? lookAgain(token, isGated)
    }
    const outcome = judgeKnown(token, entry, now)
    return isGated && outcome.kind === 'ok' ? gate.pass(token, entry, now) : outcome
  }
}

function refusalOf(read: ReadToken): Refusal {
  if (read.kind === 'expired') return EXPIRED
  return read.kind === 'invalid' && read.reason === 'early' ? EARLY : INVALID
}

/**
 * The answer of the core may be older than the question, and the token younger than the answer:
 * then nobody knows yet. An older token is refused: its key has gone, and a refresh makes it good.
 */
function refusalOfUnknownKey(token: string, answerAsOfMs: number, questionAtMs: number): Refusal {
  const isOpen = answerAsOfMs < questionAtMs && claimedIssueEndMs(token) > answerAsOfMs
  return isOpen ? KEY_UNKNOWN : INVALID
}

function entryOf(
  token: string,
  { session, mintedAtMs }: { readonly session: VerifiedSession; readonly mintedAtMs: number },
  trust: Trust,
): VerifiedToken {
  return {
    token,
    outcome: ok(session),
    session,
    mintedAtMs,
    gate: freshNotes(),
    trust,
    revocationGeneration: -1,
    settledAtMs: settledAtMs(session, mintedAtMs, trust),
  }
}

/** Verifies at the core: opaque tokens, and what must be checked against the store. */
function makeStoreVerifier(deps: VerifierDeps, verifyJwt: VerifyJwt) {
  const { core, trust, revocations, nowMs } = deps

  async function ask(
    token: string,
    checkStore: boolean,
    { clientAddress, signal }: AskedFor,
  ): Promise<Outcome<VerifiedSession>> {
    const address = clientAddress === undefined ? {} : { clientAddress }
    const outcome = await core.verifySession(
      { accessToken: token, checkStore, ...address },
      signal ?? undefined,
    )
    if (outcome.kind === 'refused') return outcome
    if (revocations.isRevoked(outcome.value)) return ENDED
    // A core in this process may have handed out what it goes on using.
    return ok({ ...outcome.value, claims: frozenCopy(outcome.value.claims) })
  }

  async function reportUse(token: string, session: VerifiedSession): Promise<void> {
    const loaded = await trust.load()
    if (loaded.kind === 'refused') return
    const now = nowMs()
    if (now < settledAtMs(session, session.issuedAtMs, loaded.value)) return
    deps.onSettledUse({ token, grantId: session.lineage.id, firstSeenAtMs: now })
  }

  return {
    verifyOpaque: async (token: string, from: AskedFor): Promise<Outcome<VerifiedSession>> => {
      const outcome = await ask(token, false, from)
      if (outcome.kind === 'ok') void reportUse(token, outcome.value)
      return outcome
    },
    verifyAtStore: async (token: string, from: AskedFor): Promise<Outcome<VerifiedSession>> => {
      const local = isOpaque(token) ? undefined : await verifyJwt(token, false)
      return local?.kind === 'refused' ? local : ask(token, true, from)
    },
  }
}

function isOpaque(token: string): boolean {
  return token.startsWith(OPAQUE_START)
}

/** From when a use of this token shows that its grant has reached the client's store. */
function settledAtMs(session: VerifiedSession, mintedAtMs: number, trust: Trust): number {
  const { confirm, settlingMs } = trust.settings
  const isOpen = confirm === 'on-use' && session.lineage.parent !== null
  return isOpen ? mintedAtMs + settlingMs : Number.POSITIVE_INFINITY
}
