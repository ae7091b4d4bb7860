import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { STATE_BYTES_MAX } from '../../src/explore/model.ts'
import { type SmallWorld, smallWorld } from '../../src/model/small-world.ts'
import type { State, Token } from '../../src/model/state.ts'
import { settingFor, type World } from '../../src/model/world.ts'
import { ours } from '../../src/rules/ours.ts'

const EVERYTHING: World = {
  name: 'everything',
  title: 'all that can happen',
  windowTicks: 2,
  confirms: 'on-use',
  exchanges: 3,
  repeats: true,
  renders: true,
  crashes: true,
  fallbacks: true,
  pacing: 'spaced',
  idleTicks: 12,
  thiefTokens: 0,
}

const THIEF: World = { ...EVERYTHING, fallbacks: false, idleTicks: 0, thiefTokens: 3 }

function formOf(world: SmallWorld, state: State): string {
  const out = new Uint8Array(STATE_BYTES_MAX)
  return out.subarray(0, world.encode(state, out)).join()
}

/** The states that follow, each as its canonical form; sorted, since their order means nothing. */
function formsAfter(world: SmallWorld, state: State): string[] {
  const forms: string[] = []
  world.moves(state, { go: (next) => forms.push(formOf(world, next)), violate() {} })
  return [...new Set(forms)].sort()
}

/** Walks from the first state; each choice picks one of the moves. */
function walk(world: SmallWorld, choices: readonly number[]): State {
  let state = world.initial
  for (const choice of choices) {
    const nexts: State[] = []
    world.moves(state, { go: (next) => nexts.push(next), violate() {} })
    state = nexts[choice % nexts.length] ?? state
  }
  return state
}

const choices = fc.array(fc.nat(30), { minLength: 5, maxLength: 60 })

for (const settled of [EVERYTHING, THIEF]) {
  const world = smallWorld(settingFor(settled, ours))
  const kind = settled.thiefTokens > 0 ? 'with a thief' : 'without a thief'

  test(`a state read back from its form has the same form and the same future, ${kind}`, () => {
    fc.assert(
      fc.property(choices, (picks) => {
        const state = walk(world, picks)
        const out = new Uint8Array(STATE_BYTES_MAX)
        world.encode(state, out)
        const read = world.decode(out, 0)
        assert.equal(formOf(world, read), formOf(world, state))
        assert.deepEqual(formsAfter(world, read), formsAfter(world, state))
      }),
      { numRuns: 150 },
    )
  })

  test(`the names of tokens and the hour of the day do not matter, ${kind}`, () => {
    fc.assert(
      fc.property(choices, fc.integer({ min: 1, max: 50 }), (picks, shift) => {
        const state = walk(world, picks)
        const moved = renamed(state, shift)
        assert.equal(formOf(world, moved), formOf(world, state))
        assert.deepEqual(formsAfter(world, moved), formsAfter(world, state))
      }),
      { numRuns: 150 },
    )
  })
}

/** The same state with other token ids, later by some ticks. */
function renamed(state: State, shift: number): State {
  const id = (old: number): number => (old < 0 ? old : old + shift)
  const token = (old: Token): Token => {
    const { parent, mintedAt } = old
    return { ...old, id: id(old.id), parent: id(parent), mintedAt: mintedAt + shift }
  }
  const row = (old: State['row']): State['row'] => ({
    ...old,
    cur: id(old.cur),
    prev: id(old.prev),
    mintedAt: old.mintedAt + shift,
    confirmedAt: old.confirmedAt + shift,
    touchedAt: old.touchedAt + shift,
  })
  const sent = <T extends { readonly token: Token; readonly sentAt: number }>(old: T): T => ({
    ...old,
    token: token(old.token),
    sentAt: old.sentAt + shift,
  })
  return {
    now: state.now + shift,
    nextId: state.nextId + shift,
    row: row(state.row),
    backup: state.backup === null ? null : row(state.backup),
    jar: token(state.jar),
    jarSince: state.jarSince + shift,
    disk: token(state.disk),
    diskSince: state.diskSince + shift,
    dirtySince: state.dirtySince + shift,
    activeAt: state.activeAt + shift,
    exchanges: state.exchanges.map(sent),
    use: state.use === null ? null : sent(state.use),
    thief: state.thief === null ? null : { ...state.thief, tokens: state.thief.tokens.map(token) },
  }
}
