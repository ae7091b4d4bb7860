import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isStoreError } from '@pawl/core'
import { postgresStore } from '@pawl/store-postgres'
import { Client } from 'pg'
import { type Engine, isChosen, startEngine } from '../../../../test/engines/index.ts'
import { sessionOf } from '../../../../test/engines/trouble/labelled-sessions.ts'

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

  /** The sentence with which a store of this URL refuses a call. */
  async function sentenceOf(change: (url: URL) => void): Promise<string> {
    const url = new URL(engine.url)
    change(url)
    const { password } = url
    const store = postgresStore({ url: url.href, acquireTimeoutMs: 2000 })
    try {
      await store.find(sessionOf('any'))
      return 'it was answered'
    } catch (error) {
      assert.ok(isStoreError(error), String(error))
      assert.ok(!`${error.message}${error.cause}`.includes(password))
      return `${error.kind}: ${error.message}`
    } finally {
      await store.close()
    }
  }

  it('says in one sentence what is wrong with where it is to connect', async () => {
    const said = {
      password: await sentenceOf((url) => {
        url.password = 'not-this-one'
      }),
      user: await sentenceOf((url) => {
        url.username = 'nobody'
      }),
      database: await sentenceOf((url) => {
        url.pathname = '/elsewhere'
      }),
      port: await sentenceOf((url) => {
        url.port = '1'
      }),
      name: await sentenceOf((url) => {
        url.hostname = 'no-such-host.invalid'
      }),
      tables: await sentenceOf((url) => url.searchParams.set('schema', 'not_there')),
    }
    assert.match(said.password, /^unavailable: PostgreSQL refused the user or the password/)
    assert.match(said.user, /^unavailable: PostgreSQL refused the user or the password/)
    assert.match(said.database, /^unavailable: PostgreSQL has no database of that name/)
    assert.match(said.port, /^unavailable: PostgreSQL: .*ECONNREFUSED/)
    assert.match(said.name, /^unavailable: PostgreSQL: .*ENOTFOUND|EAI_AGAIN/)
    assert.match(said.tables, /^schema: .*no Pawl tables.*run the migrations/)
  })

  it('checks the certificate and the name in it', async () => {
    const ca = engine.caFile ?? ''
    const trusted = (url: URL) => {
      url.hostname = 'localhost'
      url.searchParams.set('sslmode', 'verify-full')
      url.searchParams.set('sslrootcert', ca)
    }
    const good = await sentenceOf(trusted)
    const stranger = await sentenceOf((url) => {
      trusted(url)
      url.searchParams.delete('sslrootcert')
    })
    const misnamed = await sentenceOf((url) => {
      trusted(url)
      url.hostname = '127.0.0.1'
    })
    assert.match(good, /^schema: /)
    assert.match(stranger, /^unavailable: .*(self-signed|certificate)/)
    assert.match(misnamed, /^unavailable: .*(altnames|certificate)/)
  })

  it('refuses a schema that is newer than it, and leaves it as it is', async () => {
    const url = new URL(engine.url)
    url.searchParams.set('schema', 'newer')
    const store = postgresStore({ url: url.href })
    await store.migrate()
    await admin.query('UPDATE newer.pawl_schema SET version = 99')
    await assert.rejects(store.migrate(), (error) => isStoreError(error) && error.kind === 'schema')
    const { rows } = await admin.query('SELECT version FROM newer.pawl_schema')
    assert.equal(Number(rows[0].version), 99)
    // A core that runs already goes on: the next release can read what this one writes.
    await store.ping()
    await store.close()
  })

  it('says which right is missing', async () => {
    await admin.query(`CREATE ROLE weak LOGIN PASSWORD 'weak'; CREATE SCHEMA walled;
      GRANT USAGE ON SCHEMA walled TO weak`)
    const said = await sentenceOf((url) => {
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
