import assert from 'node:assert/strict'
import test from 'node:test'
import type { DemoEvent } from '../../src/demo-event.ts'
import { readEvents } from '../../src/page/event-stream.ts'

async function readAll(chunks: readonly string[]): Promise<readonly DemoEvent[]> {
  const bytes = chunks.map((chunk) => new TextEncoder().encode(chunk))
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      for (const chunk of bytes) controller.enqueue(chunk)
      controller.close()
    },
  })
  const events: DemoEvent[] = []
  await readEvents(new Response(body), (event) => events.push(event))
  return events
}

const text = `data: ${JSON.stringify({ seq: 1, atMs: 2, kind: 'expired' })}\n\n`

test('events are read wherever the network cuts them', async () => {
  for (let cut = 0; cut <= text.length; cut++) {
    const events = await readAll([text.slice(0, cut), text.slice(cut) + text])
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['expired', 'expired'],
    )
  }
})

test('comments keep the stream alive and tell nothing', async () => {
  assert.equal((await readAll([': still here\n\n', text])).length, 1)
})

test('an event without end is refused', async () => {
  await assert.rejects(readAll(['data: ', 'x'.repeat(70_000)]), /too long/)
})
