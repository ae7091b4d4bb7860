import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { memoryStore } from '@pawl/store-testkit'
import { generateApiKey } from '../../src/http/api-keys.ts'
import { startServer } from '../../src/index.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

async function setUp(context: TestContext, apiKeys: readonly string[] = []) {
  const server = await startServer({
    ...{ port: 0, storeInstance: memoryStore(), logLevel: 'silent', apiKeys },
  })
  context.after(() => server.close())
  const logOut = (userId: string) =>
    fetch(`${server.url}/v1/sessions/revoke`, {
      ...{ method: 'POST', headers: JSON_TYPE, body: JSON.stringify({ userId }) },
    })
  const follow = async (headers: Record<string, string> = {}, query = '') => {
    const stop = new AbortController()
    context.after(() => stop.abort())
    const response = await fetch(`${server.url}/v1/revocations${query}`, {
      headers: { accept: 'text/event-stream', ...headers },
      signal: stop.signal,
    })
    return { response, events: eventsOf(response) }
  }
  return { server, logOut, follow }
}

interface Event {
  readonly name: string | undefined
  readonly id: string | undefined
  readonly users: readonly string[]
}

async function* eventsOf(response: Response): AsyncGenerator<Event> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = text.slice(0, end)
      text = text.slice(end + 2)
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(event)?.[1]
      const data = field('data')
      if (data === undefined) continue
      const users = JSON.parse(data).entries.map((entry: { userId: string }) => entry.userId)
      yield { name: field('event'), id: field('id'), users }
    }
  }
}

const next = async (events: AsyncGenerator<Event>): Promise<Event> => (await events.next()).value

test('the stream begins with what was revoked, and brings what is revoked', async (context) => {
  const { logOut, follow } = await setUp(context)
  await logOut('ada')
  const { response, events } = await follow()
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/event-stream')
  assert.equal(response.headers.get('cache-control'), 'no-store')
  assert.deepEqual((await next(events)).users, ['ada'])
  await logOut('bob')
  const { name, users } = await next(events)
  assert.deepEqual([name, users], ['revocations', ['bob']])
  assert.equal((await next(events)).name, 'head')
})

test('Last-Event-ID goes on where a stream broke off, and goes before the query', async (context) => {
  const { logOut, follow } = await setUp(context)
  await logOut('ada')
  const first = await follow()
  const { id = '' } = await next(first.events)
  await logOut('bob')
  const resumed = await follow({ 'last-event-id': id }, '?after=0')
  assert.deepEqual((await next(resumed.events)).users, ['bob'])
  const byQuery = await follow({}, `?after=${id}`)
  assert.deepEqual((await next(byQuery.events)).users, ['bob'])
})

test('a stream needs a key with the scope verify, and a cursor that may be one', async (context) => {
  const { key } = generateApiKey()
  const { follow } = await setUp(context, [`${key};scopes=read`])
  assert.equal((await follow()).response.status, 401)
  assert.equal((await follow({ authorization: `Bearer ${key}` })).response.status, 403)
  const open = await setUp(context)
  const { response } = await open.follow({ 'last-event-id': 'x'.repeat(129) })
  assert.equal(response.status, 400)
  assert.equal((await response.json()).code, 'invalid_request')
})

test('a stream ends when its key is good no more, and tells nothing from then on', async (context) => {
  const { key } = generateApiKey()
  const owner = generateApiKey()
  const untilMs = Date.now() + 700
  const notAfter = new Date(untilMs).toISOString()
  const { server, follow } = await setUp(context, [`${key};not-after=${notAfter}`, owner.key])
  const { response, events } = await follow({ authorization: `Bearer ${key}` })
  assert.equal(response.status, 200)
  assert.equal((await next(events)).name, 'head')
  // The key runs out in real time: its end is what is tested.
  await new Promise((resolve) => setTimeout(resolve, untilMs - Date.now() + 50))
  await fetch(`${server.url}/v1/sessions/revoke`, {
    ...{ method: 'POST', body: JSON.stringify({ userId: 'ada' }) },
    headers: { ...JSON_TYPE, authorization: `Bearer ${owner.key}` },
  })
  const rest: Event[] = []
  for await (const event of events) rest.push(event)
  assert.deepEqual(
    rest.flatMap(({ users }) => users),
    [],
  )
})

test('a stop ends streams at once and answers calls that wait', async (context) => {
  const { server, follow } = await setUp(context)
  const { events } = await follow()
  await next(events)
  const waiting = fetch(`${server.url}/v1/revocations?waitSeconds=25&after=0`)
  const rest = (async () => {
    for await (const _ of events);
  })()
  // The call is under way when a later one has been answered.
  await fetch(`${server.url}/v1/revocations`)
  const startedMs = performance.now()
  await server.close()
  await rest
  assert.equal((await waiting).status, 200)
  assert.ok(performance.now() - startedMs < 5_000)
})
