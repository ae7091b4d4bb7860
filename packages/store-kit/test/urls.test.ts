import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isStoreError } from '@pawl/core'
import {
  answeredWithin,
  answerLost,
  bounded,
  isThisMachine,
  readCertificates,
  urlRules,
} from '@pawl/store-kit'

const { parse, decode } = urlRules({ title: 'Any', parameters: ['colour', 'ca', 'cert', 'key'] })
const read = (text: string) => parse(text, /^any:\/\//, 'any://host')

describe('the rules for URLs', () => {
  it('let a URL of ours through', () => {
    const url = read('any://me:p%40ss@host:1/x?colour=red')
    assert.equal(url.searchParams.get('colour'), 'red')
    assert.equal(decode(url.password), 'p@ss')
  })

  it('refuse any other in a sentence that does not repeat it', () => {
    const wrong = {
      'other://me:secret@host': /^the Any URL is not one: any:\/\/host$/,
      'any://me:secret@:1:2': /is not one/,
      'any://me:secret@host?size=1': /has the parameter size, which is not one of colour, ca/,
      'any://me:%secret@host': /has a % that begins no escape/,
    }
    for (const [text, sentence] of Object.entries(wrong)) {
      assert.throws(
        () => decode(read(text).password),
        (error) =>
          isStoreError(error) &&
          error.kind === 'unavailable' &&
          sentence.test(error.message) &&
          !/secret/.test(`${error.message} ${error.cause}`),
      )
    }
  })

  it('know this machine by its names', () => {
    for (const host of ['localhost', '127.0.0.1', '::1', '[::1]']) assert.ok(isThisMachine(host))
    for (const host of ['', 'localhost.example.com', '10.0.0.1', 'x127.0.0.1']) {
      assert.ok(!isThisMachine(host))
    }
  })

  it('check certificates, by the files that are named', () => {
    const names = { ca: 'ca', cert: 'cert', key: 'key' }
    assert.deepEqual(readCertificates(new URLSearchParams(), names), { rejectUnauthorized: true })
    const { ca } = readCertificates(new URLSearchParams({ ca: import.meta.filename }), names)
    assert.match(ca ?? '', /^import assert/)
    const missing = new URLSearchParams({ key: '/not/there' })
    assert.throws(() => readCertificates(missing, names), /the file that key names cannot be read/)
  })
})

describe('an option with a range', () => {
  it('is a whole number within it', () => {
    assert.equal(bounded('poolMax', 1, [1, 100]), 1)
    assert.equal(bounded('poolMax', 100, [1, 100]), 100)
    for (const value of [0, 101, 1.5, Number.NaN]) {
      assert.throws(() => bounded('poolMax', value, [1, 100]), /poolMax .* from 1 to 100/)
    }
  })
})

describe('an answer', () => {
  const limit = { title: 'Any', limitMs: 1, kind: 'unavailable' } as const

  it('is waited for no longer than its limit', async () => {
    const never = answeredWithin(limit, new Promise(() => {}))
    await assert.rejects(never, /^StoreError: Any did not answer within 1 ms$/)
    assert.equal(await answeredWithin({ ...limit, limitMs: 60_000 }, Promise.resolve(7)), 7)
  })

  it('that is lost leaves open what was written', () => {
    const cause = new Error('cut')
    const error = answerLost('Any', cause)
    assert.deepEqual([error.kind, error.cause], ['timeout', cause])
    assert.match(error.message, /^the connection to Any was lost: what was written is not known$/)
  })
})
