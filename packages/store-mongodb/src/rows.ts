import {
  idleExpiryFrom,
  REVOKED_KEPT_MS,
  type Rotation,
  type Session,
  type SessionKey,
} from '@pawl/core'
import { firstSweepMs, textToJson } from '@pawl/store-kit'
import type { CutOffDocument } from './log-rows.ts'
import { decode, handleIn, keyText, namesIn, placeOf, scopeText } from './names.ts'

/**
 * A session. Every field is always there, but for those with a `?`: in an expression a field that
 * is missing is not null. Claims, data and device are JSON text: a document would not keep the
 * order and the names of their members.
 */
export interface SessionDocument {
  /** `app:tenant:handle` */
  readonly _id: string
  /** `app:tenant:user`, the name of the user's cut-off as well. */
  readonly user: string
  /** `app:tenant`, the name of the tenant's cut-off as well. */
  readonly tenant: string
  readonly generation: number
  readonly cur: string
  readonly minted: number
  readonly prev: string | null
  readonly confirmed: number
  readonly created: number
  readonly idleTimeout: number
  readonly idle: number
  readonly absolute: number
  readonly accessTtl: number
  readonly accessKind: string
  readonly key: string | null
  readonly revoked: number | null
  readonly reason: string | null
  readonly claims: string
  readonly data: string
  readonly device: string
  /** When the sweeper is to look at it, at the latest when it may go. */
  readonly sweep: number
  /** When the server may drop it by itself. */
  readonly drop: Date
  /** The entry of the log that ended it. */
  readonly by?: string
  /** `app:tenant:user#number`: one of the places that a limit gives. */
  readonly slot?: string
}

/** So long after its absolute expiry the server drops a session that no core has swept: a day. */
const BACKSTOP_MS = 86_400_000
/** The latest moment that a date holds. */
const DATE_MAX_MS = 8_640_000_000_000_000

/** A session as it is kept. */
export function sessionToDocument(session: Session): SessionDocument {
  const { revokedAtMs, absoluteExpiresAtMs } = session
  return {
    _id: keyText(session),
    user: scopeText(session),
    tenant: placeOf(session.app, session.tenant),
    generation: session.generation,
    cur: session.curHash2,
    minted: session.curMintedAtMs,
    prev: session.prevHash2,
    confirmed: session.confirmedAtMs,
    created: session.createdAtMs,
    idleTimeout: session.idleTimeoutMs,
    idle: session.idleExpiresAtMs,
    absolute: absoluteExpiresAtMs,
    accessTtl: session.accessTtlSeconds,
    accessKind: session.accessKind,
    key: session.keyThumbprint,
    revoked: revokedAtMs,
    reason: session.endReason,
    claims: JSON.stringify(session.claims),
    data: JSON.stringify(session.data),
    device: JSON.stringify(session.device),
    sweep: firstSweepMs(session),
    drop: new Date(Math.min(absoluteExpiresAtMs + BACKSTOP_MS, DATE_MAX_MS)),
  }
}

/** The session of a document, with the cut-off that covers it, if any does, folded in. */
export function documentToSession(
  document: SessionDocument,
  cutOffs: readonly CutOffDocument[],
): Session {
  const [app, tenant] = namesIn(document.tenant)
  const isEnded = document.revoked !== null
  const cutOff = isEnded ? undefined : coveringOf(document, cutOffs)
  const session = {
    app,
    tenant,
    handle: handleIn(document._id),
    userId: decode(document.user.slice(document.tenant.length + 1)),
    generation: document.generation,
    curHash2: document.cur,
    curMintedAtMs: document.minted,
    prevHash2: document.prev,
    confirmedAtMs: document.confirmed,
    createdAtMs: document.created,
    idleTimeoutMs: document.idleTimeout,
    idleExpiresAtMs: document.idle,
    absoluteExpiresAtMs: document.absolute,
    accessTtlSeconds: document.accessTtl,
    accessKind: document.accessKind,
    claims: textToJson(document.claims),
    data: textToJson(document.data),
    device: textToJson(document.device),
    keyThumbprint: document.key,
    revokedAtMs: cutOff?.at ?? document.revoked,
    endReason: cutOff?.reason ?? document.reason,
  }
  return session as unknown as Session
}

/** The cut-off that ended a session: its user's before its tenant's. */
function coveringOf(
  document: SessionDocument,
  cutOffs: readonly CutOffDocument[],
): CutOffDocument | undefined {
  const covering = cutOffs.filter(({ before }) => document.created <= before)
  return (
    covering.find(({ _id }) => _id === document.user) ??
    covering.find(({ _id }) => _id === document.tenant)
  )
}

/** Condition: live at a moment, as the port defines it, cut-offs included. */
export function isLive(nowMs: number, cutOffs: readonly CutOffDocument[]) {
  const afterMs = Math.max(...cutOffs.map(({ before }) => before), Number.MIN_SAFE_INTEGER)
  return {
    revoked: null,
    absolute: { $gt: nowMs },
    created: { $gt: afterMs },
    $expr: { $gte: [{ $add: ['$idle', '$idleTimeout'] }, nowMs] },
  }
}

/** Whether a row is live: {@link isLive} of a row that was read. */
export function isLiveRow(
  row: SessionDocument,
  nowMs: number,
  cutOffs: readonly CutOffDocument[],
): boolean {
  const isOver = nowMs >= row.absolute || nowMs > row.idle + row.idleTimeout
  return row.revoked === null && !isOver && coveringOf(row, cutOffs) === undefined
}

/** The conditions of the one write, cut-offs aside. */
export function mayRotate(key: SessionKey, { expected, next, nowMs }: Rotation) {
  return {
    _id: keyText(key),
    cur: expected as string,
    revoked: null,
    absolute: { $gt: nowMs },
    $or: [{ idle: { $gte: nowMs } }, { idleTimeout: { $gte: nowMs - next.curMintedAtMs } }],
  }
}

/**
 * What a rotation sets, in terms of the row's own fields: a pipeline. The sweep moves only where
 * the session now ends sooner, so that a refresh touches no index.
 */
export function setRotation({ next, nowMs }: Rotation) {
  const idle = { $min: [{ $add: ['$idleTimeout', nowMs] }, '$absolute'] }
  const mayGo = { $add: ['$idleTimeout', '$idleTimeout', nowMs + 1] }
  const moved = {
    generation: next.generation,
    cur: { $literal: next.curHash2 },
    minted: next.curMintedAtMs,
    prev: { $literal: next.prevHash2 },
    confirmed: next.confirmedAtMs,
  }
  return [{ $set: { ...moved, idle, sweep: { $min: ['$sweep', mayGo] } } }]
}

/** Takes a rotation back: all that it set, as it was; only while it is what the row shows. */
export function undoRotation(before: SessionDocument, { next }: Rotation) {
  const { _id, generation, cur, minted, prev, confirmed, idle, sweep } = before
  return {
    filter: { _id, cur: next.curHash2 as string, confirmed: next.confirmedAtMs as number },
    update: { $set: { generation, cur, minted, prev, confirmed, idle, sweep } },
  }
}

/** A session as a rotation left it. */
export function rotatedSession(before: Session, { next, nowMs }: Rotation): Session {
  const { generation, curHash2, curMintedAtMs, prevHash2, confirmedAtMs } = next
  const moved = { generation, curHash2, curMintedAtMs, prevHash2, confirmedAtMs }
  return { ...before, ...moved, idleExpiresAtMs: idleExpiryFrom(before, nowMs) }
}

/** Condition: it may be deleted at a moment. */
export function mayGo(nowMs: number) {
  return {
    $or: [
      { absolute: { $lte: nowMs } },
      { $expr: { $lt: [{ $add: ['$idle', '$idleTimeout'] }, nowMs] } },
      { revoked: { $lt: nowMs - REVOKED_KEPT_MS } },
    ],
  }
}

/** When the sweeper has to look at a session again that may not go yet. */
export function nextSweepMs({ absolute, idle, idleTimeout, revoked }: SessionDocument): number {
  const newsUntilMs = revoked === null ? Infinity : revoked + REVOKED_KEPT_MS + 1
  return Math.min(absolute, idle + idleTimeout + 1, newsUntilMs)
}

/** Condition on the row of a session: that may be put in its place. */
export function mayReplace(session: Session) {
  const own = { _id: keyText(session), revoked: null }
  if (session.revokedAtMs !== null) return own
  const generation: number = session.generation
  const confirmed: number = session.confirmedAtMs
  return {
    ...own,
    $or: [
      { generation: { $lt: generation } },
      { generation, confirmed: { $lt: confirmed } },
      { generation, confirmed, idle: { $lte: session.idleExpiresAtMs as number } },
    ],
  }
}
