import type { EpochMs, Session, UserScope } from '@pawl/core'
import type { Collections } from './database.ts'
import { DUPLICATE_KEY, serverCode } from './errors.ts'
import type { CutOffDocument } from './log-rows.ts'
import { placeOf, scopeText } from './names.ts'

/** The cut-offs of a user and of the tenant. */
export function coverOf({ cutOffs }: Collections, user: UserScope): Promise<CutOffDocument[]> {
  const names = [scopeText(user), placeOf(user.app, user.tenant)]
  return cutOffs.find({ _id: { $in: names } }).toArray()
}

/** How far those of the cut-offs reach that cover a new session; null if none does. */
export function reachOver(
  { createdAtMs }: Session,
  cutOffs: readonly CutOffDocument[],
): EpochMs | null {
  const latestMs = Math.max(...cutOffs.map(({ before }) => before)) as EpochMs
  return cutOffs.length > 0 && createdAtMs <= latestMs ? latestMs : null
}

/** Raises a cut-off, or leaves one that is as high. */
export async function putCutOff({ cutOffs }: Collections, document: CutOffDocument): Promise<void> {
  const { _id, before, at, reason } = document
  const filter = { _id, before: { $lt: before } }
  const update = { $set: { before, at, reason } }
  try {
    await cutOffs.updateOne(filter, update, { upsert: true })
  } catch (error) {
    // There is one: as high, or made at this very moment by another.
    if (serverCode(error) !== DUPLICATE_KEY) throw error
    await cutOffs.updateOne(filter, update)
  }
}
