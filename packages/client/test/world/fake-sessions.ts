import type { SessionInfoHeader } from '@pawl/protocol/frontend'

interface FakeToken {
  readonly id: string
  readonly parent: string | null
  readonly generation: number
  readonly mintedAtMs: number
}

interface FakeSession {
  readonly handle: string
  readonly userId: string
  readonly absoluteExpiresAtMs: number
  readonly tokens: Map<string, FakeToken>
  cur: FakeToken
  prev: FakeToken | null
  confirmedAtMs: number
  ended: string | undefined
  claims: Readonly<Record<string, unknown>>
}

/** A pair of tokens, and what the front end is told of them. */
export interface FakeGrant {
  readonly refreshToken: string
  readonly accessToken: string
  readonly header: SessionInfoHeader
}

export type FakeOutcome =
  | { readonly kind: 'ok'; readonly grant: FakeGrant }
  | { readonly kind: 'refused'; readonly code: string }

/** An API's sessions in memory, with the rotation rule as a client meets it. */
export class FakeSessions {
  readonly sessions = new Map<string, FakeSession>()
  /** Every refresh that was granted: the token presented, and when. */
  readonly refreshes: { readonly presented: string; readonly atMs: number }[] = []
  thefts = 0
  /** The race window that the front end is told of. */
  toldWindowMs: number | undefined
  accessLifeMs: number
  readonly raceWindowMs: number
  readonly nowMs: () => number
  #lastId = 0
  #expiredBefore = 0

  constructor(options: {
    readonly accessLifeMs: number
    readonly raceWindowMs: number
    readonly nowMs: () => number
  }) {
    this.accessLifeMs = options.accessLifeMs
    this.raceWindowMs = options.raceWindowMs
    this.nowMs = options.nowMs
  }

  logIn(userId: string): FakeGrant {
    const handle = `s${this.#nextId()}`
    const root = this.#mint(null)
    const session: FakeSession = {
      handle,
      userId,
      absoluteExpiresAtMs: this.nowMs() + 90 * 24 * 3_600_000,
      tokens: new Map([[root.id, root]]),
      cur: root,
      prev: null,
      confirmedAtMs: this.nowMs(),
      ended: undefined,
      claims: {},
    }
    this.sessions.set(handle, session)
    return this.#grant(session, root)
  }

  refresh(presented: string | undefined): FakeOutcome {
    if (presented === undefined) return refused('no_session')
    const session = this.#ownerOf(presented)
    const token = session?.tokens.get(presented)
    if (session === undefined || token === undefined) return refused('refresh_token_invalid')
    if (session.ended !== undefined) return refused('session_ended')
    if (!this.#accept(session, token)) {
      this.thefts += 1
      session.ended = 'theft'
      return refused('token_theft')
    }
    const child = this.#mint(token)
    session.tokens.set(child.id, child)
    this.refreshes.push({ presented, atMs: this.nowMs() })
    return { kind: 'ok', grant: this.#grant(session, child) }
  }

  check(accessToken: string | undefined): FakeOutcome {
    if (accessToken === undefined) return refused('no_session')
    const [id = '', expiresAtMs, serial] = accessToken.split('.').slice(1)
    const session = this.#ownerOf(id)
    const token = session?.tokens.get(id)
    if (session === undefined || token === undefined) return refused('access_token_invalid')
    if (session.ended !== undefined) return refused('session_ended')
    const expired = this.nowMs() >= Number(expiresAtMs) || Number(serial) <= this.#expiredBefore
    if (expired) return refused('access_token_expired')
    return { kind: 'ok', grant: this.#grant(session, token, Number(expiresAtMs)) }
  }

  signOut(presented: string | undefined): void {
    const session = presented === undefined ? undefined : this.#ownerOf(presented)
    if (session !== undefined) session.ended ??= 'signed-out'
  }

  end(handle: string, reason: string): void {
    const session = this.sessions.get(handle)
    if (session !== undefined) session.ended = reason
  }

  /** Every access token that is out there expires now, and no client knows. */
  expireNow(): void {
    this.#expiredBefore = this.#lastId
  }

  isLive(handle: string): boolean {
    return this.sessions.get(handle)?.ended === undefined
  }

  #accept(session: FakeSession, token: FakeToken): boolean {
    const { cur, prev, confirmedAtMs } = session
    const { raceWindowMs } = this
    const now = this.nowMs()
    if (token.id === cur.id) return true
    const advance = token.parent === cur.id
    const converge =
      prev !== null &&
      token.parent === prev.id &&
      cur.mintedAtMs - raceWindowMs <= token.mintedAtMs &&
      token.mintedAtMs <= confirmedAtMs + raceWindowMs
    if (advance) Object.assign(session, { prev: cur, cur: token, confirmedAtMs: now })
    else if (converge) session.cur = token
    return advance || converge || (token.id === prev?.id && now <= confirmedAtMs + raceWindowMs)
  }

  #mint(parent: FakeToken | null): FakeToken {
    return {
      id: `t${this.#nextId()}`,
      parent: parent?.id ?? null,
      generation: parent === null ? 0 : parent.generation + 1,
      mintedAtMs: this.nowMs(),
    }
  }

  #grant(session: FakeSession, token: FakeToken, knownExpiryMs?: number): FakeGrant {
    const nowMs = this.nowMs()
    const accessExpiresAtMs = knownExpiryMs ?? nowMs + this.accessLifeMs
    return {
      refreshToken: token.id,
      accessToken: `at.${token.id}.${accessExpiresAtMs}.${this.#nextId()}`,
      header: {
        handle: session.handle,
        userId: session.userId,
        generation: token.generation,
        grant: token.id,
        accessExpiresAtMs,
        serverNowMs: nowMs,
        absoluteExpiresAtMs: session.absoluteExpiresAtMs,
        claims: session.claims,
        ...(this.toldWindowMs === undefined ? {} : { w: this.toldWindowMs }),
      },
    }
  }

  #ownerOf(id: string): FakeSession | undefined {
    return [...this.sessions.values()].find(({ tokens }) => tokens.has(id))
  }

  #nextId(): number {
    this.#lastId += 1
    return this.#lastId
  }
}

function refused(code: string): FakeOutcome {
  return { kind: 'refused', code }
}
