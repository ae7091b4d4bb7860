import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { loadPeer } from '../peers/install-peers.ts'
import { runInFlight, type Subject } from './subject.ts'

const BATCH = 64
const TOKENS = 256
const LIFE_SECONDS = 3_600

interface Sessions {
  init(config: { readonly getTokenTransferMethod: () => 'header' }): unknown
  getSessionWithoutRequestResponse(token: string): Promise<{ getHandle(): string } | undefined>
}

interface SuperTokens {
  init(config: object): void
}

/**
 * supertokens-node as an application calls it for a request that carries a token of its own shape
 * (RS256-2048, token version 5), so many at a time. A stand-in for its core serves the keys: the
 * SDK asks for them once and verifies locally.
 */
export async function open(inFlight: string): Promise<Subject> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const kid = `d-${Date.now()}`
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }]
  const core = createServer((request, response) => {
    response.setHeader('content-type', 'application/json')
    const isKeys = request.url?.endsWith('/jwks.json') === true
    response.end(JSON.stringify(isKeys ? { keys } : { versions: ['5.3'] }))
  })
  await new Promise<void>((resolve) => core.listen(0, '127.0.0.1', resolve))
  const { port } = core.address() as AddressInfo
  const sessions = loadPeer<{ default: Sessions }>('supertokens-node/recipe/session').default
  loadPeer<{ default: SuperTokens }>('supertokens-node').default.init({
    framework: 'express',
    supertokens: { connectionURI: `http://127.0.0.1:${port}` },
    appInfo: {
      appName: 'bench',
      apiDomain: 'http://127.0.0.1:3001',
      websiteDomain: 'http://127.0.0.1:3000',
    },
    recipeList: [sessions.init({ getTokenTransferMethod: () => 'header' })],
  })
  const tokens = Array.from({ length: TOKENS }, () => newToken(kid, privateKey))
  const verify = async (index: number): Promise<void> => {
    const session = await sessions.getSessionWithoutRequestResponse(tokens[index % TOKENS] ?? '')
    if (session === undefined) throw new Error('the peer refused its own token')
  }
  await verify(0)
  return {
    batch: () => runInFlight(BATCH, Number(inFlight), verify),
    close: () => {
      core.closeAllConnections()
      core.close()
    },
  }
}

function newToken(kid: string, key: KeyObject): string {
  const iat = Math.floor(Date.now() / 1000)
  const userId = randomUUID()
  const hex = () => (randomUUID() + randomUUID()).replaceAll('-', '')
  const header = { kid, typ: 'JWT', version: '5', alg: 'RS256' }
  const claims = {
    iat,
    exp: iat + LIFE_SECONDS,
    sub: userId,
    tId: 'public',
    rsub: userId,
    sessionHandle: randomUUID(),
    refreshTokenHash1: hex(),
    parentRefreshTokenHash1: null,
    antiCsrfToken: null,
    iss: 'http://127.0.0.1:3001/auth',
  }
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const text = `${encode(header)}.${encode(claims)}`
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
}
