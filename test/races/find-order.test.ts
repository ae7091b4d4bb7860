import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AppId, EpochMs, Session, SessionHandle, TenantId, UserId } from '@pawl/core'
import type { RaceAnswer, RaceCall, RacedCall } from './calls.ts'
import { findOrder } from './find-order.ts'
import { stepModel, type TokenFacts, tokenFacts } from './race-model.ts'

const NOW_MS = 1_800_000_000_000 as EpochMs
const HOUR_MS = 3_600_000

const root = tokenFacts('root', { number: 0, parent: null, mintedAtMs: NOW_MS })
const tokens: readonly TokenFacts[] = [
  root,
  tokenFacts('one', { number: 1, parent: root, mintedAtMs: NOW_MS }),
  tokenFacts('two', { number: 2, parent: root, mintedAtMs: NOW_MS }),
]

const before: Session = {
  app: 'default' as AppId,
  tenant: 'default' as TenantId,
  handle: 'handle' as SessionHandle,
  userId: 'user' as UserId,
  generation: 0,
  curHash2: root.hash2,
  curMintedAtMs: NOW_MS,
  prevHash2: null,
  confirmedAtMs: NOW_MS,
  createdAtMs: NOW_MS,
  idleTimeoutMs: HOUR_MS,
  idleExpiresAtMs: (NOW_MS + HOUR_MS) as EpochMs,
  absoluteExpiresAtMs: (NOW_MS + 24 * HOUR_MS) as EpochMs,
  accessTtlSeconds: 900,
  accessKind: 'opaque',
  claims: { value: 'first' },
  data: {},
  device: {},
  keyThumbprint: null,
  revokedAtMs: null,
  endReason: null,
}

const idleExpiresAtMs = before.idleExpiresAtMs

function refresh(token: number): RaceCall {
  return { kind: 'refresh', token }
}

function granted(rule: string, value = 'first'): RaceAnswer {
  return { kind: 'ok', rule, value, idleExpiresAtMs }
}

const ended: RaceAnswer = { kind: 'refused', code: 'session_ended', reason: 'revoked' }

/** A call that lasts from one moment to another; by default all overlap. */
function raced(call: RaceCall, answer: RaceAnswer, [startNs, endNs] = [0, 100]): RacedCall {
  return { call, answer, process: 0, nowMs: NOW_MS, startNs: startNs ?? 0, endNs: endNs ?? 0 }
}

/** The row that calls leave when they are made in this order. */
function rowAfter(...calls: readonly RaceCall[]): Session {
  return calls.reduce((row, call) => stepModel(row, { ...call, nowMs: NOW_MS }, tokens).row, before)
}

function orderOf(calls: readonly RacedCall[], after: Session): readonly number[] | undefined {
  const order = findOrder({ calls, tokens, before, after })
  return order?.map((call) => calls.indexOf(call))
}

describe('the search for an order', () => {
  it('finds the one order that explains the answers', () => {
    const calls = [
      raced(refresh(2), granted('converge')),
      raced(refresh(0), granted('late')),
      raced(refresh(1), granted('advance')),
      raced(refresh(0), granted('current')),
    ]
    const after = rowAfter(refresh(1), refresh(2))
    assert.deepEqual(orderOf(calls, after)?.[0], 3)
    assert.deepEqual(orderOf(calls, after)?.[1], 2)
  })

  it('finds none when two calls both won what one of them can win', () => {
    const calls = [raced(refresh(1), granted('advance')), raced(refresh(2), granted('advance'))]
    for (const after of [rowAfter(refresh(1)), rowAfter(refresh(2))]) {
      assert.equal(orderOf(calls, after), undefined)
    }
  })

  it('finds none when the row that was left is not what the calls leave', () => {
    const calls = [raced(refresh(1), granted('advance'))]
    assert.deepEqual(orderOf(calls, rowAfter(refresh(1))), [0])
    assert.equal(orderOf(calls, before), undefined)
    assert.equal(orderOf(calls, { ...rowAfter(refresh(1)), claims: { value: 'lost' } }), undefined)
  })

  it('finds the grant that a report of use made late, before the claims were replaced', () => {
    const confirm: RaceCall = { kind: 'confirm', token: 1 }
    const write: RaceCall = { kind: 'claims', value: 'second' }
    const nowMs = (NOW_MS + HOUR_MS / 6) as EpochMs
    const used = stepModel(before, { ...confirm, nowMs }, tokens).row
    assert.equal(used.curHash2, tokens[1]?.hash2)
    const late = { ...granted('late', 'first'), idleExpiresAtMs: used.idleExpiresAtMs }
    const calls = [
      { ...raced(write, { kind: 'ok', value: 'second' }), nowMs },
      { ...raced(refresh(0), late), nowMs },
      { ...raced(confirm, { kind: 'ok', confirmed: 1 }), nowMs },
    ]
    assert.deepEqual(orderOf(calls, { ...used, claims: { value: 'second' } }), [2, 1, 0])
  })

  it('finds none when a grant follows an acknowledged revocation', () => {
    const revoke: RaceCall = { kind: 'revoke' }
    const revoked: RaceAnswer = { kind: 'ok', revoked: true }
    const after = rowAfter(revoke)
    const grant = raced(refresh(0), granted('current'), [10, 30])
    const overlapping = [raced(revoke, revoked, [0, 20]), grant]
    const later = [raced(revoke, revoked, [0, 9]), grant]
    assert.deepEqual(orderOf(overlapping, after), [1, 0])
    assert.equal(orderOf(later, after), undefined)
    assert.deepEqual(
      orderOf([...later.slice(0, 1), raced(refresh(0), ended, [10, 30])], after),
      [0, 1],
    )
  })

  it('finds none when a grant shows a row that was replaced before the call', () => {
    const write: RaceCall = { kind: 'claims', value: 'second' }
    const written = raced(write, { kind: 'ok', value: 'second' }, [0, 10])
    const stale = raced(refresh(0), granted('current', 'first'), [20, 30])
    const fresh = raced(refresh(0), granted('current', 'second'), [20, 30])
    assert.equal(orderOf([written, stale], rowAfter(write)), undefined)
    assert.deepEqual(orderOf([written, fresh], rowAfter(write)), [0, 1])
  })

  it('finds none when claims come back that were replaced', () => {
    const values = ['second', 'third']
    const writes = values.map((value) =>
      raced({ kind: 'claims', value }, { kind: 'ok', value }, [0, 10]),
    )
    const shows = (value: string, at: number) =>
      raced(refresh(0), granted('current', value), [at, at + 5])
    const after = { ...before, claims: { value: 'third' } }
    assert.ok(orderOf([...writes, shows('second', 5), shows('third', 20)], after))
    assert.equal(orderOf([...writes, shows('third', 20), shows('second', 30)], after), undefined)
  })
})
