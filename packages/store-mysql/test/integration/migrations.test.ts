import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { migrationSql, mysqlStore } from '@pawl/store-mysql'
import type { Connection } from 'mysql2/promise'
import { type Engine, isChosen, startEngine } from '../../../../test/engines/index.ts'
import {
  NOW_MS,
  rotationOf,
  sessionOf,
} from '../../../../test/engines/trouble/labelled-sessions.ts'
import { connectTo, freshDatabase } from './databases.ts'

const PROCESSES = 5

function describeMigrations(): void {
  let engine: Engine
  let admin: Connection

  before(async () => {
    engine = await startEngine('mariadb', { durable: false })
    admin = await connectTo(engine.url)
  })
  after(async () => {
    await admin?.end()
    await engine?.stop()
  })

  it('are made once by processes that start together', async () => {
    const { url, name } = await freshDatabase(engine.url)
    const script = `
      const { mysqlStore } = await import('@pawl/store-mysql')
      const store = mysqlStore({ url: ${JSON.stringify(url)}, warn: () => {} })
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
    const [rows] = await admin.query(`SELECT version FROM ${name}.pawl_schema`)
    assert.equal((rows as unknown[]).length, 1)
  })

  it('go on where they were cut short', async () => {
    const { url, name } = await freshDatabase(engine.url)
    const statements = migrationSql().split(';\n')
    for (let count = 1; count < statements.length; count++) {
      await admin.query(`USE ${name}; ${statements.slice(0, count).join(';')}`)
    }
    const store = mysqlStore({ url, warn: () => {} })
    await store.migrate()
    await store.ping()
    assert.equal((await store.insert(sessionOf('cut short'), null)).kind, 'inserted')
    await store.close()
  })

  it('may be run by hand, and need rights that the role of the core does not need', async () => {
    const { url, name } = await freshDatabase(engine.url)
    await admin.query(`USE ${name}; ${migrationSql()}
      CREATE USER core@'%' IDENTIFIED BY 'core';
      GRANT SELECT, INSERT, UPDATE, DELETE ON ${name}.* TO core@'%'`)
    const store = mysqlStore({ url: asUser(url, 'core'), warn: () => {} })
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
  })
}

function asUser(url: string, name: string): string {
  const changed = new URL(url)
  changed.username = name
  changed.password = name
  return changed.href
}

if (isChosen('mariadb')) describe('MariaDB migrations', describeMigrations)
