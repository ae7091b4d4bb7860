import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { isStoreError } from '@pawl/core'
import { mysqlStore } from '@pawl/store-mysql'
import type { Connection, ConnectionOptions } from 'mysql2/promise'
import { type Engine, isChosen, startEngine } from '../../../../test/engines/index.ts'
import { sessionOf } from '../../../../test/engines/trouble/labelled-sessions.ts'
import {
  assertCertificatesChecked,
  leavesNewerSchema,
  refusalOf,
  saysWhatIsWrong,
  type UrlChange,
} from '../../../../test/engines/trouble/refusals.ts'
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

  async function refusal(change: UrlChange, connection: ConnectionOptions = {}): Promise<string> {
    const url = new URL(engine.url)
    change(url)
    return refusalOf(
      mysqlStore({ url: url.href, acquireTimeoutMs: 2000, connection }),
      url.password,
    )
  }

  it('says in one sentence what is wrong with where it is to connect', async () => {
    await saysWhatIsWrong('MySQL', ['password', 'user', 'database', 'port', 'name'], refusal)
    assert.match(await refusal(() => {}), /^schema: .*no Pawl tables.*run the migrations/)
  })

  it('checks the certificate and the name in it', async () => {
    const withTls = (hostname: string, ca: string | null, connection: ConnectionOptions = {}) =>
      refusal((url) => {
        url.hostname = hostname
        url.searchParams.set('ssl-mode', 'VERIFY_IDENTITY')
        if (ca !== null) url.searchParams.set('ssl-ca', ca)
      }, connection)
    const good = await withTls('localhost', engine.caFile)
    const stranger = await withTls('localhost', null)
    const misnamed = await withTls('db.example.com', engine.caFile, {
      stream: () => connect(engine.port, '127.0.0.1'),
    })
    assertCertificatesChecked({ good, stranger, misnamed }, /^schema: /)
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
    await leavesNewerSchema(mysqlStore({ url, warn: () => {} }), {
      set: (version) => admin.query(`UPDATE ${name}.pawl_schema SET version = ${version}`),
      get: async () => {
        const [rows] = await admin.query(`SELECT version FROM ${name}.pawl_schema`)
        assert.equal((rows as unknown[]).length, 1)
        return (rows as number[][])[0]?.[0]
      },
    })
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
