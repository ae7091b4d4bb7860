import assert from 'node:assert/strict'
import type { AppUnderTest } from '../app-under-test.ts'
import { type Browser, openBrowser, type Transport } from '../browser.ts'
import type { CoreUnderTest, Rule } from '../core-under-test.ts'
import type { SetupName } from '../setups.ts'
import type { Subject } from '../subjects.ts'

/** Where a scenario plays. */
export interface World {
  readonly subject: Subject
  readonly rule: Rule
  readonly transport: Transport
  readonly core: CoreUnderTest
  /** The app that the scenario asked for. */
  readonly app: AppUnderTest
  /** A second app, at the default app of the core; started when it is first asked for. */
  readonly neighbour: () => Promise<AppUnderTest>
}

/** One column of the table. */
export interface Scenario {
  readonly column: string
  readonly setup: SetupName
  /** Left out for SDKs whose functions know no tenants. */
  readonly needsTenants?: boolean
  /** Whether it is also played with tokens in headers. */
  readonly inHeaders?: boolean
  /** Throws what is wrong. */
  readonly play: (world: World) => Promise<void>
}

/** A session and the client that holds it. */
export interface LoggedIn {
  readonly browser: Browser
  readonly userId: string
  readonly handle: string
}

/** What is not said of a log-in: a new user, tenant `public`, nothing in the token. */
export interface LogInOptions {
  readonly userId?: string
  readonly tenantId?: string
  readonly payload?: object
  readonly data?: object
  readonly sendsRid?: boolean
}

let users = 0

/** A user id that no other scenario uses. */
export function newUserId(): string {
  users += 1
  return `user-${users}`
}

/** A new client of the scenario's app. */
export function newBrowser({ app, transport }: World, sendsRid = true): Browser {
  return openBrowser({ appUrl: app.url, transport, sendsRid })
}

/** Logs a new client in, and checks that it now holds both tokens. */
export async function logIn(world: World, options: LogInOptions = {}): Promise<LoggedIn> {
  const { userId = newUserId(), tenantId = 'public', payload = {}, data = {} } = options
  const browser = newBrowser(world, options.sendsRid)
  const answer = await browser.send('POST', '/login', { userId, tenantId, payload, data })
  assert.equal(answer.status, 200, `the log-in: ${JSON.stringify(answer.body)}`)
  const { access, refresh } = browser.jar()
  assert.ok(access !== '' && refresh !== '', 'a log-in brings both tokens')
  return { browser, userId, handle: String(answer.body.handle) }
}

/** Calls a function of the SDK by handle or user, outside any request. */
export async function callBackend(
  world: World,
  call: string,
  input: object,
): Promise<Readonly<Record<string, unknown>> | readonly string[] | boolean | null> {
  const answer = await newBrowser(world).send('POST', '/backend', { call, ...input })
  assert.equal(answer.status, 200, `${call}: ${JSON.stringify(answer.body)}`)
  return answer.body.result as Awaited<ReturnType<typeof callBackend>>
}

/** What the backend finds of a session; null when there is none. */
export async function findSession(
  world: World,
  handle: string,
): Promise<Readonly<Record<string, unknown>> | null> {
  return (await callBackend(world, 'find', { handle })) as Readonly<Record<string, unknown>> | null
}

/** Refreshes, and checks that new tokens came. */
export async function refreshWell(browser: Browser, what = 'the refresh'): Promise<void> {
  const before = browser.jar()
  const answer = await browser.refresh()
  assert.equal(answer.status, 200, `${what}: ${JSON.stringify(answer.body)}`)
  const after = browser.jar()
  assert.notEqual(after.refresh, before.refresh, `${what} brings a new refresh token`)
  assert.notEqual(after.access, before.access, `${what} brings a new access token`)
}

/** Uses the access token at a guarded route, and says whose session it is. */
export async function useWell(
  browser: Browser,
  path = '/me',
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await browser.get(path)
  assert.equal(answer.status, 200, `GET ${path}: ${JSON.stringify(answer.body)}`)
  return answer.body
}

/** The three ways in which these SDKs refuse, by their words. */
export const REFUSALS = {
  unauthorised: /^unauthorised$/i,
  tryRefresh: /^try refresh token$/i,
  theft: /^token theft detected$/i,
} as const

/** Checks that an answer refuses with 401 and these words. */
export function assertRefused(
  answer: { readonly status: number; readonly body: Readonly<Record<string, unknown>> },
  why: keyof typeof REFUSALS | 'any',
  what: string,
): void {
  assert.equal(answer.status, 401, `${what}: ${JSON.stringify(answer.body)}`)
  if (why !== 'any') assert.match(String(answer.body.message), REFUSALS[why], what)
}

/** Header and claims of an access token; nothing is checked. */
export function readToken(token: string): {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
} {
  const [header, claims] = token.split('.', 2).map((part) => {
    return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
  })
  return { header: header ?? {}, claims: claims ?? {} }
}
