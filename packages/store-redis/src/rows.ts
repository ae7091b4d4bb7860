import {
  type AppId,
  type EndReason,
  type RevocationEntry,
  type Rotation,
  type Session,
  type SessionHandle,
  type SessionKey,
  type StoredCutOff,
  type StoredRecord,
  StoreError,
  type TenantId,
  type UserId,
} from '@pawl/core'
import { exactText, firstSweepMs, textToJson } from '@pawl/store-kit'

/**
 * Redis may drop a row by itself so long after its absolute expiry, by its own clock: only where no
 * core has swept it for a day.
 */
const BACKSTOP_MS = 86_400_000

/**
 * A session is one hash, of few fields, none of them longer than 64 bytes where claims and data are
 * short: Redis then keeps it in one piece of memory, half as large.
 *
 * - `c` current hash, `q` previous hash or `-`
 * - `m` what else a rotation moves: generation, minted, confirmed, idle expiry
 * - `k` what the conditions need and nothing changes: created, idle timeout, absolute expiry
 * - `u` user · `f` the rest that nothing changes, JSON · `p` claims, `d` data, JSON
 * - `e` the end: when and why; absent while there is none.
 */
export const rowFields = ['c', 'm', 'k', 'u', 'f', 'p', 'd', 'e', 'q'] as const

/** What Redis gives for {@link rowFields}. */
export type RedisRow = readonly (string | null)[]

/** Fields of claims and of data. */
export const contentFields = { claims: 'p', data: 'd' } as const

/** `app:tenant`, each so written that no `:` is in it. */
export function placeOf({ app, tenant }: { app: string; tenant: string }): string {
  return `${encode(app)}:${encode(tenant)}`
}

/** `kind:app` of records, written like {@link placeOf}. */
export function recordPlaceOf({ kind, app }: { kind: string; app: string }): string {
  return `${encode(kind)}:${encode(app)}`
}

/** A name as part of a key: as it is, unless it holds what no name of ours holds. */
export function encode(name: string): string {
  return /^[\w-]+$/.test(name) ? name : encodeURIComponent(name)
}

/** The name that {@link encode} wrote. */
export function decode(name: string): string {
  return name.includes('%') ? decodeURIComponent(name) : name
}

/** A session's fields, each after its name, without the end if there is none. */
export function sessionToFields(session: Session): readonly string[] {
  const { accessTtlSeconds, accessKind, keyThumbprint, device } = session
  const fields = {
    c: session.curHash2,
    q: prevText(session),
    m: `${movedText(session)} ${session.idleExpiresAtMs}`,
    k: `${session.createdAtMs} ${session.idleTimeoutMs} ${session.absoluteExpiresAtMs}`,
    u: exactText(session.userId),
    f: JSON.stringify([accessTtlSeconds, accessKind, keyThumbprint, device]),
    p: JSON.stringify(session.claims),
    d: JSON.stringify(session.data),
    ...(session.revokedAtMs === null ? {} : { e: `${session.revokedAtMs} ${session.endReason}` }),
  }
  return Object.entries(fields).flat()
}

/** What the script that adds a row needs to know beside its fields. */
export function rowTimes(session: Session): readonly string[] {
  const dropMs = session.absoluteExpiresAtMs + BACKSTOP_MS
  const isRevoked = session.revokedAtMs === null ? 0 : 1
  return [session.createdAtMs, firstSweepMs(session), dropMs, isRevoked].map(String)
}

/** App, tenant, handle and user of a row, as its script takes them. */
export function rowNames(session: Session): readonly string[] {
  return [placeOf(session), encode(session.handle), exactText(session.userId)]
}

/** Field `m` without the idle expiry, which the script adds. */
export function movedText(next: Rotation['next']): string {
  return `${next.generation} ${next.curMintedAtMs} ${next.confirmedAtMs}`
}

/** Field `q`. */
export function prevText(next: Rotation['next']): string {
  return next.prevHash2 ?? '-'
}

/** The values of {@link rowFields} as the session of a key. */
export function rowToSession(key: SessionKey, row: RedisRow): Session {
  const [cur, moved, constant, userId, fixed, claims, data, end, prev] = row
  const [generation, minted, confirmed, idleExpires] = words(moved)
  const [created, idleTimeout, absolute] = words(constant)
  const [ttl, accessKind, keyThumbprint, device] = textToJson(
    fixed,
  ) as unknown as readonly unknown[]
  const [revoked, reason] = end == null ? [] : words(end)
  const session = {
    app: key.app,
    tenant: key.tenant,
    handle: key.handle,
    userId,
    generation: Number(generation),
    curHash2: cur,
    curMintedAtMs: Number(minted),
    prevHash2: prev === '-' ? null : prev,
    confirmedAtMs: Number(confirmed),
    createdAtMs: Number(created),
    idleTimeoutMs: Number(idleTimeout),
    idleExpiresAtMs: Number(idleExpires),
    absoluteExpiresAtMs: Number(absolute),
    accessTtlSeconds: ttl,
    accessKind,
    claims: textToJson(claims),
    data: textToJson(data),
    device,
    keyThumbprint,
    revokedAtMs: revoked === undefined ? null : Number(revoked),
    endReason: reason ?? null,
  }
  return session as unknown as Session
}

/** A field and its value, one after the other, as a stream gives an entry of the log. */
export function fieldsToEntry(fields: readonly string[]): RevocationEntry {
  const of: Record<string, string> = {}
  for (let index = 0; index < fields.length; index += 2) {
    of[fields[index] ?? ''] = fields[index + 1] ?? ''
  }
  const [app = '', tenant = ''] = (of.a ?? '').split(':').map(decode)
  const about = {
    app: app as AppId,
    tenant: tenant as TenantId,
    atMs: Number(of.m),
    reason: of.r as EndReason,
  }
  const userId = of.u as UserId
  const handle = decode(of.h ?? '') as SessionHandle
  const entry =
    of.k === 'session'
      ? { kind: 'session', ...about, handle, userId }
      : {
          kind: 'cut-off',
          ...about,
          userId: of.k === 'user' ? userId : null,
          beforeMs: Number(of.b),
        }
  return entry as RevocationEntry
}

/** An entry of the log for the script that appends: time, kind, place, user, `h` or `b`, reason. */
export function entryToWords(entry: RevocationEntry): readonly string[] {
  const { atMs, userId, reason } = entry
  const user = userId === null ? '' : exactText(userId)
  const cut = userId === null ? 'tenant' : 'user'
  const end =
    entry.kind === 'session'
      ? ['session', placeOf(entry), user, 'h', encode(entry.handle)]
      : [cut, placeOf(entry), user, 'b', String(entry.beforeMs)]
  return [String(atMs), ...end, reason]
}

/** A cut-off from its scope, `app:tenant` or `app:tenant:user`, and its value. */
export function textToCutOff(scope: string, text: string): StoredCutOff {
  const [, app = '', tenant = '', user] = /^([^:]*):([^:]*)(?::([\s\S]*))?$/.exec(scope) ?? []
  const [beforeMs, nowMs, reason] = text.split(' ')
  const cutOff = {
    app: decode(app),
    tenant: decode(tenant),
    userId: user ?? null,
    beforeMs: Number(beforeMs),
    nowMs: Number(nowMs),
    reason,
  }
  return cutOff as StoredCutOff
}

/** A record as it is kept: its version, a line's end, its value. */
export function textToRecord(
  key: { readonly kind: string; readonly app: string; readonly id: string },
  text: string,
): StoredRecord {
  const end = text.indexOf('\n')
  const { kind, app, id } = key
  return { kind, app, id, version: Number(text.slice(0, end)), value: text.slice(end + 1) }
}

function words(text: string | null | undefined): readonly string[] {
  if (text == null) throw new StoreError('corrupt', 'a stored session lacks a field')
  return text.split(' ')
}
