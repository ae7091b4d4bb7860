import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  isStoreError,
  type KeyThumbprint,
  type RevocationEntry,
  type Rotation,
  type Session,
} from '@pawl/core'
import {
  entryColumns,
  entryToValues,
  exactText,
  rotationColumns,
  rotationToValues,
  sessionColumns,
  sessionToValues,
  textToJson,
  valuesToEntry,
  valuesToSession,
} from '@pawl/store-kit'
import { rotationOf, sessionOf } from '../../../test/engines/trouble/labelled-sessions.ts'

const session = sessionOf('columns', {
  claims: { role: 'ü' },
  data: { list: [1, null] },
  device: { agent: 'any' } as Session['device'],
  prevHash2: sessionOf('another').curHash2,
  keyThumbprint: 'thumb' as KeyThumbprint,
  endReason: 'sign-out',
})

describe('the columns of a session', () => {
  it('give it back from wherever they stand in a row', () => {
    const values = sessionToValues(session)
    assert.equal(values.length, sessionColumns.length)
    assert.deepEqual(valuesToSession(values), session)
    assert.deepEqual(valuesToSession([1, 2, ...values, 3], 2), session)
  })

  it('take text in whatever form the client gives it', () => {
    const bytes = sessionToValues(session).map((value) =>
      typeof value === 'string' ? Buffer.from(value) : value,
    )
    const textOf = (value: unknown) => (Buffer.isBuffer(value) ? value.toString() : value)
    assert.deepEqual(valuesToSession(bytes, 0, textOf), session)
  })

  it('refuse names that would not come back as they were', () => {
    for (const name of ['app', 'tenant', 'handle', 'userId']) {
      const spoilt = { ...session, [name]: 'a\ud800' } as Session
      assert.throws(() => sessionToValues(spoilt), TypeError)
    }
    const rotation: Rotation = rotationOf('columns', 0)
    const key = { ...session, handle: '\udc00' as Session['handle'] }
    assert.throws(() => rotationToValues(key, rotation), TypeError)
    assert.equal(rotationToValues(session, rotation).length, rotationColumns.length)
    assert.equal(exactText('é😀'), 'é😀')
  })

  it('that hold no JSON where JSON belongs are corrupt', () => {
    assert.deepEqual(textToJson('{}'), {})
    for (const text of ['{', null, undefined]) {
      assert.throws(
        () => textToJson(text),
        (error) => isStoreError(error) && error.kind === 'corrupt',
      )
    }
  })
})

describe('the columns of an entry of the revocation log', () => {
  it('give it back from wherever they stand in a row', () => {
    const { app, tenant, userId, handle } = session
    const about = { app, tenant, userId, atMs: session.createdAtMs, reason: 'revoked' } as const
    const entries: RevocationEntry[] = [
      { kind: 'session', ...about, handle },
      { kind: 'cut-off', ...about, beforeMs: session.createdAtMs },
      { kind: 'cut-off', ...about, userId: null, beforeMs: session.createdAtMs },
    ]
    for (const entry of entries) {
      const values = entryToValues(entry)
      assert.equal(values.length, entryColumns.length)
      assert.deepEqual(valuesToEntry([7, ...values], 1), entry)
    }
  })
})
