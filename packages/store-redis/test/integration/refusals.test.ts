import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isStoreError } from '@pawl/core'
import { redisStore } from '@pawl/store-redis'
import { createClient } from '@redis/client'
import { type Engine, isChosen, startEngine } from '../../../../test/engines/index.ts'
import { sessionOf } from '../../../../test/engines/trouble/labelled-sessions.ts'
import {
  assertCertificatesChecked,
  refusalOf,
  saysWhatIsWrong,
  type UrlChange,
} from '../../../../test/engines/trouble/refusals.ts'

function describeRefusals(): void {
  let engine: Engine
  before(async () => {
    engine = await startEngine('redis', { durable: false })
  })
  after(() => engine?.stop())

  async function refusal(text: string, change: UrlChange): Promise<string> {
    const url = new URL(text)
    change(url)
    return refusalOf(redisStore({ url: url.href, connectTimeoutMs: 2000 }), url.password)
  }

  it('says in one sentence what is wrong with where it is to connect', async () => {
    await saysWhatIsWrong('Redis', ['password', 'port'], (change) => refusal(engine.url, change))
  })

  it('checks the certificate and the name in it', async () => {
    const secure = await startEngine('redis', { tls: true, durable: false })
    const withTls = (hostname: string, ca: string | null) =>
      refusal(secure.url, (url) => {
        url.hostname = hostname
        if (ca !== null) url.searchParams.set('cacert', ca)
      })
    try {
      const good = await withTls('localhost', secure.caFile)
      const stranger = await withTls('localhost', null)
      const misnamed = await withTls('127.0.0.1', secure.caFile)
      assertCertificatesChecked({ good, stranger, misnamed })
    } finally {
      await secure.stop()
    }
  })

  it('warns of a server that may forget, and refuses one that throws sessions away', async () => {
    const warnings: string[] = []
    const warn = (text: string) => void warnings.push(text)
    const store = redisStore({ url: engine.url, warn })
    const admin = await createClient({ url: engine.url }).connect()
    await admin.configSet('appendfsync', 'always')
    await store.migrate()
    assert.deepEqual(warnings, [])
    await admin.configSet('appendfsync', 'everysec')
    await store.migrate()
    assert.match(warnings[0] ?? '', /appendfsync is everysec/)
    await admin.configSet({ maxmemory: '1gb', 'maxmemory-policy': 'allkeys-lru' })
    await assert.rejects(
      store.migrate(),
      (error) => isStoreError(error) && /allkeys-lru.*noeviction/.test(error.message),
    )
    await admin.configSet('maxmemory-policy', 'noeviction')
    await store.migrate()
    await admin.close()
    await store.close()
  })

  it('refuses keys of a newer layout, and leaves them as they are', async () => {
    const store = redisStore({ url: `${engine.url}?prefix=newer:`, warn: () => {} })
    const admin = await createClient({ url: engine.url }).connect()
    await admin.set('newer:v', '99')
    await assert.rejects(store.migrate(), (error) => isStoreError(error) && error.kind === 'schema')
    assert.equal(await admin.get('newer:v'), '99')
    await admin.close()
    await store.close()
  })

  it('gives a row a time to live beyond its absolute expiry', async () => {
    const store = redisStore({ url: `${engine.url}?prefix=ttl:` })
    const session = sessionOf('ttl')
    await store.insert(session, null)
    const admin = await createClient({ url: engine.url }).connect()
    const dropMs = await admin.pExpireTime(`ttl:s:app:default:${session.handle}`)
    assert.equal(dropMs, session.absoluteExpiresAtMs + 86_400_000)
    // And where it did, the sweeper clears what is left of it.
    await admin.del(`ttl:s:app:default:${session.handle}`)
    assert.equal(await store.deleteExpired((dropMs + 1) as never, 10), 0)
    const user = { ...session, userId: session.userId }
    const page = { nowMs: session.createdAtMs, limit: 5, after: null }
    assert.deepEqual(await store.listByUser(user, page), { sessions: [], next: null })
    assert.equal(await admin.zCard('ttl:x'), 0)
    await admin.close()
    await store.close()
  })
}

if (isChosen('redis')) describe('Redis, wrongly given', describeRefusals)
