import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type EmbeddedCore, embedCore, generateSecret } from '@pawl/embedded'
import { sqliteStore } from '@pawl/store-sqlite'
import type { Figure, Line } from './figure.ts'
import { interleave, type Subject, throughput } from './interleave.ts'
import { leastWork } from './least-work.ts'
import { bareUpdates, fillRows, LIVE_SPACING } from './sqlite-rows.ts'

const ROWS = 1_000_000
const LIVE_SESSIONS = ROWS / LIVE_SPACING
const IN_FLIGHT = 64
const ROUNDS = 15
const ROUND_MS = 1_000
const BOUND_ROUNDS = 5

/** Refreshes that write (row 2 of the rule), in process, beside the bare statement. */
export const refreshSqlite: Figure = {
  name: 'refresh-sqlite',
  title: `refresh in process, SQLite FULL, ${IN_FLIGHT} in flight, 10^6 rows, ES256`,
  async measure() {
    const dir = mkdtempSync(path.join(tmpdir(), 'pawl-bench-'))
    const file = path.join(dir, 'pawl.db')
    const core = await embedCore({ store: sqliteStore({ path: file }), secret: generateSecret() })
    try {
      const tokens = await logInMany(core)
      fillRows(file, ROWS)
      const database = new DatabaseSync(file)
      const bare = bareUpdates(database, IN_FLIGHT)
      const reference = async () => bare(ROUND_MS)
      const writing = await interleave(ROUNDS, {
        ours: () => throughput(ROUND_MS, IN_FLIGHT, refresher(core, tokens)),
        reference,
      })
      const bound = await boundBeside(reference)
      const reading = await throughput(ROUND_MS, IN_FLIGHT, repeater(core, tokens))
      const alone = await throughput(ROUND_MS, 1, refresher(core, tokens))
      database.close()
      return [
        {
          what: 'refresh, one durable write each (row 2)',
          unit: '/s',
          ours: writing.ratio * writing.reference,
          reference: {
            what: `bare node:sqlite, ${IN_FLIGHT} conditional updates a transaction`,
            value: writing.reference,
          },
          spread: writing.spread,
          bound,
          goal: { kind: 'atLeast', target: 0.7, moonshot: 0.9 },
        },
        { what: 'refresh with the current token (row 1, a read)', ...plain(reading) },
        { what: 'refresh, one at a time', ...plain(alone) },
      ]
    } finally {
      await core.close()
      rmSync(dir, { recursive: true, force: true })
    }
  },
}

/** The cryptography of a refresh, without a store or a rule: signed here or in the pool. */
async function boundBeside(reference: Subject): Promise<NonNullable<Line['bound']>> {
  const ratios: number[] = []
  for (const signer of ['here', 'pool'] as const) {
    const work = leastWork(signer)
    const ours = () => throughput(ROUND_MS, IN_FLIGHT, work)
    ratios.push((await interleave(BOUND_ROUNDS, { ours, reference })).ratio)
  }
  return { what: 'the cryptography of a refresh', ratio: Math.max(...ratios) }
}

function plain(ours: number) {
  return { unit: '/s', ours, reference: null } as const
}

async function logInMany(core: EmbeddedCore): Promise<string[]> {
  const tokens: string[] = []
  while (tokens.length < LIVE_SESSIONS) {
    const batch = Array.from({ length: 256 }, async (_, index) => {
      const created = await core.createSession({ userId: `user-${tokens.length + index}` })
      if (created.kind !== 'ok') throw new Error(created.detail)
      return refresh(core, created.value.refreshToken.token)
    })
    tokens.push(...(await Promise.all(batch)))
  }
  return tokens
}

async function refresh(core: EmbeddedCore, token: string): Promise<string> {
  const refreshed = await core.refreshSession({ refreshTokens: [token] })
  if (refreshed.kind !== 'ok') throw new Error(refreshed.detail)
  return refreshed.value.refreshToken.token
}

/** Turns sessions in random order; nobody's session is in flight twice. */
function refresher(core: EmbeddedCore, tokens: string[]): () => Promise<void> {
  const busy = new Set<number>()
  return async () => {
    let index = Math.floor(Math.random() * tokens.length)
    while (busy.has(index)) index = Math.floor(Math.random() * tokens.length)
    busy.add(index)
    tokens[index] = await refresh(core, tokens[index] ?? '')
    busy.delete(index)
  }
}

/** Presents tokens whose children are thrown away: after the first time nothing is written. */
function repeater(core: EmbeddedCore, tokens: readonly string[]): () => Promise<void> {
  const few = tokens.slice(0, IN_FLIGHT)
  let next = 0
  return async () => {
    await refresh(core, few[next++ % few.length] ?? '')
  }
}
