import type { Session, SessionKey, UserScope } from '@pawl/core'
import { type Collections, collectionNames } from './database.ts'
import { DUPLICATE_KEY, serverCode } from './errors.ts'
import type { CutOffDocument } from './log-rows.ts'
import { keyText, placeOf, scopeText } from './names.ts'
import { documentToSession, type SessionDocument } from './rows.ts'

/** A row with the cut-offs of its user and tenant. */
export interface Folded {
  readonly document: SessionDocument
  readonly cutOffs: readonly CutOffDocument[]
  readonly session: Session
}

/** The row of a key and the cut-offs that may cover it, by one command. */
export async function readFolded(
  { sessions }: Collections,
  key: SessionKey,
): Promise<Folded | undefined> {
  const joined = (localField: 'user' | 'tenant', as: string) => ({
    $lookup: { from: collectionNames.cutOffs, localField, foreignField: '_id', as },
  })
  const pipeline = [
    { $match: { _id: keyText(key) } },
    joined('user', 'ofUser'),
    joined('tenant', 'ofTenant'),
  ]
  type Joined = Record<'ofUser' | 'ofTenant', readonly CutOffDocument[]>
  const [found] = await sessions.aggregate<SessionDocument & Joined>(pipeline).toArray()
  if (found === undefined) return undefined
  const cutOffs = [...found.ofUser, ...found.ofTenant]
  return { document: found, cutOffs, session: documentToSession(found, cutOffs) }
}

/** The cut-offs of a user and of the tenant. */
export function coverOf({ cutOffs }: Collections, user: UserScope): Promise<CutOffDocument[]> {
  const names = [scopeText(user), placeOf(user.app, user.tenant)]
  return cutOffs.find({ _id: { $in: names } }).toArray()
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
