import type { RevocationEntry } from '@pawl/core'
import { exactText } from './exact-text.ts'

/** The columns of an entry of the revocation log, after its number. */
export const entryColumns = [
  'app',
  'tenant',
  'user_id',
  'handle',
  'before_ms',
  'at_ms',
  'reason',
] as const

/** An entry as the values of {@link entryColumns}; `nameOf` refuses what the engine cannot keep. */
export function entryToValues(
  entry: RevocationEntry,
  nameOf: (name: string) => string = exactText,
): (string | number | null)[] {
  const { app, tenant, userId, atMs, reason } = entry
  const user = userId === null ? null : nameOf(userId)
  const [handle, beforeMs] =
    entry.kind === 'session' ? [entry.handle, null] : [null, entry.beforeMs]
  return [app, tenant, user, handle, beforeMs, atMs, reason]
}

/**
 * Values of {@link entryColumns}, which stand in a row from `first` on, as an entry. `textOf` makes
 * text of what the client gives for one, where that is not text already.
 */
export function valuesToEntry(
  row: readonly unknown[],
  first = 0,
  textOf: (value: unknown) => unknown = asItIs,
): RevocationEntry {
  const [app, tenant, userId, handle, beforeMs, atMs, reason] = row.slice(first).map(textOf)
  const about = { app, tenant, userId, atMs, reason }
  const entry =
    handle === null
      ? { kind: 'cut-off', ...about, beforeMs }
      : { kind: 'session', ...about, handle }
  return entry as unknown as RevocationEntry
}

function asItIs(value: unknown): unknown {
  return value
}
