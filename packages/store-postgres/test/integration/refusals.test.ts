import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isStoreError } from '@pawl/core'
import { postgresStore } from '@pawl/store-postgres'
import { Client } from 'pg'
import { type Engine, isChosen, startEngine } from '../../../../test/engines/index.ts'
import {
  assertCertificatesChecked,
  leavesNewerSchema,
  refusalOf,
  saysWhatIsWrong,
  type UrlChange,
} from '../../../../test/engines/trouble/refusals.ts'

function describeRefusals(): void {
  let engine: Engine
  let admin: Client

  before(async () => {
    engine = await startEngine('postgres', { tls: true, durable: false })
    admin = new Client({ connectionString: engine.url })
    await admin.connect()
  })
  after(async () => {
    await admin?.end()
    await engine?.stop()
  })

  async function refusal(change: UrlChange): Promise<string> {
    const url = new URL(engine.url)
    change(url)
    return refusalOf(postgresStore({ url: url.href, acquireTimeoutMs: 2000 }), url.password)
  }

  it('says in one sentence what is wrong with where it is to connect', async () => {
    await saysWhatIsWrong('PostgreSQL', ['password', 'user', 'database', 'port', 'name'], refusal)
    const tables = await refusal((url) => url.searchParams.set('schema', 'not_there'))
    assert.match(tables, /^schema: .*no Pawl tables.*run the migrations/)
  })

  it('checks the certificate and the name in it', async () => {
    const withTls = (hostname: string, rootCert: string | null) =>
      refusal((url) => {
        url.hostname = hostname
        url.searchParams.set('sslmode', 'verify-full')
        if (rootCert !== null) url.searchParams.set('sslrootcert', rootCert)
      })
    const good = await withTls('localhost', engine.caFile)
    const stranger = await withTls('localhost', null)
    const misnamed = await withTls('127.0.0.1', engine.caFile)
    assertCertificatesChecked({ good, stranger, misnamed }, /^schema: /)
  })

  it('refuses a schema that is newer than it, and leaves it as it is', async () => {
    const url = new URL(engine.url)
    url.searchParams.set('schema', 'newer')
    await leavesNewerSchema(postgresStore({ url: url.href }), {
      set: (version) => admin.query(`UPDATE newer.pawl_schema SET version = ${version}`),
      get: async () => (await admin.query('SELECT version FROM newer.pawl_schema')).rows[0].version,
    })
  })

  it('says which right is missing', async () => {
    await admin.query(`CREATE ROLE weak LOGIN PASSWORD 'weak'; CREATE SCHEMA walled;
      GRANT USAGE ON SCHEMA walled TO weak`)
    const said = await refusal((url) => {
      url.username = 'weak'
      url.password = 'weak'
      url.searchParams.set('schema', 'newer')
    })
    assert.match(said, /^schema: /)
    const url = new URL(engine.url)
    url.username = 'weak'
    url.password = 'weak'
    url.searchParams.set('schema', 'walled')
    const store = postgresStore({ url: url.href })
    await assert.rejects(
      store.migrate(),
      (error) => isStoreError(error) && /lacks a right.*permission denied/.test(error.message),
    )
    await store.close()
  })
}

if (isChosen('postgres')) describe('PostgreSQL, wrongly given', describeRefusals)
