import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { readAccessToken } from '../../src/tokens/read-access-token.ts'
import { makeTrust, type Trust } from '../../src/trust/trust.ts'
import { SETTINGS } from '../support/fake-core.ts'
import {
  CLAIMS,
  encode,
  MINTED_AT_MS,
  packLineage,
  type Signer,
  signer,
} from '../support/signer.ts'

const NOW_MS = MINTED_AT_MS + 1000
const ours = signer('ES256', 'd-1')
const ed = signer('EdDSA', 's-2')
const rsa = signer('RS256', 's-3')
const stranger = signer('ES256', 'd-1')

function trustOf(...signers: readonly Signer[]): Trust {
  const trust = makeTrust(SETTINGS, { keys: signers.map(({ jwk }) => jwk) })
  assert.ok(trust)
  return trust
}
const trust = trustOf(ours, ed, rsa)
const read = (token: string, nowMs = NOW_MS) => readAccessToken(token, trust, nowMs)

test('a good token of each algorithm tells the session', () => {
  for (const one of [ours, ed, rsa]) {
    const lin = packLineage({ generation: 7, parent: 'parent-bytes' })
    const token = one.token({ lin, tid: 'acme', role: 'admin', nested: { a: [1] } })
    const found = read(token)
    assert.ok(found.kind === 'valid')
    const { session } = found
    assert.equal(session.handle, CLAIMS.sid)
    assert.equal(session.userId, 'alice')
    assert.equal(session.tenant, 'acme')
    assert.deepEqual(session.claims, { role: 'admin', nested: { a: [1] } })
    assert.equal(session.lineage.generation, 7)
    assert.equal(session.lineage.id.length, 16)
    assert.equal(session.lineage.parent, Buffer.from('parent-bytes').toString('base64url'))
    assert.equal(found.mintedAtMs, MINTED_AT_MS)
  }
})

test('a token without a tenant is of the default tenant', () => {
  const found = read(ours.token())
  assert.ok(found.kind === 'valid' && found.session.tenant === 'default')
})

test('what a token says cannot be changed by whoever reads it', () => {
  const found = read(ours.token({ nested: { list: [1] } }))
  assert.ok(found.kind === 'valid')
  assert.throws(() => Object.assign(found.session.claims, { admin: true }), TypeError)
  const nested = found.session.claims.nested as { list: number[] }
  assert.throws(() => nested.list.push(2), TypeError)
})

test('a claim called __proto__ is a plain member and pollutes nothing', () => {
  const payload = JSON.stringify(CLAIMS).replace('{', '{"__proto__":{"admin":true},')
  const found = read(ours.signText(header(), payload))
  assert.ok(found.kind === 'valid')
  assert.equal((found.session.claims as { admin?: boolean }).admin, undefined)
  assert.equal(({} as { admin?: boolean }).admin, undefined)
})

function header(members: object = {}): string {
  return JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: 'd-1', ...members })
}
const payload = JSON.stringify(CLAIMS)

const badHeaders: Readonly<Record<string, string>> = {
  'alg none': header({ alg: 'none' }),
  'alg None': header({ alg: 'nOnE' }),
  'alg of another key type': header({ alg: 'RS256' }),
  'alg of the same key type': header({ alg: 'ES384' }),
  'alg HS256': header({ alg: 'HS256' }),
  'no alg': header({ alg: undefined }),
  'alg a list': header({ alg: ['ES256'] }),
  'typ JWT': header({ typ: 'JWT' }),
  'typ dpop+jwt': header({ typ: 'dpop+jwt' }),
  'typ in capitals': header({ typ: 'AT+JWT' }),
  'no typ': header({ typ: undefined }),
  'no kid': header({ kid: undefined }),
  'kid a number': header({ kid: 1 }),
  'kid a path': header({ kid: '../../dev/null' }),
  'kid SQL': header({ kid: "' UNION SELECT 1 --" }),
  'kid empty': header({ kid: '' }),
  'kid huge': header({ kid: 'k'.repeat(5000) }),
  'crit empty': header({ crit: [] }),
  'crit unknown': header({ crit: ['x'], x: 1 }),
  'b64 false': header({ b64: false }),
  zip: header({ zip: 'DEF' }),
  jku: header({ jku: 'https://evil.test/jwks' }),
  jwk: header({ jwk: stranger.jwk }),
  x5u: header({ x5u: 'https://evil.test' }),
  x5c: header({ x5c: ['AAAA'] }),
  'duplicate alg': '{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"d-1"}',
  'white space': '{"alg":"ES256", "typ":"at+jwt","kid":"d-1"}',
  'byte order mark': `\ufeff${header()}`,
  'a list': '["ES256","at+jwt","d-1"]',
  null: 'null',
  'not JSON': 'alg=ES256',
}
for (const [name, text] of Object.entries(badHeaders)) {
  test(`a header with ${name} is refused, though its signature is good`, () => {
    assert.equal(read(ours.signText(text, payload)).kind, 'invalid')
  })
}

for (const kid of ['__proto__', 'constructor', 'd-9', 'toString']) {
  test(`a token naming the key ${kid} is of an unknown key`, () => {
    assert.equal(read(ours.signText(header({ kid }), payload)).kind, 'unknown-key')
  })
}

const badClaims: Readonly<Record<string, object>> = {
  'another issuer': { iss: 'pawl.evil' },
  'an issuer with a slash more': { iss: 'pawl/' },
  'no issuer': { iss: undefined },
  'another audience': { aud: 'shop' },
  'an audience that starts like ours': { aud: 'default2' },
  'a list of other audiences': { aud: ['default2', 'shop'] },
  'no audience': { aud: undefined },
  'no subject': { sub: undefined },
  'an empty subject': { sub: '' },
  'a number as subject': { sub: 7 },
  'a subject too long': { sub: 'a'.repeat(257) },
  'no session': { sid: undefined },
  'a session handle of another shape': { sid: 'short' },
  'a tenant that is no text': { tid: 1 },
  'no expiry': { exp: undefined },
  'an expiry as text': { exp: String(CLAIMS.exp) },
  'a fractional expiry': { exp: CLAIMS.exp + 0.5 },
  'a negative expiry': { exp: -1 },
  'an endless expiry': { exp: 1e300 },
  'null as expiry': { exp: null },
  'no time of issue': { iat: undefined },
  'a start as text': { nbf: '1' },
  'no lineage': { lin: undefined },
  'a lineage of another length': { lin: encode('short') },
  'a lineage with padding': { lin: `${CLAIMS.lin}=` },
  'a bound key': { cnf: { jkt: 'x' } },
}
for (const [name, members] of Object.entries(badClaims)) {
  test(`a signed token with ${name} is refused`, () => {
    assert.deepEqual(read(ours.token(members)), { kind: 'invalid', reason: 'claims' })
  })
}

test('a time of issue or a start in the future is told apart: some clock is wrong', () => {
  for (const members of [{ iat: NOW_MS / 1000 + 61 }, { nbf: NOW_MS / 1000 + 61 }]) {
    assert.deepEqual(read(ours.token(members)), { kind: 'invalid', reason: 'early' })
  }
})

test('our audience in a list, a skew of a minute and a past start are accepted', () => {
  assert.equal(read(ours.token({ aud: ['shop', 'default'] })).kind, 'valid')
  assert.equal(read(ours.token({ iat: NOW_MS / 1000 + 60 })).kind, 'valid')
  assert.equal(read(ours.token({ nbf: NOW_MS / 1000 - 5 })).kind, 'valid')
})

test('a token is good until its expiry and not a millisecond longer', () => {
  const token = ours.token()
  assert.equal(read(token, CLAIMS.exp * 1000 - 1).kind, 'valid')
  assert.equal(read(token, CLAIMS.exp * 1000).kind, 'expired')
})

const badPayloads: Readonly<Record<string, string | Buffer>> = {
  'a duplicate member': payload.replace('{', '{"sub":"mallory",'),
  'white space': payload.replace(',', ', '),
  'a byte order mark': `\ufeff${payload}`,
  'a number too large': payload.replace('{', '{"x":1e400,'),
  'an escaped spelling': payload.replace('alice', '\\u0061lice'),
  'a list': '[]',
  'no JSON': 'sub=alice',
}
for (const [name, text] of Object.entries(badPayloads)) {
  test(`a signed payload with ${name} is refused`, () => {
    assert.deepEqual(read(ours.signText(header(), String(text))), {
      kind: 'invalid',
      reason: 'payload',
    })
  })
}

test('a signature of another key, none, or one by our public key as a secret is refused', () => {
  const signed = `${encode(header())}.${encode(payload)}`
  const pem = ours.publicKey.export({ type: 'spki', format: 'pem' })
  const der = ours.publicKey.export({ type: 'spki', format: 'der' })
  for (const secret of [pem, `\n${pem}`, der, JSON.stringify(ours.jwk), String(ours.jwk.x)]) {
    for (const alg of ['HS256', 'ES256']) {
      const text = `${encode(header({ alg }))}.${encode(payload)}`
      const mac = createHmac('sha256', secret).update(text).digest('base64url')
      assert.equal(read(`${text}.${mac}`).kind, 'invalid')
    }
  }
  assert.equal(read(stranger.token()).kind, 'invalid')
  assert.equal(read(`${signed}.`).kind, 'invalid')
  assert.equal(read(signed).kind, 'invalid')
  assert.equal(read(`${signed}.${'A'.repeat(86)}`).kind, 'invalid')
})

test('a signature of any other length or of extreme numbers is refused, and nothing is thrown', () => {
  for (const one of [ours, ed, rsa]) {
    const [head = '', body = '', signature = ''] = one.token().split('.')
    const good = Buffer.from(signature, 'base64url')
    const lengths = [1, good.length - 1, good.length + 1, good.length / 2, good.length * 2]
    const others = lengths.map((length) => Buffer.concat([good, good]).subarray(0, length))
    const extremes = [0x00, 0x01, 0xff].map((byte) => Buffer.alloc(good.length, byte))
    for (const wrong of [...others, ...extremes]) {
      const token = `${head}.${body}.${wrong.toString('base64url')}`
      assert.deepEqual(read(token), { kind: 'invalid', reason: 'signature' })
    }
  }
})

test('other shapes than a compact JWS are refused', () => {
  const token = ours.token()
  const shapes = ['', '.', '..', '...', 'a', `${token}.x`, `.${token}`, `${token}.a.b`, ` ${token}`]
  for (const text of [...shapes, `${token}\n`, JSON.stringify({ payload }), 'x'.repeat(100_000)]) {
    assert.equal(read(text).kind, 'invalid', text.slice(0, 40))
  }
})

test('there is one spelling of a token: padding, stray bits and other alphabets are refused', () => {
  const token = ours.token()
  const [head = '', body = '', signature = ''] = token.split('.')
  const twin = signature.slice(0, -1) + nextStray(signature.at(-1) ?? 'A')
  assert.deepEqual(Buffer.from(twin, 'base64url'), Buffer.from(signature, 'base64url'))
  for (const text of [
    `${head}.${body}.${twin}`,
    `${head}.${body}.${signature}==`,
    `${head}=.${body}.${signature}`,
    `${head}.${body}=.${signature}`,
    `${head}.${body}.${signature.slice(0, 9)}\n${signature.slice(9)}`,
  ]) {
    assert.equal(read(text).kind, 'invalid')
  }
})

/** The same six leading bits that count, other trailing bits that do not. */
function nextStray(character: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const index = alphabet.indexOf(character)
  return alphabet[(index & ~15) | ((index + 1) & 15)] ?? ''
}

test('no mutation of a token is accepted, throws, or takes long', () => {
  const token = ours.token({ role: 'user' })
  let random = 42
  const next = (below: number) => {
    random = (Math.imul(random, 1103515245) + 12345) >>> 0
    return random % below
  }
  const start = performance.now()
  for (let round = 0; round < 3000; round += 1) {
    const at = next(token.length)
    const mutant =
      round % 3 === 0
        ? token.slice(0, at)
        : round % 3 === 1
          ? token.slice(0, at) + String.fromCharCode(33 + next(94)) + token.slice(at + 1)
          : token.slice(0, at) + token.slice(at + 1 + next(3))
    if (mutant === token) continue
    assert.notEqual(read(mutant).kind, 'valid', `mutant ${round} of seed 42: ${mutant}`)
  }
  assert.ok(performance.now() - start < 5000)
})
