import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decodeSessionHeader } from '../src/session-header.ts'
import { decodeRecord, emptyRecord, encodeRecord, isNewer } from '../src/shared-record.ts'

const header = {
  handle: 'h1',
  userId: 'zoë 🦊',
  generation: 3,
  grant: 'abcdefghijklmnop',
  accessExpiresAtMs: 2,
  serverNowMs: 1,
  absoluteExpiresAtMs: 3,
  claims: { role: 'größe' },
}
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('the session header', () => {
  it('is read with every character that a name may have', () => {
    assert.deepEqual(decodeSessionHeader(encode(header)), header)
    assert.equal(decodeSessionHeader('none'), 'none')
  })

  const strangers = [
    null,
    '',
    'NONE',
    '%%%',
    encode(null),
    encode(7),
    encode([]),
    encode({ ...header, handle: 7 }),
    encode({ ...header, claims: null }),
    encode({ ...header, accessExpiresAtMs: '2' }),
    `${encode(header)}${'A'.repeat(20_000)}`,
  ]
  for (const [place, value] of strangers.entries()) {
    it(`is nothing when it is not ours (${place})`, () => {
      assert.equal(decodeSessionHeader(value), undefined)
    })
  }
})

describe('the shared record', () => {
  it('is read as it was written, and nothing else is', () => {
    assert.deepEqual(decodeRecord(encodeRecord(emptyRecord)), emptyRecord)
    for (const text of [null, '', '{', 'null', '7', '{}', '{"revision":1}']) {
      assert.equal(decodeRecord(text), undefined)
    }
  })

  it('that was written later counts, and of two at once the one that signs out', () => {
    const one = { ...emptyRecord, revision: 1, by: 'z' }
    const leaving = { ...one, by: 'a', signOuts: [{ handle: 'h1', askedAtMs: 1 }] }
    assert.ok(isNewer(one, emptyRecord))
    assert.ok(!isNewer(one, one))
    assert.ok(isNewer(leaving, one))
    assert.ok(!isNewer(one, leaving))
  })
})
