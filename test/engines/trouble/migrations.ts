import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Store } from '@pawl/core'
import { NOW_MS, rotationOf, sessionOf } from './labelled-sessions.ts'

const PROCESSES = 5

/** How a process of its own opens a store. */
interface Opening {
  readonly packageName: string
  /** The function of the package. */
  readonly factory: string
  /** What it is called with, as source. */
  readonly options: string
}

/** Processes that start together migrate one database, twice each; fails unless all could. */
export async function migrateTogether({ packageName, factory, options }: Opening): Promise<void> {
  const script = `
    const { ${factory} } = await import('${packageName}')
    const store = ${factory}(${options})
    await Promise.all([store.migrate(), store.migrate()])
    await store.ping()
    await store.close()`
  const codes = await Promise.all(
    Array.from({ length: PROCESSES }, async () => {
      const args = ['--input-type=module', '-e', script]
      const child = spawn(process.execPath, args, { stdio: 'inherit', cwd: import.meta.dirname })
      const [code] = await once(child, 'exit')
      return code
    }),
  )
  assert.deepEqual(codes, new Array(PROCESSES).fill(0))
}

/** The URL of a database, for a user whose password is its name. */
export function asUser(url: string, name: string): string {
  const changed = new URL(url)
  changed.username = name
  changed.password = name
  return changed.href
}

/**
 * All that a core does, on an empty store with its tables, by a role that may do no more; closes
 * it.
 */
export async function useEverything(store: Store): Promise<void> {
  await store.migrate()
  await store.ping()
  assert.ok((await store.clockMs()) !== null)
  const [first, second] = [sessionOf('granted'), sessionOf('second', sessionOf('granted'))]
  const limit = { max: 1, policy: 'end-oldest' } as const
  assert.equal((await store.insert(first, limit)).kind, 'inserted')
  assert.equal((await store.rotate(first, rotationOf('granted', 0)))?.advanced, true)
  const newcomer = { ...second, handle: sessionOf('newcomer').handle }
  const outcome = await store.insert(newcomer, limit)
  assert.deepEqual(outcome, { kind: 'inserted', ended: [first.handle] })
  const end = { reason: 'revoked', nowMs: NOW_MS } as const
  assert.equal((await store.revokeByUser(newcomer, { ...end, except: null })).length, 1)
  assert.equal(await store.deleteExpired(NOW_MS, 10), 0)
  assert.equal(await store.trimRevocations(NOW_MS, 10), 0)
  const swept = await store.sweepCutOffs({ settledMs: NOW_MS, after: null, limit: 10 })
  assert.equal(swept.deleted, 0)
  await store.put({ sessions: [sessionOf('put')] })
  assert.equal((await store.walkSessions(null, 10)).items.length, 3)
  await store.close()
}
