import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { askCore, decidedBy } from './ask-core.ts'
import { type HonestClient, logIn, present, refreshOnce } from './honest-client.ts'

/** A session whose data count the writes that were asked for. */
interface Notebook {
  readonly client: HonestClient
  /** The last write that was acknowledged. */
  acknowledged: number
  /** The last write that was sent; it may have been done. */
  sent: number
}

/** Writes beside the refreshes: log-ins, data and revocations, each acknowledged one on record. */
export interface Ledger {
  /** Writes that were lost or put off so far. */
  readonly failed: () => number
  /** How long from now until the next log-in is acknowledged, in milliseconds. */
  readonly recovery: () => Promise<number>
  /** Ends the writing, and proves that nothing acknowledged was lost. Returns how much that was. */
  readonly audit: () => Promise<string>
  /** Ends the writing without a proof. Idempotent. */
  readonly stop: () => Promise<void>
}

const NOTEBOOKS = 4
/** Each writer writes that often, give or take. */
const WRITE_PAUSE_MS = 100
/** Bounds the audit's own patience with a core that is recovering. */
const AUDIT_MAX_MS = 60_000

/** Starts to write beside the load. */
export async function startLedger(urls: readonly string[]): Promise<Ledger> {
  const newcomers: HonestClient[] = []
  const leavers: HonestClient[] = []
  const notebooks: Notebook[] = []
  let isRunning = true
  let failed = 0
  const urlOf = (turn: number) => urls[turn % urls.length] ?? ''
  for (let number = 0; number < NOTEBOOKS; number++) {
    const client = await patiently(() => logIn(urlOf(number), `notebook-${number}`))
    notebooks.push({ client, acknowledged: 0, sent: 0 })
  }

  async function repeat(write: (turn: number) => Promise<void>): Promise<void> {
    for (let turn = 0; isRunning; turn++) {
      await write(turn)
      if (isRunning) await delay(WRITE_PAUSE_MS)
    }
  }
  const writers = [
    repeat(async (turn) => {
      const client = await logIn(urlOf(turn), `newcomer-${turn}`)
      if (client === undefined) failed += 1
      else newcomers.push(client)
    }),
    repeat(async (turn) => {
      const client = await logIn(urlOf(turn), `leaver-${turn}`)
      if (client === undefined || !(await revoke(urlOf(turn), client))) failed += 1
      else leavers.push(client)
    }),
    ...notebooks.map((notebook) =>
      repeat(async (turn) => {
        if (!(await writeDown(urlOf(turn), notebook))) failed += 1
      }),
    ),
  ]
  // Heard at the end, whenever it happened.
  const ending = Promise.all(writers)
  ending.catch(() => {})
  const stop = async () => {
    isRunning = false
    await ending
  }
  return {
    failed: () => failed,
    recovery: async () => {
      const sinceMs = performance.now()
      await patiently(async () => newcomers.find(({ servedAtMs }) => servedAtMs >= sinceMs))
      return performance.now() - sinceMs
    },
    stop,
    audit: async () => {
      await stop()
      const [url = ''] = urls
      for (const client of newcomers) await isKnown(url, client)
      for (const client of leavers) await isGone(url, client)
      for (const notebook of notebooks) await isWritten(url, notebook)
      const written = notebooks.reduce((sum, { acknowledged }) => sum + acknowledged, 0)
      return `${newcomers.length} log-ins, ${written} data, ${leavers.length} revocations`
    },
  }
}

async function revoke(url: string, { handle }: HonestClient): Promise<boolean> {
  const path = `/v1/sessions/${handle}/revoke`
  return decidedBy(await askCore({ url, method: 'POST', path, body: {} }))?.status === 200
}

async function writeDown(url: string, notebook: Notebook): Promise<boolean> {
  notebook.sent += 1
  const { client, sent: step } = notebook
  const path = `/v1/sessions/${client.handle}/data`
  const answer = decidedBy(await askCore({ url, method: 'PUT', path, body: { data: { step } } }))
  if (answer === undefined) return false
  assert.equal(answer.status, 200, `data of a live session: ${answer.body.code}`)
  notebook.acknowledged = step
  return true
}

/** What `ask` gives as soon as it gives something. */
async function patiently<T>(ask: () => Promise<T | undefined>): Promise<T> {
  const deadlineMs = performance.now() + AUDIT_MAX_MS
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    assert.ok(performance.now() < deadlineMs, 'the core did not recover')
    await delay(WRITE_PAUSE_MS)
  }
}

async function isKnown(url: string, client: HonestClient): Promise<void> {
  await patiently(async () => {
    const isServed = await refreshOnce(url, client)
    assert.equal(client.complaint, undefined, 'an acknowledged log-in was lost')
    return isServed ? true : undefined
  })
}

async function isGone(url: string, { userId, token }: HonestClient): Promise<void> {
  const { status, body } = await patiently(() => present(url, token))
  assert.deepEqual([status, body.code], [401, 'session_ended'], `the revocation of ${userId}`)
}

async function isWritten(url: string, { client, acknowledged, sent }: Notebook): Promise<void> {
  const path = `/v1/sessions/${client.handle}`
  const answer = await patiently(async () => decidedBy(await askCore({ url, method: 'GET', path })))
  const step = answer.body.data?.step ?? 0
  assert.ok(acknowledged <= step && step <= sent, `${acknowledged} <= ${step} <= ${sent}`)
}
