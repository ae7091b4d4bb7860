import { createHash } from 'node:crypto'
import {
  decideRefresh,
  decideUse,
  type EndReason,
  type EpochMs,
  endedFor,
  idleExpiryFrom,
  type Lineage,
  type PresentedToken,
  prefixOf,
  type Rotation,
  type SecretHash,
  type Session,
} from '@pawl/core'
import type { RaceCall } from './calls.ts'
import { raceRotation } from './race-core.ts'

/** What a call does to a row, and the marks of its answer by which an order can be found. */
export interface ModelStep {
  readonly row: Session
  readonly mark: string
}

/** The facts of a refresh token that the model knows. */
export interface TokenFacts extends PresentedToken {
  readonly number: number
}

/** The facts of a token from its text and its place in the lineage. */
export function tokenFacts(
  token: string,
  of: { readonly number: number; readonly parent: TokenFacts | null; readonly mintedAtMs: number },
): TokenFacts {
  const hash1 = createHash('sha256').update(token).digest()
  return {
    number: of.number,
    hash2: createHash('sha256').update(hash1).digest('base64url') as SecretHash,
    parentHash2: of.parent?.hash2 ?? null,
    generation: of.parent === null ? 0 : of.parent.generation + 1,
    mintedAtMs: of.mintedAtMs as EpochMs,
  }
}

/**
 * One call on a row, by the rule's own functions. A guide for the search only: the order it finds
 * is then put through the real use cases.
 */
export function stepModel(
  row: Session,
  call: RaceCall & { readonly nowMs: number },
  tokens: readonly TokenFacts[],
): ModelStep {
  const nowMs = call.nowMs as EpochMs
  switch (call.kind) {
    case 'refresh':
      return stepRefresh(row, factsOf(tokens, call.token), nowMs)
    case 'confirm': {
      const lineage = lineageOf(factsOf(tokens, call.token))
      const decision = decideUse(row, lineage, {
        nowMs,
        settings: raceRotation,
        firstSeenAtMs: nowMs,
      })
      if (decision.kind === 'nothing') return { row, mark: 'confirmed 0' }
      return { row: rotate(row, decision.rotation), mark: 'confirmed 1' }
    }
    case 'claims':
      if (endedFor(row, row.curMintedAtMs, nowMs) !== null) return { row, mark: 'not found' }
      return { row: { ...row, claims: { value: call.value } }, mark: 'claims' }
    case 'revoke':
      if (row.revokedAtMs !== null) return { row, mark: 'revoked false' }
      return { row: end(row, 'revoked', nowMs), mark: 'revoked true' }
  }
}

function stepRefresh(row: Session, x: TokenFacts, nowMs: EpochMs): ModelStep {
  const context = { nowMs, settings: raceRotation, provenKey: null }
  const decision = decideRefresh(row, x, context)
  if (decision.kind === 'reject') return { row, mark: `ended ${row.endReason}` }
  if (decision.kind === 'theft') return { row: end(row, 'theft', nowMs), mark: 'theft' }
  const after = decision.rotation === null ? row : rotate(row, decision.rotation)
  return {
    row: after,
    mark: grantMark(decision.rule, after.claims.value, after.idleExpiresAtMs),
  }
}

/** The mark of a grant. */
export function grantMark(rule: unknown, value: unknown, idleExpiresAtMs: unknown): string {
  return `${rule} ${value} ${idleExpiresAtMs}`
}

function rotate(row: Session, { next, nowMs }: Rotation): Session {
  return { ...row, ...next, idleExpiresAtMs: idleExpiryFrom(row, nowMs) }
}

function end(row: Session, endReason: EndReason, nowMs: EpochMs): Session {
  return { ...row, endReason, revokedAtMs: nowMs }
}

function factsOf(tokens: readonly TokenFacts[], number: number): TokenFacts {
  const facts = tokens[number]
  if (facts === undefined) throw new Error(`the race has no token ${number}`)
  return facts
}

function lineageOf({ hash2, parentHash2, generation, mintedAtMs }: TokenFacts): Lineage {
  const parent = parentHash2 === null ? null : prefixOf(parentHash2)
  return { hash2, parent, generation, mintedAtMs }
}
