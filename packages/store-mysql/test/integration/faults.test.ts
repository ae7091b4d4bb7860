import { mysqlStore } from '@pawl/store-mysql'
import { describeFaults } from '../../../../test/engines/trouble/describe-faults.ts'
import { testPooledFaults } from '../../../../test/engines/trouble/pooled-faults.ts'
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
  own: [testPooledFaults(rival)],
})
