import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type EmbeddedCore, embedCore, generateSecret, randomBytes } from '@pawl/embedded'
import { createPawl, type Pawl } from '@pawl/node'
import type { CoreApi, RevocationNotices } from '@pawl/protocol'
import { memoryStore } from '@pawl/store-testkit'
import type { Figure, Line } from './figure.ts'
import { interleave } from './interleave.ts'

const ENTRIES = 1_000_000
const PAGE = 500
const ROUNDS = 15
const TOKENS = 500
const SEEN_PASSES = 800
const COLD_PASSES = 2
const GOAL = { kind: 'atLeast', target: 0.9, moonshot: 0.98 } as const

/** Verification with a million revoked sessions in memory, beside the same with none. */
export const revokedVerify: Figure = {
  name: 'revoked-verify',
  title: `driver verify with ${ENTRIES} revoked entries held, against none; ${ROUNDS} rounds`,
  async measure() {
    const core = await embedCore({ store: memoryStore(), secret: generateSecret() })
    const tokens: string[] = []
    for (let index = 0; index < TOKENS; index++) {
      const created = await core.createSession({ userId: `user-${index}` })
      if (created.kind !== 'ok') throw new Error(created.detail)
      tokens.push(created.value.accessToken.token)
    }
    const lines = [
      await compare(core, tokens, { what: 'token seen before', passes: SEEN_PASSES }),
      await compare(core, tokens, { what: 'token never seen', passes: COLD_PASSES, cache: 2 }),
      await bytesOfEntry(core),
    ]
    await core.close()
    return lines
  },
}

async function compare(
  core: EmbeddedCore,
  tokens: readonly string[],
  how: { readonly what: string; readonly passes: number; readonly cache?: number },
): Promise<Line> {
  const limits = how.cache === undefined ? {} : { limits: { verifiedTokens: how.cache } }
  const full = createPawl({ core: coreWith(core, ENTRIES), ...limits })
  const empty = createPawl({ core: coreWith(core, 0), ...limits })
  await Promise.all([full.ready(), empty.ready()])
  const run = (pawl: Pawl) => async () => {
    // Between rounds both take in what their feeds brought.
    await sleep(5)
    const before = process.cpuUsage()
    for (let pass = 0; pass < how.passes; pass++) {
      for (const token of tokens) {
        const outcome = pawl.verify(token)
        if (outcome instanceof Promise || outcome.kind !== 'ok') throw new Error('not verified')
      }
    }
    const { user, system } = process.cpuUsage(before)
    // A second of CPU, not of the clock: neighbours of the machine take no part.
    return (how.passes * tokens.length * 1e6) / (user + system)
  }
  const result = await interleave(ROUNDS, { ours: run(full), reference: run(empty) })
  await Promise.all([full.close(), empty.close()])
  return {
    what: `${how.what}, ${ENTRIES} entries (median of ratios ${result.ratio.toFixed(3)})`,
    unit: '/CPU s',
    ours: result.ours,
    reference: { what: 'no entry', value: result.ours / result.ratio },
    spread: result.spread,
    goal: GOAL,
  }
}

/** Heap of one entry: a full memory, less an empty one. */
async function bytesOfEntry(core: EmbeddedCore): Promise<Line> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const heapBytes = (): number => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const beforeBytes = heapBytes()
  const pawl = createPawl({ core: coreWith(core, ENTRIES) })
  await pawl.ready()
  const ours = (heapBytes() - beforeBytes) / ENTRIES
  await pawl.close()
  const goal = { kind: 'atMost', target: 120, moonshot: 64 } as const
  return { what: 'memory of one entry', unit: 'bytes', ours, reference: null, goal }
}

/** A core whose feed begins with so many ended sessions, and is quiet afterwards. */
function coreWith(core: EmbeddedCore, entries: number): CoreApi {
  return {
    ...core,
    async *followRevocations({ signal }) {
      for (let sent = 0; sent < entries; sent += PAGE) yield pageOf(PAGE, sent + PAGE >= entries)
      while (!signal.aborted) {
        yield pageOf(0, true)
        await sleep(500, undefined, { signal, ref: false }).catch(() => {})
      }
    },
  }
}

function pageOf(entries: number, isEnd: boolean): RevocationNotices {
  const atMs = Date.now()
  const notice = () => ({
    kind: 'session' as const,
    handle: Buffer.from(randomBytes(16)).toString('base64url'),
    tenant: 'default',
    atMs,
    reason: 'revoked',
  })
  return { entries: Array.from({ length: entries }, notice), cursor: '1', isEnd, asOfMs: atMs }
}
