import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { HEADERS } from '@pawl/protocol/frontend'
import { isSessionError } from '../src/index.ts'
import { API, setUp, setUpSignedIn } from './world/bench.ts'

describe('the fetch of the session', () => {
  it('sends the token to the exact origin of the API, also by a relative address', async () => {
    const { fetch, sent } = await setUpSignedIn()
    await fetch(`${API}/orders`)
    await fetch('orders')
    await fetch(new URL(`${API}/orders`))
    for (const { request } of sent) {
      assert.match(request.headers.get('authorization') ?? '', /^Bearer at\./)
      assert.equal(request.headers.get(HEADERS.transport), 'header')
    }
    assert.equal(sent[1]?.url, `${API}/app/orders`)
  })

  const strangers = [
    'https://api.example.com.evil.example/',
    'https://evil-api.example.com/',
    'https://evil.example/https://api.example.com/',
    'https://api.example.com:8443/',
    'http://api.example.com/',
    'https://example.com/',
  ]
  for (const url of strangers) {
    it(`leaves a call to ${url} as it is`, async () => {
      const { fetch, sent } = await setUpSignedIn()
      await fetch(url)
      assert.equal(sent.length, 1)
      assert.equal(sent[0]?.request.headers.get('authorization'), null)
      assert.equal(sent[0]?.request.headers.get(HEADERS.transport), null)
    })
  }

  it('leaves an Authorization header of the app alone', async () => {
    const { fetch, sent } = await setUpSignedIn()
    await fetch(`${API}/other`, { headers: { authorization: 'Basic abc' } })
    assert.equal(sent[0]?.request.headers.get('authorization'), 'Basic abc')
  })

  it('repeats a call once after a refresh, with its body, headers and method', async () => {
    const { fetch, sent, sessions } = await setUpSignedIn()
    const bodies: (() => Promise<Response>)[] = [
      () => fetch(`${API}/echo`, { method: 'PUT', body: 'hello', headers: { 'x-app': '1' } }),
      () =>
        fetch(
          new Request(`${API}/echo`, { method: 'PUT', body: 'hello', headers: { 'x-app': '1' } }),
        ),
    ]
    for (const send of bodies) {
      sessions.expireNow()
      sent.length = 0
      const response = await send()
      assert.deepEqual(await response.json(), { body: 'hello' })
      const [first, refresh, second] = sent.map(({ request }) => request)
      assert.match(refresh?.url ?? '', /\/auth\/session\/refresh$/)
      assert.deepEqual([first?.method, second?.method], ['PUT', 'PUT'])
      assert.equal(second?.headers.get('x-app'), '1')
      assert.notEqual(first?.headers.get('authorization'), second?.headers.get('authorization'))
    }
  })

  it('says so when the body of a call that must be repeated was a stream', async () => {
    const { fetch, sessions, sent } = await setUpSignedIn()
    sessions.expireNow()
    const body = new Blob(['hello']).stream()
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit
    const error = await fetch(`${API}/echo`, init).catch((caught: unknown) => caught)
    assert.ok(isSessionError(error) && error.code === 'not_replayable')
    assert.equal(sent.length, 2)
    // The session has been refreshed nevertheless: sent again, it passes.
    const again = { ...init, body: new Blob(['hello']).stream() }
    assert.equal((await fetch(`${API}/echo`, again)).status, 200)
  })

  it('gives a 401 of the app itself back untouched', async () => {
    const bench = await setUpSignedIn()
    bench.answer = () => Promise.resolve(new Response('no', { status: 401 }))
    const response = await bench.fetch(`${API}/orders`)
    assert.equal(response.status, 401)
    assert.equal(await response.text(), 'no')
    assert.equal(bench.sent.length, 1)
    assert.equal(bench.engine.get().kind, 'active')
  })

  it('hands a call for a recent log-in to the page: no refresh, no repetition, no sign-out', async () => {
    const bench = await setUpSignedIn()
    const headers = { [HEADERS.error]: 'insufficient_user_authentication' }
    bench.answer = async () => new Response('{"maxAgeSeconds":600}', { status: 401, headers })
    const response = await bench.fetch(`${API}/email`, { method: 'POST', body: 'new' })
    assert.equal(response.status, 401)
    assert.deepEqual(await response.json(), { maxAgeSeconds: 600 })
    assert.equal(bench.sent.length, 1)
    assert.equal(bench.engine.get().kind, 'active')
  })

  it('gives the refusal back when the session has ended', async () => {
    const { fetch, engine, sessions } = await setUpSignedIn()
    sessions.end('s1', 'revoked')
    assert.equal((await fetch(`${API}/orders`)).status, 401)
    assert.equal(engine.get().kind, 'none')
  })

  it('repeats a call that met the end of the session before', async () => {
    const bench = await setUpSignedIn()
    const { fetch, sessions, sent } = bench
    const late = Promise.withResolvers<Response>()
    bench.answer = () => late.promise
    const call = fetch(`${API}/orders`)
    await fetch(`${API}/log-in`, { method: 'POST' })
    bench.answer = async () => new Response('ok')
    late.resolve(new Response('{}', { status: 401, headers: { [HEADERS.error]: 'session_ended' } }))
    assert.equal((await call).status, 200)
    assert.equal(sessions.refreshes.length, 0)
    assert.equal(sent.length, 3)
  })

  it('refreshes once, and not for every call, when the API refuses fresh grants', async () => {
    const bench = await setUpSignedIn()
    const { fetch, sessions, time } = bench
    const headers = { [HEADERS.error]: 'access_token_invalid' }
    bench.answer = async () => new Response('{}', { status: 401, headers })
    for (let count = 1; count <= 5; count += 1) {
      assert.equal((await fetch(`${API}/orders`)).status, 401)
    }
    assert.equal(sessions.refreshes.length, 1)
    time.nowMs += 5_000
    bench.answer = async () => new Response('ok')
    sessions.expireNow()
    assert.equal((await fetch(`${API}/orders`)).status, 200)
    assert.equal(sessions.refreshes.length, 2)
  })

  it('says what keeps it from refreshing', async () => {
    const bench = await setUpSignedIn()
    bench.gate = Promise.reject(new TypeError('no network'))
    bench.gate.catch(() => {})
    bench.sessions.expireNow()
    const caught = bench.fetch(`${API}/orders`).catch((error: unknown) => error)
    // The quick retry.
    for (let round = 0; round < 50; round += 1) await new Promise(setImmediate)
    bench.time.pass(1000)
    const error = await caught
    assert.ok(isSessionError(error) && error.code === 'trouble')
    assert.equal(error.cause?.kind, 'network')
    assert.equal(error.cause?.failures, 2)
  })

  it('leaves what goes nowhere, and what shall go without credentials, as it is', async () => {
    const { fetch, sent } = setUp({ holdsTokens: false })
    const before = sent.length
    const url = URL.createObjectURL(new Blob(['local']))
    await fetch(url.replace('blob:', `blob:${API}/`))
    await fetch(`${API}/public`, { credentials: 'omit' })
    await fetch(new Request(`${API}/public`, { credentials: 'omit' }))
    URL.revokeObjectURL(url)
    const calls = sent.slice(before).filter(({ url }) => !url.includes('/auth/session/'))
    assert.equal(calls.length, 3)
    for (const { request } of calls) assert.equal(request.headers.get(HEADERS.transport), null)
    assert.deepEqual(calls.map(({ request }) => request.credentials).slice(1), ['omit', 'omit'])
  })

  it('does not believe what another origin says of the session after a redirect', async () => {
    const bench = await setUpSignedIn()
    bench.answer = () => {
      const response = new Response('{}', { headers: { [HEADERS.session]: 'none' } })
      Object.defineProperty(response, 'url', { value: 'https://evil.example/' })
      return Promise.resolve(response)
    }
    await bench.fetch(`${API}/elsewhere`)
    assert.equal(bench.engine.get().kind, 'active')
  })

  it('fails at once for a caller who has given up already', async () => {
    const { fetch, sent } = await setUpSignedIn()
    const call = fetch(`${API}/orders`, { signal: AbortSignal.abort() })
    await assert.rejects(call, { name: 'AbortError' })
    assert.equal(sent.length, 0)
  })

  it('refreshes before a call whose token is known to have expired', async () => {
    const { fetch, sent, time } = await setUpSignedIn()
    time.nowMs += 2 * 3_600_000
    assert.equal((await fetch(`${API}/orders`)).status, 200)
    assert.deepEqual(
      sent.map(({ url }) => new URL(url).pathname),
      ['/auth/session/refresh', '/orders'],
    )
  })
})

describe('what is prepared for a call that fetch does not make', () => {
  it('has the headers of a fresh grant', async () => {
    const { engine, sessions, time } = await setUpSignedIn()
    time.nowMs += 2 * 3_600_000
    const { headers } = await engine.prepareCall()
    assert.equal(sessions.refreshes.length, 1)
    assert.deepEqual(Object.keys(headers), [HEADERS.transport, 'authorization'])
    assert.equal(sessions.check(headers.authorization?.replace('Bearer ', '')).kind, 'ok')
  })
})

describe('a closed engine', () => {
  it('settles whoever waits, and lets calls pass as they are', async () => {
    const { engine, fetch, sessions } = await setUpSignedIn()
    engine.close()
    assert.equal(await engine.refresh(), 'trouble')
    sessions.expireNow()
    const error = await fetch(`${API}/orders`).catch((caught: unknown) => caught)
    assert.ok(isSessionError(error) && error.code === 'trouble')
  })
})

describe('a listener that throws', () => {
  it('stops neither the engine nor the other listeners, and is reported', async () => {
    const { engine, time, sessions } = await setUpSignedIn()
    const fault = new Error('in the app')
    const heard: string[] = []
    engine.subscribe(() => {
      throw fault
    })
    engine.subscribe(({ kind }) => heard.push(kind))
    assert.equal(await engine.refresh(), 'done')
    assert.deepEqual(heard, ['change', 'refreshed'])
    assert.throws(() => time.pass(1), fault)
    assert.equal(sessions.refreshes.length, 1)
  })
})
