import type { CutOffSweep, CutOffsSwept } from '@pawl/core'
import { cutOffPage } from './content-reads.ts'
import type { Database } from './database.ts'
import type { SqlRow } from './rows.ts'
import * as sql from './sql.ts'

/** Items to put, as the values of their statements. */
export interface PutInput {
  readonly sessions: readonly SqlRow[]
  readonly cutOffs: readonly SqlRow[]
  readonly records: readonly SqlRow[]
  readonly revocations: readonly SqlRow[]
}

/** Puts items of another store. */
export function putContent(db: Database, input: PutInput): null {
  for (const row of input.sessions) db.statement(sql.putSession).run(...row)
  for (const row of input.cutOffs) db.statement(sql.raiseCutOff).run(...row)
  for (const row of input.records) db.statement(sql.putRecord).run(...row)
  for (const row of input.revocations) db.statement(sql.appendRevocation).run(...row)
  return null
}

/** Looks at the next cut-offs and deletes those that nobody can need. */
export function sweepCutOffs(db: Database, { after, limit, settledMs }: CutOffSweep): CutOffsSwept {
  const { rows, next } = cutOffPage(db, after, limit)
  let deleted = 0
  for (const [app = null, tenant = null, userId = null] of rows) {
    deleted += db.statement(sql.deleteCutOff).run(app, tenant, userId, settledMs)
  }
  return { deleted, next }
}
