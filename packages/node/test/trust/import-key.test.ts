import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { importKey } from '../../src/trust/import-key.ts'
import { signer } from '../support/signer.ts'

const ec = signer('ES256').jwk
const ed = signer('EdDSA').jwk
const rsa = signer('RS256').jwk
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' })
const even = Buffer.from([4]).toString('base64url')

test('the three algorithms are imported with their own keys', () => {
  assert.equal(importKey(ec)?.algorithm, 'ES256')
  assert.equal(importKey(ed)?.algorithm, 'EdDSA')
  assert.equal(importKey(rsa)?.algorithm, 'RS256')
  assert.equal(importKey(rsa)?.signatureBytes, 256)
})

const bad: Readonly<Record<string, object>> = {
  'no alg': { ...ec, alg: undefined },
  'an alg of the same key type': { ...ec, alg: 'ES384' },
  'an alg of another key type': { ...ec, alg: 'RS256' },
  'PS256 for RSA': { ...rsa, alg: 'PS256' },
  HS256: { ...rsa, alg: 'HS256' },
  'another curve under P-256': { ...p384, crv: 'P-256', alg: 'ES256', kid: 'x', use: 'sig' },
  'P-384': { ...p384, alg: 'ES256', kid: 'x', use: 'sig' },
  'a point off the curve': { ...ec, x: ec.y, y: ec.x },
  'no x': { ...ec, x: undefined },
  'a number as x': { ...ec, x: 1 },
  'an encryption key': { ...ec, use: 'enc' },
  'a private member': { ...ec, d: 'AAAA' },
  'a symmetric member': { ...rsa, k: 'AAAA' },
  'a weak modulus': { ...weak, kid: 'x', alg: 'RS256', use: 'sig' },
  'an even exponent': { ...rsa, e: even },
  'a kid with a path': { ...ec, kid: '../x' },
  'a kid too long': { ...ec, kid: 'k'.repeat(65) },
}
for (const [name, jwk] of Object.entries(bad)) {
  test(`a key with ${name} is not used`, () => {
    assert.equal(importKey(jwk as Parameters<typeof importKey>[0]), undefined)
  })
}
