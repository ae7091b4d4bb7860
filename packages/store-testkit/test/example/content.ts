import type {
  CutOffScope,
  EndReason,
  EpochMs,
  RevocationEntry,
  Session,
  SessionKey,
  StoredCutOff,
  StoredRecord,
  UserScope,
} from '@pawl/core'

/** Everything the store knows: what the text is parsed to. A step changes a copy of its own. */
export interface Content {
  /** By {@link keyText}; as written, cut-offs not folded in. */
  readonly rows: { [key: string]: Session }
  /** By {@link scopeText}. */
  readonly cutOffs: { [scope: string]: StoredCutOff }
  readonly records: { [key: string]: StoredRecord }
  /** Oldest first; a number is never used again. */
  log: { readonly number: number; readonly entry: RevocationEntry }[]
  lastNumber: number
}

/** A store that holds nothing. */
export const emptyContent: Content = {
  rows: {},
  cutOffs: {},
  records: {},
  log: [],
  lastNumber: 0,
}

/** App and tenant are part of every key; JSON keeps its parts apart. */
export function keyText({ app, tenant, handle }: SessionKey): string {
  return JSON.stringify([app, tenant, handle])
}

/** The user is null for the cut-off of a whole tenant. */
export function scopeText({ app, tenant, userId }: CutOffScope): string {
  return JSON.stringify([app, tenant, userId])
}

/** The row as every reader has to see it: ended by itself, or by a cut-off that covers it. */
export function fold(content: Content, row: Session): Session {
  if (row.revokedAtMs !== null) return row
  for (const scope of [row, { ...row, userId: null }]) {
    const cutOff = content.cutOffs[scopeText(scope)]
    if (cutOff !== undefined && row.createdAtMs <= cutOff.beforeMs) {
      return { ...row, revokedAtMs: cutOff.nowMs, endReason: cutOff.reason }
    }
  }
  return row
}

/** The latest cut-off that covers a row; null without one. */
export function coverOf(content: Content, row: Session): EpochMs | null {
  const scopes = [row, { ...row, userId: null }]
  const times = scopes.flatMap((scope) => content.cutOffs[scopeText(scope)]?.beforeMs ?? [])
  const latestMs = Math.max(...times) as EpochMs
  return times.length > 0 && row.createdAtMs <= latestMs ? latestMs : null
}

/** Past its absolute end, or surely idle: a token of it may be one idle period younger. */
export function hasExpired(row: Session, nowMs: EpochMs): boolean {
  return nowMs >= row.absoluteExpiresAtMs || nowMs > row.idleExpiresAtMs + row.idleTimeoutMs
}

/** The user's live rows, oldest first. */
export function liveRowsOf(content: Content, user: UserScope, nowMs: EpochMs): Session[] {
  const { app, tenant, userId } = user
  return Object.values(content.rows)
    .filter((row) => row.app === app && row.tenant === tenant && row.userId === userId)
    .map((row) => fold(content, row))
    .filter((row) => row.revokedAtMs === null && !hasExpired(row, nowMs))
    .sort((a, b) => a.createdAtMs - b.createdAtMs || (a.handle < b.handle ? -1 : 1))
}

/** The end of a session and its entry in the log: one write. */
export function end(
  content: Content,
  row: Session,
  { reason, nowMs }: { readonly reason: EndReason; readonly nowMs: EpochMs },
): void {
  const { app, tenant, handle, userId } = row
  content.rows[keyText(row)] = { ...row, revokedAtMs: nowMs, endReason: reason }
  append(content, { kind: 'session', app, tenant, atMs: nowMs, reason, handle, userId })
}

/** One more entry of the log. */
export function append(content: Content, entry: RevocationEntry): void {
  content.lastNumber += 1
  content.log.push({ number: content.lastNumber, entry })
}
