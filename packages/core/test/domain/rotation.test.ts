import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type EpochMs,
  type KeyThumbprint,
  prefixOf,
  type SecretHash,
} from '../../src/domain/ids.ts'
import {
  decideRefresh,
  decideStanding,
  decideUse,
  proposeAdvance,
  type RefreshDecision,
  type Rotation,
} from '../../src/domain/rotation.ts'
import type { Lineage, PresentedToken, Session } from '../../src/domain/session.ts'
import { type RotationSettings, rotationSettings } from '../../src/domain/settings.ts'

const SETTINGS = rotationSettings()
const W = SETTINGS.raceWindowMs
const D = SETTINGS.settlingMs
const STRICT: RotationSettings = { raceWindowMs: 0, settlingMs: 0 }
const DAY = 86_400_000

/** When `cur` of the example row was confirmed, and when it and `prev` were minted. */
const CONFIRMED = 10 * DAY
const CUR_MINTED = CONFIRMED - 3_600_000
const PREV_MINTED = CUR_MINTED - 3_600_000

const hash = (name: string): SecretHash => name.padEnd(43, '-') as SecretHash
const at = (ms: number): EpochMs => ms as EpochMs

const SESSION = {
  app: 'default',
  tenant: 'default',
  handle: 'h'.repeat(22),
  userId: 'user',
  createdAtMs: 0,
  idleTimeoutMs: DAY,
  idleExpiresAtMs: CONFIRMED + DAY,
  absoluteExpiresAtMs: CONFIRMED + 30 * DAY,
  accessTtlSeconds: 3_600,
  accessKind: 'jwt',
  claims: { role: 'reader' },
  data: { cart: 1 },
  device: {},
  keyThumbprint: null,
  revokedAtMs: null,
  endReason: null,
  generation: 5,
  curHash2: hash('cur'),
  curMintedAtMs: CUR_MINTED,
  prevHash2: hash('prev'),
  confirmedAtMs: CONFIRMED,
} as unknown as Session

function token(name: string, facts: Partial<Record<'parent', string>> & Minted): PresentedToken {
  return {
    hash2: hash(name),
    parentHash2: facts.parent === undefined ? null : hash(facts.parent),
    generation: facts.generation,
    mintedAtMs: at(facts.minted),
  }
}

interface Minted {
  readonly generation: number
  readonly minted: number
}

const CUR = token('cur', { parent: 'prev', generation: 5, minted: CUR_MINTED })
const PREV = token('prev', { parent: 'old', generation: 4, minted: PREV_MINTED })
const CHILD = token('child', { parent: 'cur', generation: 6, minted: CONFIRMED })
const sibling = (minted: number) => token('sibling', { parent: 'prev', generation: 5, minted })

interface Circumstances {
  readonly session?: Partial<Session>
  readonly nowMs?: number
  readonly settings?: RotationSettings
  readonly provenKey?: string | null
}

/** What the rule says of a token, an hour after the confirm unless told otherwise. */
function judge(x: PresentedToken, circumstances: Circumstances = {}): RefreshDecision {
  const { session, nowMs = CONFIRMED + 3_600_000, settings = SETTINGS, provenKey } = circumstances
  const key = (provenKey ?? null) as KeyThumbprint | null
  return decideRefresh({ ...SESSION, ...session }, x, {
    nowMs: at(nowMs),
    settings,
    provenKey: key,
  })
}

/** The short form of a verdict. */
function verdict(decision: RefreshDecision): string {
  if (decision.kind === 'grant') return decision.rule
  return decision.kind === 'reject' ? `reject ${decision.reason}` : 'theft'
}

function rotationOf(decision: RefreshDecision): Rotation {
  assert.ok(decision.kind === 'grant' && decision.rotation !== null)
  return decision.rotation
}

// Row 0

test('row 0: without a row every token is rejected, never theft', () => {
  const decision = decideRefresh(undefined, CUR, {
    nowMs: at(CONFIRMED),
    settings: SETTINGS,
    provenKey: null,
  })
  assert.deepEqual(decision, { kind: 'reject', reason: 'not-found' })
})

test('row 0: a revoked session rejects its current token and a stolen one alike', () => {
  const session = { revokedAtMs: at(CONFIRMED) }
  const stranger = token('stranger', { parent: 'old', generation: 3, minted: PREV_MINTED })
  for (const x of [CUR, CHILD, PREV, stranger]) {
    assert.equal(verdict(judge(x, { session })), 'reject revoked')
  }
})

test('row 0: the absolute expiry ends a session at its very millisecond', () => {
  const end = SESSION.absoluteExpiresAtMs
  const fresh = token('child', { parent: 'cur', generation: 6, minted: end - 1 })
  assert.equal(verdict(judge(fresh, { nowMs: end - 1 })), 'advance')
  assert.equal(verdict(judge(fresh, { nowMs: end })), 'reject absolute')
})

test('row 0: a session is idle once both the row and the token are, one millisecond later', () => {
  const idleAt = SESSION.idleExpiresAtMs
  assert.equal(verdict(judge(CUR, { nowMs: idleAt })), 'current')
  assert.equal(verdict(judge(CUR, { nowMs: idleAt + 1 })), 'reject idle')
  const witness = token('child', { parent: 'cur', generation: 6, minted: idleAt })
  assert.equal(verdict(judge(witness, { nowMs: idleAt + DAY })), 'advance')
  assert.equal(verdict(judge(witness, { nowMs: idleAt + DAY + 1 })), 'reject idle')
})

test('row 0: a bound session refuses everything without the proof of its key, never as theft', () => {
  const session = { keyThumbprint: 'key-1' as KeyThumbprint }
  const stranger = token('stranger', { parent: 'old', generation: 3, minted: PREV_MINTED })
  for (const x of [CUR, stranger]) {
    assert.equal(verdict(judge(x, { session })), 'reject proof-required')
    assert.equal(verdict(judge(x, { session, provenKey: 'key-2' })), 'reject proof-required')
  }
  assert.equal(verdict(judge(CUR, { session, provenKey: 'key-1' })), 'current')
  assert.equal(verdict(judge(stranger, { session, provenKey: 'key-1' })), 'theft')
})

// Rows 1 and 2

test('row 1: the current token is granted a child however often, and no row changes', () => {
  for (const nowMs of [CONFIRMED, CONFIRMED + W, CONFIRMED + DAY]) {
    assert.deepEqual(judge(CUR, { nowMs }), { kind: 'grant', rule: 'current', rotation: null })
  }
})

test('row 2: a child of the current token retires its parent, whatever its age', () => {
  const nowMs = at(CONFIRMED + 12 * 3_600_000)
  assert.deepEqual(judge(CHILD, { nowMs }), {
    kind: 'grant',
    rule: 'advance',
    rotation: {
      expected: hash('cur'),
      next: {
        generation: 6,
        curHash2: hash('child'),
        curMintedAtMs: CONFIRMED,
        prevHash2: hash('cur'),
        confirmedAtMs: nowMs,
      },
      nowMs,
    },
  })
})

test('row 2 can be proposed from the token alone, and a root has nothing to propose', () => {
  const nowMs = at(CONFIRMED + 12 * 3_600_000)
  assert.deepEqual(proposeAdvance(CHILD, nowMs), rotationOf(judge(CHILD, { nowMs })))
  const root = token('root', { generation: 0, minted: 0 })
  assert.equal(proposeAdvance(root, nowMs), undefined)
})

// Row 3

test('row 3: a sibling minted in the race becomes current; parent and confirm stay', () => {
  const x = sibling(CUR_MINTED + 1)
  const decision = judge(x)
  assert.equal(verdict(decision), 'converge')
  assert.deepEqual(rotationOf(decision).next, {
    generation: 5,
    curHash2: hash('sibling'),
    curMintedAtMs: CUR_MINTED + 1,
    prevHash2: hash('prev'),
    confirmedAtMs: CONFIRMED,
  })
  assert.equal(rotationOf(decision).expected, hash('cur'))
})

for (const [minted, expected] of [
  [CUR_MINTED - W - 1, 'theft'],
  [CUR_MINTED - W, 'converge'],
  [CUR_MINTED, 'converge'],
  [CONFIRMED + W, 'converge'],
  [CONFIRMED + W + 1, 'theft'],
] as const) {
  const edge =
    minted <= CUR_MINTED ? `cur ${minted - CUR_MINTED}` : `confirm +${minted - CONFIRMED}`
  test(`row 3: a sibling minted at ${edge} ms is judged ${expected}`, () => {
    assert.equal(verdict(judge(sibling(minted))), expected)
  })
}

test('row 3 is off when the race window is zero', () => {
  assert.equal(verdict(judge(sibling(CUR_MINTED), { settings: STRICT })), 'theft')
})

test('row 3 does not take the children of nothing for siblings of a root', () => {
  const session = { prevHash2: null, generation: 0 }
  const otherRoot = token('other-root', { generation: 0, minted: CUR_MINTED })
  assert.equal(verdict(judge(otherRoot, { session })), 'theft')
})

// Row 4

for (const [after, expected] of [
  [0, 'late'],
  [W, 'late'],
  [W + 1, 'theft'],
] as const) {
  test(`row 4: the parent, ${after} ms after the confirm, is judged ${expected}`, () => {
    const decision = judge(PREV, { nowMs: CONFIRMED + after })
    assert.equal(verdict(decision), expected)
    if (decision.kind === 'grant') assert.equal(decision.rotation, null)
  })
}

test('row 4 is off when the race window is zero', () => {
  assert.equal(verdict(judge(PREV, { nowMs: CONFIRMED, settings: STRICT })), 'theft')
})

// Row 5

for (const [generation, expected] of [
  [6, 'theft'],
  [7, 'heal'],
  [99, 'heal'],
] as const) {
  test(`row 5: a stranger of generation ${generation} before a row of generation 5: ${expected}`, () => {
    const x = token('ahead', { parent: 'unknown', generation, minted: CONFIRMED })
    assert.equal(verdict(judge(x)), expected)
  })
}

test('row 5: the token and its parent replace what the store fell back to', () => {
  const nowMs = at(CONFIRMED + 3_600_000)
  const x = token('ahead', { parent: 'lost', generation: 9, minted: CONFIRMED + 1 })
  assert.deepEqual(rotationOf(judge(x, { nowMs })), {
    expected: hash('cur'),
    next: {
      generation: 9,
      curHash2: hash('ahead'),
      curMintedAtMs: CONFIRMED + 1,
      prevHash2: hash('lost'),
      confirmedAtMs: nowMs,
    },
    nowMs,
  })
})

// Row 6

test('row 6: an older ancestor, a cousin and an unknown root are theft, judged against cur', () => {
  const strangers = [
    token('old', { parent: 'older', generation: 3, minted: PREV_MINTED - 1 }),
    token('cousin', { parent: 'loser', generation: 6, minted: CONFIRMED }),
    token('root', { generation: 0, minted: 0 }),
  ]
  for (const x of strangers) {
    assert.deepEqual(judge(x), { kind: 'theft', judged: hash('cur') })
  }
})

// Uses

interface SeenUse {
  readonly parent?: Lineage['parent']
  readonly seenAt: number
  readonly nowMs?: number
  readonly settings?: RotationSettings
}

/** What the rule says of a use of `child`, judged when it is seen unless told otherwise. */
function use({ parent = prefixOf(hash('cur')), seenAt, nowMs = seenAt, settings }: SeenUse) {
  const lineage = { hash2: hash('child'), parent, generation: 6, mintedAtMs: at(CONFIRMED) }
  const context = { nowMs: at(nowMs), settings: settings ?? SETTINGS }
  return decideUse(SESSION, lineage, { ...context, firstSeenAtMs: at(seenAt) })
}

test('a use of an unconfirmed grant confirms it once it has settled, not 1 ms before', () => {
  const settled = CONFIRMED + D
  assert.equal(use({ seenAt: settled - 1, nowMs: settled + 5 }).kind, 'nothing')
  const decision = use({ seenAt: settled, nowMs: settled + 5 })
  assert.ok(decision.kind === 'advance')
  const expected = rotationOf(judge(CHILD, { nowMs: settled + 5 }))
  assert.deepEqual(decision.rotation, expected)
})

test('a report cannot claim to have been seen in the future', () => {
  assert.equal(use({ seenAt: CONFIRMED + 10 * D, nowMs: CONFIRMED + D - 1 }).kind, 'nothing')
})

test('a use of a sibling, of a root or of a stranger changes nothing', () => {
  for (const parent of [prefixOf(hash('prev')), prefixOf(hash('unknown')), null]) {
    assert.equal(use({ parent, seenAt: CONFIRMED + 2 * D }).kind, 'nothing')
  }
})

test('a use in a session that is gone or over changes nothing', () => {
  const late = at(CONFIRMED + 2 * D)
  const lineage = { ...CHILD, parent: prefixOf(hash('cur')) }
  const context = { nowMs: late, settings: SETTINGS, firstSeenAtMs: late }
  const revoked = { ...SESSION, revokedAtMs: at(CONFIRMED) }
  assert.equal(decideUse(undefined, lineage, context).kind, 'nothing')
  assert.equal(decideUse(revoked, lineage, context).kind, 'nothing')
})

test('with a settling time of zero the first use confirms at once: the strict rule', () => {
  assert.equal(use({ seenAt: CONFIRMED, settings: STRICT }).kind, 'advance')
})

// Standing

function standing(x: PresentedToken, nowMs: number, session: Partial<Session> = {}): string {
  const parent = x.parentHash2 === null ? null : prefixOf(x.parentHash2)
  const context = { nowMs: at(nowMs), settings: SETTINGS }
  return decideStanding({ ...SESSION, ...session }, { ...x, parent }, context).kind
}

test('the current grant and its children stand; so do parent and siblings while they are admitted', () => {
  const later = CONFIRMED + W + 1
  assert.equal(standing(CUR, later), 'stands')
  assert.equal(standing(CHILD, later), 'stands')
  assert.equal(standing(PREV, CONFIRMED + W), 'stands')
  assert.equal(standing(PREV, later), 'refresh-first')
  assert.equal(standing(sibling(CUR_MINTED - W), later), 'stands')
  assert.equal(standing(sibling(CUR_MINTED - W - 1), later), 'refresh-first')
})

test('no grant of a revoked session stands', () => {
  for (const x of [CUR, CHILD, PREV]) {
    assert.equal(standing(x, CONFIRMED, { revokedAtMs: at(CONFIRMED) }), 'reject')
  }
})

// Properties

const names = fc.constantFrom('cur', 'prev', 'old', 'child', 'sibling', 'lost', 'ahead')
const times = fc.integer({ min: CONFIRMED - 3 * W, max: CONFIRMED + 3 * W })
const generations = fc.integer({ min: 0, max: 9 })

const tokens: fc.Arbitrary<PresentedToken> = fc.record({
  hash2: names.map(hash),
  parentHash2: fc.option(names.map(hash)),
  generation: generations,
  mintedAtMs: times.map(at),
})

const sessions: fc.Arbitrary<Session> = fc
  .record({
    generation: generations,
    curHash2: names.map(hash),
    curMintedAtMs: times.map(at),
    prevHash2: fc.option(names.map(hash)),
    confirmedAtMs: times.map(at),
    idleExpiresAtMs: times.map(at),
    idleTimeoutMs: fc.constantFrom(W, DAY),
    absoluteExpiresAtMs: fc.constantFrom(CONFIRMED, CONFIRMED + 30 * DAY).map(at),
    revokedAtMs: fc.option(fc.constant(at(CONFIRMED)), { freq: 9 }),
    keyThumbprint: fc.option(fc.constant('key-1' as KeyThumbprint), { freq: 9 }),
  })
  .map((columns) => ({ ...SESSION, ...columns }))

const contexts = fc.record({
  nowMs: times.map(at),
  settings: fc.constantFrom(SETTINGS, STRICT),
  provenKey: fc.option(fc.constant('key-1' as KeyThumbprint)),
})

const ROTATION_COLUMNS = ['confirmedAtMs', 'curHash2', 'curMintedAtMs', 'generation', 'prevHash2']

function property(check: (session: Session, x: PresentedToken, decision: RefreshDecision) => void) {
  fc.assert(
    fc.property(sessions, tokens, contexts, (session, x, context) => {
      check(session, x, decideRefresh(session, x, context))
    }),
    { numRuns: 3_000 },
  )
}

function rotationIn(decision: RefreshDecision): Rotation | null {
  return decision.kind === 'grant' ? decision.rotation : null
}

test('a rotation writes the rotation columns and nothing else: no expiry, claims, owner or key', () => {
  property((_session, _x, decision) => {
    const rotation = rotationIn(decision)
    if (rotation === null) return
    assert.deepEqual(Object.keys(rotation).sort(), ['expected', 'next', 'nowMs'])
    assert.deepEqual(Object.keys(rotation.next).sort(), ROTATION_COLUMNS)
  })
})

test('a rotation expects exactly the row that was judged, so that one change wins per row', () => {
  property((session, _x, decision) => {
    const rotation = rotationIn(decision)
    if (rotation !== null) assert.equal(rotation.expected, session.curHash2)
    if (decision.kind === 'theft') assert.equal(decision.judged, session.curHash2)
  })
})

test('a rotation makes the presented token current, as it is', () => {
  property((_session, x, decision) => {
    const next = rotationIn(decision)?.next
    if (next === undefined) return
    assert.equal(next.curHash2, x.hash2)
    assert.equal(next.curMintedAtMs, x.mintedAtMs)
    assert.equal(next.generation, x.generation)
  })
})

test('the parent of what becomes current becomes the previous one', () => {
  property((session, x, decision) => {
    const next = rotationIn(decision)?.next
    if (next === undefined || decision.kind !== 'grant') return
    const parent = decision.rule === 'converge' ? session.prevHash2 : x.parentHash2
    assert.equal(next.prevHash2, parent)
  })
})

test('an ended session is never granted, rotated or called stolen', () => {
  fc.assert(
    fc.property(sessions, tokens, contexts, (session, x, context) => {
      const isOver = session.revokedAtMs !== null || context.nowMs >= session.absoluteExpiresAtMs
      if (isOver) assert.equal(decideRefresh(session, x, context).kind, 'reject')
    }),
    { numRuns: 3_000 },
  )
})

test('the rule is a function: the same arguments give the same verdict, and stay as they were', () => {
  fc.assert(
    fc.property(sessions, tokens, contexts, (session, x, context) => {
      const before = JSON.stringify([session, x, context])
      const first = decideRefresh(session, x, context)
      assert.deepEqual(decideRefresh(session, x, context), first)
      assert.equal(JSON.stringify([session, x, context]), before)
    }),
  )
})

test('a use only ever advances to a child of the current token, by the row that was judged', () => {
  fc.assert(
    fc.property(sessions, tokens, contexts, times, (session, x, context, seenAt) => {
      const parent = x.parentHash2 === null ? null : prefixOf(x.parentHash2)
      const decision = decideUse(
        session,
        { ...x, parent },
        { ...context, firstSeenAtMs: at(seenAt) },
      )
      if (decision.kind === 'nothing') return
      assert.equal(x.parentHash2, session.curHash2)
      assert.equal(decision.rotation.expected, session.curHash2)
      assert.equal(decision.rotation.next.curHash2, x.hash2)
      assert.deepEqual(Object.keys(decision.rotation.next).sort(), ROTATION_COLUMNS)
    }),
    { numRuns: 3_000 },
  )
})

test('of two rotations decided on one row, the second finds its condition gone', () => {
  fc.assert(
    fc.property(sessions, tokens, tokens, contexts, (session, a, b, context) => {
      const first = rotationIn(decideRefresh(session, a, context))
      const second = rotationIn(decideRefresh(session, b, context))
      if (first === null || second === null || first.next.curHash2 === session.curHash2) return
      const after = { ...session, ...first.next }
      assert.notEqual(after.curHash2, second.expected)
    }),
    { numRuns: 3_000 },
  )
})
