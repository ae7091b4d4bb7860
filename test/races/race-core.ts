import { type EpochMs, rotationSettings, type Store } from '@pawl/core'
import { type EmbeddedCore, embedCore } from '@pawl/embedded'
import type { Outcome } from '@pawl/protocol'
import { eventText, type Family, type RaceAnswer, type RaceCall, type RaceEvent } from './calls.ts'

const SECRET = 'rA7c-0eS9hT4nV2kQw8LzYx5Bm1PjGd3Uf_iRoJ6tNs'

/** The settings of the races. No jitter: the same call at the same time has the same answer. */
export const raceRotation = rotationSettings(60_000)

/** A core whose clock is set by hand, and what it told of. */
export interface RaceCore {
  readonly core: EmbeddedCore
  readonly setTime: (nowMs: number) => void
  /** The events since the last call of this. */
  readonly takeEvents: () => readonly RaceEvent[]
}

/** Opens a core of the races; all of them have one secret. */
export async function openRaceCore(store: Store): Promise<RaceCore> {
  let nowMs = Date.now()
  let events: RaceEvent[] = []
  const core = await embedCore({
    store,
    secret: SECRET,
    settings: { accessKind: 'opaque', accessJitterShare: 0, rotation: raceRotation },
    clock: { nowMs: () => nowMs as EpochMs },
    onEvent: (event) => events.push(eventText(event)),
  })
  return {
    core,
    setTime: (time) => {
      nowMs = time
    },
    takeEvents: () => {
      const taken = events
      events = []
      return taken
    },
  }
}

/** Makes a call and gives its answer, without what is random in it. */
export async function makeCall(
  core: EmbeddedCore,
  { handle, refreshTokens, accessTokens }: Family,
  call: RaceCall & { readonly nowMs: number },
): Promise<RaceAnswer> {
  switch (call.kind) {
    case 'refresh': {
      const token = refreshTokens[call.token] ?? ''
      return answerOf(await core.refreshSession({ refreshTokens: [token] }), (grant) => ({
        rule: grant.rule,
        value: String(grant.session.claims.value),
        idleExpiresAtMs: grant.session.idleExpiresAtMs,
        accessExpiresAtMs: grant.accessToken.expiresAtMs,
        refreshExpiresAtMs: grant.refreshToken.expiresAtMs,
        generation: grant.lineage.generation,
        parent: grant.lineage.parent,
      }))
    }
    case 'confirm': {
      const use = { accessToken: accessTokens[call.token] ?? '', firstSeenAtMs: call.nowMs }
      return answerOf(await core.confirmUses({ uses: [use] }), ({ confirmed }) => ({ confirmed }))
    }
    case 'claims':
      // The session in this answer was read before the write; only the claims are of the write.
      return answerOf(
        await core.replaceClaims({ handle, claims: { value: call.value } }),
        ({ session }) => ({ value: String(session.claims.value) }),
      )
    case 'revoke':
      return answerOf(await core.revokeSession({ handle }), ({ revoked }) => ({ revoked }))
  }
}

function answerOf<Value>(outcome: Outcome<Value>, facts: (value: Value) => RaceAnswer): RaceAnswer {
  if (outcome.kind === 'ok') return { kind: 'ok', ...facts(outcome.value) }
  const reason = outcome.session?.reason ?? null
  const detail = outcome.code === 'unavailable' ? outcome.detail : null
  return { kind: 'refused', code: outcome.code, reason, detail }
}
