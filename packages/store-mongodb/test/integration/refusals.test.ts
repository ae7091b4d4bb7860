import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { createServer } from 'node:tls'
import { mongodbStore } from '@pawl/store-mongodb'
import { makeCertificates } from '../../../../test/engines/certificates.ts'
import { type Engine, isChosen, startEngine } from '../../../../test/engines/index.ts'
import { makeFolder, removeFolder } from '../../../../test/engines/server-process.ts'
import { assertCertificatesChecked, refusalOf } from '../../../../test/engines/trouble/refusals.ts'

const PASSWORD = 'a-password-of-the-tests'

function sentenceOf(url: string): Promise<string> {
  return refusalOf(mongodbStore({ url, connectTimeoutMs: 1000 }), PASSWORD)
}

function describeRefusals(): void {
  let engine: Engine
  before(async () => {
    engine = await startEngine('mongodb')
  })
  after(() => engine?.stop())

  it('says in one sentence that nobody is there', async () => {
    const nobody = await sentenceOf(`mongodb://me:${PASSWORD}@127.0.0.1:1/pawl`)
    assert.match(nobody, /^unavailable: MongoDB: .*ECONNREFUSED/)
    const nowhere = await sentenceOf(`mongodb://me:${PASSWORD}@nowhere.invalid:1/pawl`)
    assert.match(nowhere, /^unavailable: MongoDB: .*(ENOTFOUND|EAI_AGAIN|timed out)/)
  })

  it('says in one sentence that the server knows no passwords', async () => {
    const url = engine.url.replace('//', `//me:${PASSWORD}@`)
    assert.match(await sentenceOf(url), /^unavailable: MongoDB: .*saslStart/)
  })

  it('says in one sentence that a file for TLS is missing', async () => {
    const url = `${engine.url}?tls=true&tlsCAFile=/not/there.pem`
    assert.match(await sentenceOf(url), /^unavailable: MongoDB: .*\/not\/there\.pem/)
  })

  it('checks the certificate and the name in it', async () => {
    const folder = makeFolder('mongodb-tls', null)
    const { caFile, certFile, keyFile } = makeCertificates(folder, null)
    const secure = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) })
    secure.on('tlsClientError', () => {})
    secure.on('secureConnection', (client) => {
      const server = connect(engine.port, engine.host)
      for (const [from, to] of [[client, server] as const, [server, client] as const]) {
        from.pipe(to)
        from.on('error', () => to.destroy())
        from.on('close', () => to.destroy())
      }
    })
    secure.listen(0, '127.0.0.1')
    await once(secure, 'listening')
    try {
      const { port } = secure.address() as { port: number }
      const urlOf = (host: string, query: string) =>
        `mongodb://${host}:${port}/pawl?tls=true${query}`
      const trusted = `&tlsCAFile=${caFile}`
      const good = await sentenceOf(urlOf('localhost', trusted))
      const stranger = await sentenceOf(urlOf('localhost', ''))
      const misnamed = await sentenceOf(urlOf('127.0.0.1', trusted))
      assertCertificatesChecked({ good, stranger, misnamed })
    } finally {
      secure.close()
      removeFolder(folder)
    }
  })
}

if (isChosen('mongodb')) describe('MongoDB, wrongly named,', describeRefusals)
