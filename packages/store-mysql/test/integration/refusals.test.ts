import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { inspect } from 'node:util'
import { isStoreError } from '@pawl/core'
import { mysqlStore } from '@pawl/store-mysql'
import type { Connection, ConnectionOptions } from 'mysql2/promise'
import { type Engine, isChosen, startEngine } from '../../../../test/engines/index.ts'
import { sessionOf } from '../../../../test/engines/trouble/labelled-sessions.ts'
import { connectTo, freshDatabase } from './databases.ts'

function describeRefusals(): void {
  let engine: Engine
  let admin: Connection

  before(async () => {
    engine = await startEngine('mariadb', { tls: true, durable: false })
    admin = await connectTo(engine.url)
  })
  after(async () => {
    await admin?.end()
    await engine?.stop()
  })

  /** The sentence with which a store of this URL refuses a call. */
  async function sentenceOf(
    change: (url: URL) => void,
    connection: ConnectionOptions = {},
  ): Promise<string> {
    const url = new URL(engine.url)
    change(url)
    const { password } = url
    const store = mysqlStore({ url: url.href, acquireTimeoutMs: 2000, connection })
    try {
      await store.insert(sessionOf('any', { claims: { of: 'somebody' } }), null)
      return 'it was answered'
    } catch (error) {
      assert.ok(isStoreError(error), String(error))
      const whole = inspect(error, { depth: 9 })
      assert.ok(!whole.includes(password) && !whole.includes('somebody'), whole)
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
        url.searchParams.set('ssl-mode', 'DISABLED')
      }),
      tables: await sentenceOf(() => {}),
    }
    assert.match(said.password, /^unavailable: MySQL refused the user or the password/)
    assert.match(said.user, /^unavailable: MySQL refused the user or the password/)
    assert.match(said.database, /^unavailable: MySQL has no database of that name/)
    assert.match(said.port, /^unavailable: MySQL: .*ECONNREFUSED/)
    assert.match(said.name, /^unavailable: MySQL: .*(ENOTFOUND|EAI_AGAIN)/)
    assert.match(said.tables, /^schema: .*no Pawl tables.*run the migrations/)
  })

  it('checks the certificate and the name in it', async () => {
    const ca = engine.caFile ?? ''
    const trusted = (url: URL) => {
      url.hostname = 'localhost'
      url.searchParams.set('ssl-mode', 'VERIFY_IDENTITY')
      url.searchParams.set('ssl-ca', ca)
    }
    const good = await sentenceOf(trusted)
    const stranger = await sentenceOf((url) => {
      trusted(url)
      url.searchParams.delete('ssl-ca')
    })
    const misnamed = await sentenceOf(
      (url) => {
        trusted(url)
        url.hostname = 'db.example.com'
      },
      { stream: () => connect(engine.port, '127.0.0.1') },
    )
    assert.match(good, /^schema: /)
    assert.match(stranger, /^unavailable: .*(self-signed|certificate)/)
    assert.match(misnamed, /^unavailable: .*(altnames|certificate)/)
  })

  it('does not talk in the clear to a server that has no TLS', async () => {
    const plain = await startEngine('mariadb', { durable: false })
    try {
      const url = `${plain.url.replace('127.0.0.1', 'localhost')}?ssl-mode=VERIFY_IDENTITY`
      const store = mysqlStore({ url })
      await assert.rejects(
        store.ping(),
        (error) => isStoreError(error) && error.kind === 'unavailable',
      )
      await store.close()
    } finally {
      await plain.stop()
    }
  })

  it('refuses a schema that is newer than it, and leaves it as it is', async () => {
    const { url, name } = await freshDatabase(engine.url)
    const store = mysqlStore({ url, warn: () => {} })
    await store.migrate()
    await admin.query(`UPDATE ${name}.pawl_schema SET version = 99`)
    await assert.rejects(store.migrate(), (error) => isStoreError(error) && error.kind === 'schema')
    const [rows] = await admin.query(`SELECT version FROM ${name}.pawl_schema`)
    assert.deepEqual(rows, [[99]])
    // A core that runs already goes on: the next release can read what this one writes.
    await store.ping()
    await store.close()
  })

  it('says which right is missing, and writes nothing', async () => {
    const { url, name } = await freshDatabase(engine.url)
    await admin.query(`CREATE USER weak@'%' IDENTIFIED BY 'weak';
      GRANT SELECT ON ${name}.* TO weak@'%'`)
    const weak = new URL(url)
    weak.username = 'weak'
    weak.password = 'weak'
    const store = mysqlStore({ url: weak.href, warn: () => {} })
    await assert.rejects(
      store.migrate(),
      (error) => isStoreError(error) && /lacks a right.*CREATE command denied/.test(error.message),
    )
    await store.close()
    const [rows] = await admin.query(`SHOW TABLES FROM ${name}`)
    assert.deepEqual(rows, [])
  })

  it('warns of a server that may forget what it acknowledged', async () => {
    const { url } = await freshDatabase(engine.url)
    const warnings: string[] = []
    const store = mysqlStore({ url, warn: (text) => warnings.push(text) })
    await store.migrate()
    await store.close()
    assert.equal(warnings.length, 1)
    assert.match(warnings[0] ?? '', /innodb_flush_log_at_trx_commit=1.*they are 0/)
  })

  it('warns of a binary log that is behind what was acknowledged', async () => {
    const settings = { 'log-bin': 'log', 'server-id': '1', sync_binlog: '0' }
    const logging = await startEngine('mariadb', { settings })
    try {
      const warnings: string[] = []
      const store = mysqlStore({ url: logging.url, warn: (text) => warnings.push(text) })
      await store.migrate()
      assert.equal((await store.insert(sessionOf('logged'), null)).kind, 'inserted')
      assert.equal(warnings.length, 1)
      const operator = await connectTo(logging.url)
      await operator.query('SET GLOBAL sync_binlog = 1')
      await operator.end()
      await store.migrate()
      assert.equal(warnings.length, 1)
      await store.close()
    } finally {
      await logging.stop()
    }
  })
}

if (isChosen('mariadb')) describe('MariaDB, wrongly given', describeRefusals)
