import { postgresStore } from '@pawl/store-postgres'
import { Client } from 'pg'
import { describeFaults } from '../../../../test/engines/trouble/describe-faults.ts'
import { testPooledFaults } from '../../../../test/engines/trouble/pooled-faults.ts'

async function connectTo(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  return client
}

const rival = {
  knowsItsOwn: false,
  lockSessions: async ({ url }: { readonly url: string }) => {
    const client = await connectTo(url)
    await client.query('BEGIN; LOCK TABLE pawl_sessions')
    return async () => {
      await client.query('ROLLBACK')
      await client.end()
    }
  },
  forbidWrites: async ({ url }: { readonly url: string }) => {
    const client = await connectTo(url)
    await client.query('ALTER DATABASE pawl SET default_transaction_read_only = on')
    const undo = async () => {
      await client.query('SET default_transaction_read_only = off')
      await client.query('ALTER DATABASE pawl RESET default_transaction_read_only')
      await client.end()
    }
    return { url, undo }
  },
}

describeFaults({
  engine: 'postgres',
  title: 'PostgreSQL',
  open: (url, { answerMs = 5000, connectMs = 3000, connectionsMax = 8 }) =>
    postgresStore({
      url,
      statementTimeoutMs: answerMs,
      acquireTimeoutMs: connectMs,
      poolMax: connectionsMax,
    }),
  own: [testPooledFaults(rival)],
})
