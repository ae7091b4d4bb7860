import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createPublicKey, type webcrypto } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, it } from 'node:test'
import { startServer } from '@pawl/server'
import { memoryStore } from '@pawl/store-testkit'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
const ISSUER = 'https://sessions.example.com'

interface Published {
  readonly issuer: string
  readonly jwks_uri: string
  readonly id_token_signing_alg_values_supported: readonly string[]
}

/** What an outside verifier has: a token, and the address of the discovery document. */
async function outside(
  algorithm: 'ES256' | 'EdDSA' | 'RS256',
  look: (token: string, published: Published) => Promise<void>,
): Promise<void> {
  const server = await startServer({
    ...{ port: 0, logLevel: 'silent', storeInstance: memoryStore() },
    ...{ signingAlgorithm: algorithm, issuer: ISSUER },
  })
  try {
    const answer = await fetch(`${server.url}/v1/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ userId: 'ada' }),
    })
    const { accessToken } = (await answer.json()) as { accessToken: { token: string } }
    const found = await fetch(`${server.url}/.well-known/openid-configuration`)
    await look(accessToken.token, (await found.json()) as Published)
  } finally {
    await server.close()
  }
}

/** A signature of two numbers, as JOSE writes it, in the form that everybody else reads. */
function derSignature(raw: Buffer): Buffer {
  const numbers = [raw.subarray(0, 32), raw.subarray(32)].map((bytes) => {
    let start = 0
    while (start < bytes.length - 1 && bytes[start] === 0) start += 1
    const bare = bytes.subarray(start)
    const padded = (bare[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.of(0), bare]) : bare
    return Buffer.concat([Buffer.of(0x02, padded.length), padded])
  })
  const body = Buffer.concat(numbers)
  return Buffer.concat([Buffer.of(0x30, body.length), body])
}

/** Whether OpenSSL, run as a program, takes the token for signed by this key. */
function opensslVerifies(
  token: string,
  key: webcrypto.JsonWebKey & { readonly alg: string },
): boolean {
  const dir = mkdtempSync(path.join(tmpdir(), 'pawl-openssl-'))
  const file = (name: string) => path.join(dir, name)
  const [header, payload, signature = ''] = token.split('.')
  const raw = Buffer.from(signature, 'base64url')
  try {
    const pem = createPublicKey({ key, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
    writeFileSync(file('key'), pem)
    writeFileSync(file('signature'), key.alg === 'ES256' ? derSignature(raw) : raw)
    writeFileSync(file('signed'), `${header}.${payload}`)
    const ends = ['-in', file('signed'), '-sigfile', file('signature')]
    const digest = key.alg === 'EdDSA' ? [] : ['-digest', 'sha256']
    const words = ['pkeyutl', '-verify', '-rawin', ...digest, '-pubin', '-inkey', file('key')]
    return spawnSync('openssl', [...words, ...ends]).status === 0
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

describe('a verifier that knows the address of the discovery document alone', () => {
  for (const algorithm of ['ES256', 'EdDSA', 'RS256'] as const) {
    it(`verifies ${algorithm} tokens with jose`, async () => {
      await outside(algorithm, async (token, published) => {
        assert.equal(published.issuer, ISSUER)
        const keys = createRemoteJWKSet(new URL(published.jwks_uri))
        const algorithms = [...published.id_token_signing_alg_values_supported]
        const expected = { issuer: published.issuer, audience: 'default', algorithms }
        assert.equal((await jwtVerify(token, keys, expected)).payload.sub, 'ada')
      })
    })

    it(`verifies ${algorithm} tokens with OpenSSL, and no changed one`, async () => {
      assert.ok(hasOpenssl, 'there is no openssl here; Debian: apt-get install openssl')
      await outside(algorithm, async (token, published) => {
        const { keys } = (await (await fetch(published.jwks_uri)).json()) as {
          keys: (webcrypto.JsonWebKey & { readonly alg: string; readonly kid: string })[]
        }
        const header = Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()
        const { kid } = JSON.parse(header) as { kid: string }
        const key = keys.find((one) => one.kid === kid)
        assert.ok(key)
        assert.equal(opensslVerifies(token, key), true)
        const [start, payload = '', signature] = token.split('.')
        const turned = payload.startsWith('eyJ') ? `eyK${payload.slice(3)}` : `eyJ${payload}`
        assert.equal(opensslVerifies(`${start}.${turned}.${signature}`, key), false)
      })
    })
  }
})
