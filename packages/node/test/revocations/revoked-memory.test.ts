import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REVOCATION_FEED, type RevocationNotice, type VerifiedSession } from '@pawl/protocol'
import { makeRevokedMemory } from '../../src/revocations/revoked-memory.ts'

const NOW = 1_800_000_000_000
const MINUTE_MS = 60_000

const ended = (handle: string, atMs = NOW): RevocationNotice => ({
  ...{ kind: 'session', handle, tenant: 'default', atMs, reason: 'revoked' },
})

const cutOff = (
  userId: string | null,
  beforeMs: number,
  { atMs = NOW, tenant = 'default' } = {},
): RevocationNotice => ({ kind: 'cut-off', userId, beforeMs, tenant, atMs, reason: 'revoked' })

const session = (more: Partial<VerifiedSession> & { generation?: number } = {}) => {
  const { generation = 0, ...own } = more
  const lineage = { id: 'x', parent: null, generation }
  return {
    ...{ handle: 'h1', userId: 'ada', tenant: 'default', lineage },
    ...own,
  } as VerifiedSession
}

test('a handle that ended is refused, whatever its token says, and no other', () => {
  const memory = makeRevokedMemory(10)
  const { generation } = memory
  memory.take([ended('h1'), ended('h1')], NOW)
  assert.notEqual(memory.generation, generation)
  assert.equal(memory.size, 1)
  assert.equal(memory.judge(session(), NOW + 1, -1), 'ended')
  assert.equal(memory.judge(session({ handle: 'h2' }), NOW + 1, -1), 'live')
})

test('an empty page changes nothing that must be judged again', () => {
  const memory = makeRevokedMemory(10)
  memory.take([], NOW)
  assert.equal(memory.generation, 0)
})

test('a user cut off: tokens minted before end, a log-in a millisecond later lives', () => {
  const memory = makeRevokedMemory(10)
  memory.take([cutOff('ada', NOW)], NOW)
  assert.equal(memory.judge(session(), NOW, -1), 'ended')
  assert.equal(memory.judge(session({ generation: 7 }), NOW, -1), 'ended')
  assert.equal(memory.judge(session(), NOW + 1, -1), 'live')
  assert.equal(memory.judge(session({ userId: 'bob' }), NOW, -1), 'live')
  assert.equal(memory.judge(session({ tenant: 'acme' }), NOW, -1), 'live')
})

test('a tenant cut off ends all of its users and nobody elsewhere', () => {
  const memory = makeRevokedMemory(10)
  memory.take([cutOff(null, NOW, { tenant: 'acme' })], NOW)
  assert.equal(memory.judge(session({ tenant: 'acme' }), NOW, -1), 'ended')
  assert.equal(memory.judge(session(), NOW, -1), 'live')
})

test('everything before T: a grant refreshed between T and now is for the core to judge, once', () => {
  const memory = makeRevokedMemory(10)
  const refreshed = session({ generation: 3 })
  const dayMs = 86_400_000
  memory.take([cutOff('ada', NOW - dayMs)], NOW)
  assert.equal(memory.judge(refreshed, NOW - 1, -1), 'unsure')
  assert.equal(memory.judge(session(), NOW - 1, -1), 'live')
  assert.equal(memory.judge(refreshed, NOW + 3 * MINUTE_MS, -1), 'live')
  const { generation } = memory
  assert.equal(memory.judge(refreshed, NOW - 1, generation), 'live')
  memory.take([cutOff('ada', NOW - 1, { atMs: NOW + 1 })], NOW)
  assert.equal(memory.judge(refreshed, NOW - 1, generation), 'ended')
})

test('an earlier cut-off that comes later takes nothing back', () => {
  const memory = makeRevokedMemory(10)
  memory.take([cutOff('ada', NOW)], NOW)
  memory.take([cutOff('ada', NOW - MINUTE_MS, { atMs: NOW + 1 })], NOW + 1)
  assert.equal(memory.judge(session(), NOW, -1), 'ended')
})

test('entries are kept as long as an access token may live, and then forgotten', () => {
  const memory = makeRevokedMemory(10)
  memory.take([ended('h1'), cutOff('ada', NOW)], NOW)
  memory.take([], NOW + REVOCATION_FEED.keptMs)
  assert.equal(memory.judge(session(), NOW, -1), 'ended')
  memory.take([], NOW + 2 * REVOCATION_FEED.keptMs)
  assert.equal(memory.size, 0)
  memory.take([ended('h1', NOW)], NOW + 2 * REVOCATION_FEED.keptMs)
  assert.equal(memory.size, 0)
})

test('beyond its limit the memory is unsure about all that may be left out, never silently open', () => {
  const memory = makeRevokedMemory(2)
  memory.take([ended('h1'), ended('h2'), ended('h3'), cutOff('bob', NOW)], NOW)
  assert.equal(memory.size, 2)
  const stranger = session({ handle: 'h9', userId: 'eve' })
  assert.equal(memory.judge(session(), NOW, -1), 'ended')
  assert.equal(memory.judge(session({ handle: 'h3' }), NOW - 1, -1), 'unsure')
  assert.equal(memory.judge(stranger, NOW - 1, -1), 'unsure')
  assert.equal(memory.judge(stranger, NOW - 1, memory.generation), 'live')
  assert.equal(memory.judge(stranger, NOW + 3 * MINUTE_MS, -1), 'live')
  memory.take([], NOW + 2 * REVOCATION_FEED.keptMs)
  assert.equal(memory.judge(stranger, NOW - 1, -1), 'live')
})
