import { createHmac } from 'node:crypto'
import { joinToken } from '@pawl/embedded'
import type { Seeded } from './random.ts'

/** What an attacker has: good tokens of one session, foreign ones, and what is public. */
export interface Loot {
  /** Good tokens; none of them is ever presented as it is. */
  readonly refresh: readonly string[]
  readonly jwt: readonly string[]
  readonly opaque: readonly string[]
  /** Tokens of all kinds of another core, and of another app of the same core. */
  readonly foreign: readonly string[]
  /** The public key in every form that was ever taken for a shared secret. */
  readonly publicKeyForms: readonly (string | Buffer)[]
}

/** Makes one bad token out of good ones. */
export type Mutation = (loot: Loot, chance: Seeded) => string

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const ODD_CHARACTERS = [
  '.',
  '=',
  '+',
  '/',
  ' ',
  '\n',
  '\0',
  '%',
  '"',
  '\u00a0',
  '\u2028',
  'é',
  '😀',
]
const HUGE_CHARS = 60_000

/** Mutations of the characters of any token. */
const anyText: { readonly [name: string]: (token: string, chance: Seeded) => string } = {
  'one bit flipped': (token, chance) => {
    const at = chance.below(token.length)
    return replaceAt(token, at, String.fromCharCode(token.charCodeAt(at) ^ (1 << chance.below(7))))
  },
  'one character replaced': (token, chance) =>
    replaceAt(token, chance.below(token.length), chance.pick([...ALPHABET])),
  'an odd character put in': (token, chance) => {
    const at = chance.below(token.length + 1)
    return token.slice(0, at) + chance.pick(ODD_CHARACTERS) + token.slice(at)
  },
  'cut off at the end': (token, chance) => token.slice(0, 1 + chance.below(token.length - 1)),
  'cut off at the start': (token, chance) => token.slice(1 + chance.below(token.length - 1)),
  'a piece taken out': (token, chance) => {
    const at = chance.below(token.length - 1)
    return token.slice(0, at) + token.slice(at + 1 + chance.below(8))
  },
  'a piece said twice': (token, chance) => {
    const at = chance.below(token.length)
    return token.slice(0, at + 4) + token.slice(at)
  },
  'said twice': (token) => token + token,
  'in another case': (token) => token.toUpperCase(),
  'with a scheme': (token) => `Bearer ${token}`,
  'made huge': (token, chance) => token + chance.pick(['A', '.', '=']).repeat(HUGE_CHARS),
}

/** Mutations below the checksum: what damage alone never makes. */
const sealed: { readonly [name: string]: (token: string, chance: Seeded) => string } = {
  'a byte under the seal flipped': (token, chance) => {
    const bytes = Buffer.from(partsOf(token)[2] ?? '', 'base64url')
    const at = chance.below(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << chance.below(8))
    return reseal(token, { payload: bytes.toString('base64url') })
  },
  'bytes under the seal cut off': (token, chance) => {
    const payload = partsOf(token)[2] ?? ''
    return reseal(token, { payload: payload.slice(0, chance.below(payload.length)) })
  },
  'another spelling of the same bytes': (token, chance) => {
    const payload = partsOf(token)[2] ?? ''
    return reseal(token, { payload: payload + chance.pick(['=', '==', 'A', '\n']) })
  },
  'another secret named': (token, chance) => {
    const id = Array.from({ length: partsOf(token)[1]?.length ?? 8 }, () =>
      chance.pick([...ALPHABET]),
    )
    return reseal(token, { id: id.join('') })
  },
  'a prototype named': (token, chance) =>
    reseal(token, { id: chance.pick(['__proto__', 'constructor', 'toString', '']) }),
  'another type': (token, chance) => {
    const [prefix = ''] = partsOf(token)
    const others = ['pawl_rt1', 'pawl_at1', 'pawl_key1', 'pawl_rt2', 'pawl_rt', '']
    return reseal(token, { prefix: chance.pick(others.filter((other) => other !== prefix)) })
  },
  'a huge seal': (token) => reseal(token, { payload: 'A'.repeat(HUGE_CHARS) }),
}

type Header = { readonly [name: string]: unknown }

/** Headers that have fooled verifiers; the payload and the signature stay. */
const HEADERS: readonly ((own: Header) => Header | string)[] = [
  ...['none', 'None', 'nOnE', 'NONE', '', 'HS256', 'HS384', 'HS512', 'RS256', 'ES384', 'PS256'].map(
    (alg) => (own: Header) => ({ ...own, alg }),
  ),
  ...[['x'], [], ['b64'], 'x', null].map((crit) => (own: Header) => ({ ...own, crit })),
  ...[
    '../../dev/null',
    "' OR 1=1 --",
    '__proto__',
    'constructor',
    'd-AAAAAAAAAAA',
    7,
    null,
    [],
  ].map((kid) => (own: Header) => ({ ...own, kid })),
  (own) => ({ ...own, b64: false }),
  (own) => ({ ...own, zip: 'DEF' }),
  (own) => ({ ...own, jku: 'http://127.0.0.1:9/jwks.json' }),
  (own) => ({ ...own, x5u: 'file:///dev/zero' }),
  (own) => ({ ...own, x5c: ['MIIB'] }),
  (own) => ({ ...own, jwk: { kty: 'oct', k: 'AAAA' } }),
  (own) => ({ ...own, typ: 'JWT' }),
  (own) => ({ ...own, typ: 'application/at+jwt' }),
  (own) => ({ ...own, enc: 'A256GCM', alg: 'dir', p2c: 2 ** 31 }),
  ({ typ, ...rest }) => rest,
  ({ alg, ...rest }) => rest,
  (own) => `{"alg":"none",${JSON.stringify(own).slice(1)}`,
  (own) => `${JSON.stringify(own).slice(0, -1)},"alg":"none"}`,
  (own) => `\ufeff${JSON.stringify(own)}`,
  (own) => `${JSON.stringify(own)} `,
  (own) => JSON.stringify(own, null, 1),
  () => '{',
  () => 'null',
  () => '[]',
  () => `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
]

/** Mutations of a JWT that know what a JWT is. */
const jwt: { readonly [name: string]: (token: string, chance: Seeded, loot: Loot) => string } = {
  'another header': (token, chance) => {
    const [header = '', payload, signature] = token.split('.')
    const changed = chance.pick(HEADERS)(JSON.parse(textOf(header)))
    const text = typeof changed === 'string' ? changed : JSON.stringify(changed)
    return `${encode(text)}.${payload}.${chance.pick([signature ?? '', '', 'AA'])}`
  },
  'signed with the public key as a shared secret': (token, chance, loot) => {
    const [header = '', payload] = token.split('.')
    const alg = chance.pick(['HS256', 'HS384', 'HS512'])
    const signed = `${encode(JSON.stringify({ ...JSON.parse(textOf(header)), alg }))}.${payload}`
    const key = chance.pick(loot.publicKeyForms)
    const digest = createHmac(alg.replace('HS', 'sha'), key).update(signed).digest('base64url')
    return `${signed}.${digest}`
  },
  'a claim changed': (token, chance) => {
    const [header, payload = '', signature] = token.split('.')
    const claims = JSON.parse(textOf(payload))
    const changes: readonly Header[] = [
      { sub: 'root' },
      { exp: claims.exp + 1 },
      { exp: '9999999999' },
      { exp: Number.MAX_VALUE },
      { aud: ['default', 'x'] },
      { iss: 'pawl ' },
      { role: 'admin' },
      { tid: 'acme' },
      { lin: null },
      { sid: '../../../../../../../..' },
    ]
    const changed = encode(JSON.stringify({ ...claims, ...chance.pick(changes) }))
    return `${header}.${changed}.${signature}`
  },
  'a member said twice': (token, chance) => {
    const [header, payload = '', signature] = token.split('.')
    const own = textOf(payload)
    const more = chance.pick(['"sub":"root"', '"exp":9999999999', '"__proto__":{"admin":true}'])
    const twice = chance.pick([`{${more},${own.slice(1)}`, `${own.slice(0, -1)},${more}}`])
    return `${header}.${encode(twice)}.${signature}`
  },
  'a bit of the signature flipped': (token, chance) => {
    const [header, payload, signature = ''] = token.split('.')
    const bytes = Buffer.from(signature, 'base64url')
    const at = chance.below(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << chance.below(8))
    return `${header}.${payload}.${bytes.toString('base64url')}`
  },
  'another signature': (token, chance) => {
    const [header, payload, signature = ''] = token.split('.')
    const bytes = Buffer.from(signature, 'base64url')
    const swapped = Buffer.concat([bytes.subarray(32), bytes.subarray(0, 32)])
    const forms = [
      Buffer.alloc(64),
      Buffer.alloc(0),
      swapped,
      Buffer.alloc(64, 255),
      bytes.subarray(1),
    ]
    const form = chance.pick(forms)
    return `${header}.${payload}.${form.toString('base64url')}`
  },
  'parts of two tokens': (token, chance, loot) => {
    const other = chance.pick(loot.jwt.filter((each) => each !== token)).split('.')
    const own = token.split('.')
    const mixed = chance.pick([
      [own[0], own[1], other[2]],
      [own[0], other[1], own[2]],
      [own[0], own[1], own[1], other[1], own[2]],
    ])
    return mixed.join('.')
  },
  'in JSON': (token) => {
    const [header, payload, signature] = token.split('.')
    return JSON.stringify({ payload, protected: header, signature })
  },
}

function forAll<T extends (token: string, chance: Seeded, loot: Loot) => string>(
  table: { readonly [name: string]: T },
  of: (loot: Loot) => readonly string[],
): readonly Mutation[] {
  return Object.values(table).map(
    (mutate): Mutation =>
      (loot, chance) =>
        mutate(chance.pick(of(loot)), chance, loot),
  )
}

const asTheyAre =
  (of: (loot: Loot) => readonly string[]): Mutation =>
  (loot, chance) =>
    chance.pick(of(loot))

/** Bad refresh tokens. */
export const REFRESH_MUTATIONS: readonly Mutation[] = [
  ...forAll(anyText, ({ refresh }) => refresh),
  ...forAll(sealed, ({ refresh }) => refresh),
  ...forAll(sealed, ({ opaque }) => opaque),
  asTheyAre(({ jwt: tokens }) => tokens),
  asTheyAre(({ opaque }) => opaque),
  asTheyAre(({ foreign }) => foreign),
]

/** Bad access tokens. */
export const ACCESS_MUTATIONS: readonly Mutation[] = [
  ...forAll(anyText, ({ jwt: tokens }) => tokens),
  ...forAll(jwt, ({ jwt: tokens }) => tokens),
  ...forAll(anyText, ({ opaque }) => opaque),
  ...forAll(sealed, ({ opaque }) => opaque),
  asTheyAre(({ refresh }) => refresh),
  asTheyAre(({ foreign }) => foreign),
]

function partsOf(token: string): readonly string[] {
  return token.split('.')
}

function reseal(
  token: string,
  change: { readonly prefix?: string; readonly id?: string; readonly payload?: string },
): string {
  const [prefix = '', id = '', payload = ''] = partsOf(token)
  const { prefix: newPrefix = prefix, ...parts } = { id, payload, ...change }
  return joinToken(newPrefix, parts)
}

function replaceAt(text: string, at: number, character: string): string {
  return text.slice(0, at) + character + text.slice(at + 1)
}

function textOf(part: string): string {
  return Buffer.from(part, 'base64url').toString()
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}
