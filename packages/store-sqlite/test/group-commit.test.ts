import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { isStoreError } from '@pawl/core'
import { BATCH_MAX, type GroupCommit, groupCommit } from '../src/group-commit.ts'
import type { WriteAnswer } from '../src/transaction.ts'

/** A group commit whose commits end when the test says so. */
function controlled() {
  const batches: { readonly size: number; readonly end: (answers: WriteAnswer[]) => void }[] = []
  const commits = groupCommit((requests) => {
    const { promise, resolve } = Promise.withResolvers<readonly WriteAnswer[]>()
    batches.push({ size: requests.length, end: resolve })
    return promise
  })
  const sizes = () => batches.map(({ size }) => size)
  const endLast = async () => {
    const last = batches.at(-1)
    last?.end(Array.from({ length: last.size }, () => ({ output: true })))
    await nextTurn()
    await nextTurn()
  }
  return { commits, sizes, endLast }
}

function submit(commits: GroupCommit, count: number): readonly Promise<unknown>[] {
  return Array.from({ length: count }, () => commits.submit('deleteRecord', []))
}

describe('group commit', () => {
  it('sends a lone write at once', async () => {
    const { commits, sizes, endLast } = controlled()
    const [write] = submit(commits, 1)
    await nextTurn()
    assert.deepEqual(sizes(), [1])
    await endLast()
    assert.equal(await write, true)
  })

  it('puts what arrives during a commit into the next, up to the most of a batch', async () => {
    const { commits, sizes, endLast } = controlled()
    const writes = [...submit(commits, 1)]
    await nextTurn()
    writes.push(...submit(commits, BATCH_MAX + 5))
    await nextTurn()
    assert.deepEqual(sizes(), [1])
    await endLast()
    assert.deepEqual(sizes(), [1, BATCH_MAX])
    await endLast()
    assert.deepEqual(sizes(), [1, BATCH_MAX, 5])
    await endLast()
    assert.equal((await Promise.all(writes)).length, BATCH_MAX + 6)
  })

  it('answers each write as its own answer says', async () => {
    const fault = { kind: 'read-only', message: 'full', cause: undefined } as const
    const bug = { kind: null, message: 'a bug', cause: undefined }
    const commits = groupCommit(async () => [{ output: true }, { fault }, { fault: bug }])
    const [done, refused, broken] = await Promise.allSettled(submit(commits, 3))
    assert.deepEqual(done, { status: 'fulfilled', value: true })
    const reasons = [refused, broken].map((each) => (each as PromiseRejectedResult).reason)
    assert.ok(isStoreError(reasons[0]) && reasons[0].kind === 'read-only')
    assert.ok(!isStoreError(reasons[1]) && /a bug/.test(String(reasons[1])))
  })

  it('fails the writes of a commit that throws, and goes on with the next', async () => {
    let calls = 0
    const commits = groupCommit(async () => {
      calls += 1
      if (calls === 1) throw new Error('the thread is gone')
      return [{ output: true }]
    })
    await assert.rejects(submit(commits, 1)[0] as Promise<unknown>, /the thread is gone/)
    assert.equal(await submit(commits, 1)[0], true)
  })

  it('refuses writes when too many wait', async () => {
    const { commits } = controlled()
    const writes = submit(commits, 10_001)
    const last = writes.at(-1) as Promise<unknown>
    await assert.rejects(last, (error) => isStoreError(error) && error.kind === 'unavailable')
  })

  it('does not begin a write that waited too long for its turn', async (t) => {
    const { commits, sizes, endLast } = controlled()
    const first = submit(commits, 1)
    await nextTurn()
    const [stale] = submit(commits, 1)
    const refusal = assert.rejects(stale as Promise<unknown>, /did not keep up/)
    const nowMs = performance.now()
    t.mock.method(performance, 'now', () => nowMs + 11_000)
    await endLast()
    await Promise.all([first[0], refusal])
    assert.deepEqual(sizes(), [1])
  })

  it('is settled when nothing waits and nothing is under way', async () => {
    const { commits, endLast } = controlled()
    await commits.settled()
    submit(commits, 1)
    let isSettled = false
    const settled = commits.settled().then(() => {
      isSettled = true
    })
    await nextTurn()
    assert.equal(isSettled, false)
    await endLast()
    await settled
  })
})
