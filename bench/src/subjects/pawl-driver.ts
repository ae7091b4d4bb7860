import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type EmbeddedCore, embedCore, generateSecret } from '@pawl/embedded'
import { createPawl, type Pawl, type RequestLike } from '@pawl/node'
import { COOKIES } from '@pawl/protocol'
import { sqliteStore } from '@pawl/store-sqlite'
import { withRsa2048 } from './resigned.ts'
import type { Subject } from './subject.ts'

/** Sessions that are live, each with one access token; the driver's cache holds them all. */
const SESSIONS = 4_096
/** Other sessions that ended: the list of revocations is on, and is not empty. */
const REVOKED = 1_024
/** So many log in at a time. */
const AT_ONCE = 256
/** Calls between two looks at the clock: as many as the peers make, where one takes as long. */
const BATCH = { quick: 1_024, slow: 64 } as const
/** With so few remembered and four times as many going round, no token is ever found. */
const FORGETFUL = SESSIONS / 4

const VARIANTS = {
  'seen-jwt': { algorithm: 'ES256', kind: 'jwt', verifiedTokens: 2 * SESSIONS, asks: 'verify' },
  'seen-opaque': { algorithm: 'ES256', kind: 'opaque', verifiedTokens: 2, asks: 'verify' },
  'new-es256': { algorithm: 'ES256', kind: 'jwt', verifiedTokens: FORGETFUL, asks: 'verify' },
  'new-rs2048': { algorithm: 'ES256', kind: 'jwt', verifiedTokens: FORGETFUL, asks: 'verify' },
  'new-rs3072': { algorithm: 'RS256', kind: 'jwt', verifiedTokens: FORGETFUL, asks: 'verify' },
  'guard-seen': { algorithm: 'ES256', kind: 'jwt', verifiedTokens: 2 * SESSIONS, asks: 'guard' },
  'guard-new': { algorithm: 'ES256', kind: 'jwt', verifiedTokens: FORGETFUL, asks: 'guard' },
} as const

/**
 * The driver over a core in its process (SQLite), its feed of revocations followed. Every call gets
 * a text of its own, as from a request: nothing is known of it, not even a hash.
 */
export async function open(variant: string): Promise<Subject> {
  const options = VARIANTS[variant as keyof typeof VARIANTS]
  const dir = mkdtempSync(path.join(tmpdir(), 'pawl-bench-'))
  const core = await embedCore({
    store: sqliteStore({ path: path.join(dir, 'pawl.db') }),
    secret: generateSecret(),
    signing: { algorithm: options.algorithm },
    settings: { accessKind: options.kind },
  })
  const resigned = variant === 'new-rs2048' ? withRsa2048(core) : undefined
  const { verifiedTokens } = options
  const pawl = createPawl({ core: resigned?.core ?? core, limits: { verifiedTokens } })
  const tokens = await logIn(core, resigned?.resign)
  await revokeOthers(core)
  await pawl.ready()
  const deal = dealer(tokens, options.verifiedTokens === FORGETFUL ? BATCH.slow : BATCH.quick)
  const work =
    options.asks === 'guard'
      ? guardWork(pawl, deal)
      : options.kind === 'opaque'
        ? askingWork(pawl, deal)
        : verifyWork(pawl, deal)
  return {
    ...work,
    close: async () => {
      await pawl.close()
      await core.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

async function logIn(
  core: EmbeddedCore,
  resign: (token: string) => string = (token) => token,
): Promise<Buffer[]> {
  const tokens: Buffer[] = []
  while (tokens.length < SESSIONS) {
    const page = Array.from({ length: AT_ONCE }, async (_, index) => {
      const outcome = await core.createSession({ userId: `user-${tokens.length + index}` })
      if (outcome.kind !== 'ok') throw new Error(outcome.detail)
      return outcome.value.accessToken.token
    })
    const created = await Promise.all(page)
    tokens.push(...created.map((token) => Buffer.from(resign(token), 'latin1')))
  }
  return tokens
}

async function revokeOthers(core: EmbeddedCore): Promise<void> {
  const ended = Array.from({ length: REVOKED }, async () => {
    const outcome = await core.createSession({ userId: 'somebody else' })
    if (outcome.kind !== 'ok') throw new Error(outcome.detail)
    await core.revokeSession({ handle: outcome.value.session.handle })
  })
  await Promise.all(ended)
}

/** Deals out the tokens in turn, each time as a fresh text. */
function dealer(tokens: readonly Buffer[], batch: number): () => string[] {
  let next = 0
  return () =>
    Array.from({ length: batch }, () => tokens[next++ % tokens.length]?.toString('latin1') ?? '')
}

type Work = Pick<Subject, 'prepare' | 'batch'>

function verifyWork(pawl: Pawl, deal: () => string[]): Work {
  let texts: string[] = []
  return {
    prepare: () => {
      texts = deal()
    },
    batch: () => {
      for (const text of texts) {
        const outcome = pawl.verify(text)
        if (outcome instanceof Promise || outcome.kind !== 'ok') throw new Error('refused')
      }
      return texts.length
    },
  }
}

function askingWork(pawl: Pawl, deal: () => string[]): Work {
  return {
    batch: async () => {
      const outcomes = await Promise.all(deal().map((text) => pawl.verify(text)))
      if (outcomes.some(({ kind }) => kind !== 'ok')) throw new Error('refused')
      return outcomes.length
    },
  }
}

function guardWork(pawl: Pawl, deal: () => string[]): Work {
  let requests: RequestLike[] = []
  return {
    prepare: () => {
      requests = deal().map((text) => {
        const headers = new Headers({ cookie: `theme=dark; ${COOKIES.access}=${text}` })
        return { method: 'GET', url: 'https://app.example.com/me', headers }
      })
    },
    batch: () => {
      for (const request of requests) {
        const result = pawl.guard(request)
        if (result instanceof Promise || result.kind !== 'session') throw new Error('refused')
      }
      return requests.length
    },
  }
}
