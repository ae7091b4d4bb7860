import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GuardOptions } from '@pawl/node'
import { requireSession as requireInExpress } from '@pawl/node/express'
import { requireSession as requireInHttp } from '@pawl/node/node-http'
import { openEmbedded } from '../support/core-under-test.ts'
import { verdictOf, withScene } from '../support/open-pawl.ts'

const wrong: readonly (readonly [string, object, RegExp])[] = [
  ['a misspelt name', { checkstore: true }, /checkstore: there is no such option/],
  ['the name of something every object has', { toString: true }, /toString: there is no/],
  ['a word for a truth value', { optional: 'false' }, /optional: must be true or false/],
  ['a number for a truth value', { checkStore: 1 }, /checkStore: must be true or false/],
  ['a mode that is none', { csrf: 'off' }, /csrf: must be origin or/],
  ['an age that is a text', { maxAuthAgeSeconds: '600' }, /maxAuthAgeSeconds: must be a whole/],
  ['an age that nobody has', { maxAuthAgeSeconds: 0 }, /maxAuthAgeSeconds: must be/],
  ['an age without an end', { maxAuthAgeSeconds: Number.POSITIVE_INFINITY }, /maxAuthAge.*: must/],
  ['classes that are one', { acrValues: 'gold' }, /acrValues: must be a list/],
  ['no classes at all', { acrValues: [] }, /acrValues: must be a list/],
  ['a class that ends a header', { acrValues: ['gold", x="'] }, /acrValues: must be a list/],
  ['two classes in one', { acrValues: ['gold silver'] }, /acrValues: must be a list/],
  ['claims that are no predicate', { claims: { role: 'admin' } }, /claims: must be a function/],
]

test('options of a guard that are misspelt or of the wrong type are refused when a route is set up', () => {
  for (const [name, options, fault] of wrong) {
    assert.throws(() => requireInExpress(options as GuardOptions), fault, name)
    assert.throws(() => requireInHttp(() => {}, options as GuardOptions), fault, name)
  }
  assert.throws(
    () => requireInExpress({ claim: () => true, checkStore: 'yes' } as object),
    (error) => error instanceof TypeError && /claim: .*; checkStore: /.test(error.message),
  )
  requireInExpress({ optional: true, csrf: 'origin', checkStore: false, claims: () => true })
  requireInExpress({ maxAuthAgeSeconds: 1, acrValues: ['urn:mace:incommon:iap:silver', '1'] })
})

test('a guard with wrong options lets nobody in, with credentials or without', () =>
  withScene(openEmbedded, async ({ pawl, browser, signIn }) => {
    const alice = await signIn()
    for (const [name, options, fault] of wrong) {
      for (const one of [alice, browser]) {
        const guard = async () => pawl.guard(one.request('GET', '/'), options as GuardOptions)
        await assert.rejects(guard, fault, name)
      }
    }
  }))

test('a predicate of claims admits by true alone', () =>
  withScene(openEmbedded, async ({ pawl, signIn }) => {
    const alice = await signIn('alice', { claims: { role: 'user' } })
    const guarded = async (answer: unknown): Promise<string> =>
      verdictOf(pawl, alice.request('GET', '/'), { claims: (() => answer) as () => boolean })
    assert.equal(await guarded(true), 'session')
    assert.equal(await guarded(false), 'claim_refused')
    const promises = [Promise.resolve(true), Promise.reject(new Error('later'))]
    for (const answer of [...promises, 1, 'yes', {}, undefined, null, 0]) {
      await assert.rejects(guarded(answer), /TypeError: claims: must return true or false/)
    }
    const asks = async () => false
    const options = { claims: asks as unknown as () => boolean, checkStore: true }
    await assert.rejects(verdictOf(pawl, alice.request('GET', '/'), options), /a promise/)
  }))
