import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clearingLine, cookieLine, cookieScope, readCookies } from '../../src/http/cookies.ts'

const NAME = '__Host-pawl-at'
const NBSP = '\u00a0'

const reads: readonly (readonly [
  header: string | null,
  expected: readonly string[],
  why: string,
])[] = [
  [null, [], 'no header'],
  ['', [], 'an empty header'],
  [`${NAME}=a`, ['a'], 'the only cookie'],
  [`x=1; ${NAME}=a; y=2`, ['a'], 'one of several'],
  [`x=1;${NAME}=a`, ['a'], 'no blank after the semicolon'],
  [`x=1; \t ${NAME}=a \t; y=2`, ['a'], 'blanks and tabs are trimmed'],
  [`${NAME}=a; ${NAME}=b`, ['a', 'b'], 'duplicates, in the order sent'],
  [`${NAME}=`, [''], 'an empty value'],
  [`${NAME}=a=b`, ['a=b'], 'a value with an equals sign'],
  [NAME, [], 'a name without a value'],
  [`x${NAME}=a`, [], 'a longer name that ends like ours'],
  [`${NAME}x=a`, [], 'a longer name that starts like ours'],
  [`x=${NAME}=a`, [], 'our name inside a value'],
  [`x=a ${NAME}=b`, [], 'our name after a blank inside a value'],
  [`__host-pawl-at=a`, [], 'another case'],
  [`${NBSP}${NAME}=a`, [], 'a name with a no-break space before it'],
  [`${NAME}${NBSP}=a`, [], 'a name with a no-break space behind it'],
  [`x=1,${NAME}=a`, [], 'a comma does not separate'],
  [`="${NAME}=a"`, [], 'a nameless cookie'],
]

for (const [header, expected, why] of reads) {
  test(`reading cookies: ${why}`, () => {
    assert.deepEqual([...readCookies(header, NAME)], expected)
  })
}

test('reading cookies: bounded', () => {
  const values = Array.from({ length: 30 }, (_, at) => String(at))
  const header = values.map((value) => `${NAME}=${value}`).join('; ')
  assert.deepEqual([...readCookies(header, NAME)], values.slice(0, 16))
})

test('a header of 100 KB made to be slow is read in little time', () => {
  const header = `${`${' '.repeat(50)}${NAME}`.repeat(1500)};`
  const start = performance.now()
  readCookies(header, NAME)
  assert.ok(performance.now() - start < 50)
})

const scope = cookieScope({
  name: NAME,
  path: '/',
  domain: undefined,
  secure: true,
  sameSite: 'lax',
  partitioned: false,
})

test('a cookie is Secure, HttpOnly, host-only, Lax, with an explicit life', () => {
  assert.equal(
    cookieLine(scope, 'abc', 60.9),
    `${NAME}=abc; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax`,
  )
})

test('a cookie is cleared in exactly the scope it was set in', () => {
  const options = {
    name: '__Secure-pawl-at',
    path: '/',
    domain: 'example.com',
    secure: true,
    sameSite: 'none',
    partitioned: true,
  } as const
  const wide = cookieScope(options)
  const attributes = (line: string) => line.split('; ').slice(2)
  assert.deepEqual(attributes(clearingLine(wide)), attributes(cookieLine(wide, 'a', 9)))
  assert.match(clearingLine(wide), /^__Secure-pawl-at=; Max-Age=0; Path=\/; Domain=example.com; /)
})

test('a cookie lives no longer than 400 days and never a negative time', () => {
  assert.match(cookieLine(scope, 'a', 1e9), /Max-Age=34560000;/)
  assert.match(cookieLine(scope, 'a', -5), /Max-Age=0;/)
})

for (const bad of ['a;b', 'a b', 'a,b', 'a"', 'a\r\nSet-Cookie: x=1', 'a\0', 'é', '\u2028']) {
  test(`a value with ${JSON.stringify(bad)} is never serialised`, () => {
    assert.throws(() => cookieLine(scope, bad, 1), TypeError)
  })
  test(`a name, path or domain with ${JSON.stringify(bad)} is never serialised`, () => {
    const base = { secure: true, sameSite: 'lax', partitioned: false } as const
    const good = { ...base, name: 'n', path: '/', domain: undefined }
    assert.throws(() => cookieScope({ ...good, name: bad }), TypeError)
    assert.throws(() => cookieScope({ ...good, path: bad }), TypeError)
    assert.throws(() => cookieScope({ ...good, domain: bad }), TypeError)
  })
}

test('a cookie that browsers would ignore for its size is never serialised', () => {
  assert.ok(cookieLine(scope, 'a'.repeat(4096 - NAME.length), 1))
  assert.throws(() => cookieLine(scope, 'a'.repeat(4097 - NAME.length), 1), TypeError)
})
