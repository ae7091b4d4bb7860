import assert from 'node:assert/strict'
import { it } from 'node:test'
import { mysqlStore } from '@pawl/store-mysql'
import { describeFaults, type Ground } from '../../../../test/engines/trouble/describe-faults.ts'
import { refused } from '../../../../test/engines/trouble/patience.ts'
import { testPooledFaults } from '../../../../test/engines/trouble/pooled-faults.ts'
import { readUrl } from '../../src/connection.ts'
import { openDatabase } from '../../src/database.ts'
import { connectTo } from './databases.ts'

const rival = {
  knowsItsOwn: true,
  lockSessions: async ({ url }: { readonly url: string }) => {
    const client = await connectTo(url)
    await client.query('LOCK TABLES pawl_sessions WRITE')
    return async () => {
      await client.query('UNLOCK TABLES')
      await client.end()
    }
  },
  forbidWrites: async ({ url }: { readonly url: string }) => {
    const client = await connectTo(url)
    // Whoever has every right may write to a read-only server.
    await client.query(`CREATE USER core@'%' IDENTIFIED BY 'core';
      GRANT SELECT, INSERT, UPDATE, DELETE ON pawl.* TO core@'%'; SET GLOBAL read_only = 1`)
    const undo = async () => {
      await client.query('SET GLOBAL read_only = 0')
      await client.end()
    }
    const core = new URL(url)
    core.username = 'core'
    core.password = 'core'
    return { url: core.href, undo }
  },
}

/** A switch-over leaves connections of ordinary users open, to a server that is a replica now. */
function testSwitchOver(ground: () => Ground): void {
  it('asks a connection that is open again, and leaves a server that is read-only now', async () => {
    const { engine } = ground()
    const bounds = { poolMax: 1, acquireTimeoutMs: 3000, statementTimeoutMs: 5000 }
    const db = openDatabase({ connection: readUrl(engine.url), ...bounds, recheckMs: 0 })
    const admin = await connectTo(engine.url)
    const read = async () => (await db.run('none', 'SELECT 1'))[0]?.rows
    assert.deepEqual(await read(), [[1]])
    assert.deepEqual(await read(), [[1]])
    await admin.query('SET GLOBAL read_only = 1')
    await refused(read(), 'read-only')
    await refused(read(), 'read-only')
    await admin.query('SET GLOBAL read_only = 0')
    assert.deepEqual(await read(), [[1]])
    await admin.end()
    await db.close()
  })
}

describeFaults({
  engine: 'mariadb',
  title: 'MariaDB',
  open: (url, { answerMs = 5000, connectMs = 3000, connectionsMax = 8 }) =>
    mysqlStore({
      url,
      statementTimeoutMs: answerMs,
      acquireTimeoutMs: connectMs,
      poolMax: connectionsMax,
    }),
  own: [testPooledFaults(rival), testSwitchOver],
})
