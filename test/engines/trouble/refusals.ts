import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { isStoreError, type Store } from '@pawl/core'
import { sessionOf } from './labelled-sessions.ts'

/** A change to the URL of a server that is up. */
export type UrlChange = (url: URL) => void

/** What can be wrong with a URL, and what a store says of it after its engine's own name. */
const faults = {
  password: {
    change: (url) => {
      url.password = 'not-this-one'
    },
    said: ' refused the user or the password',
  },
  user: {
    change: (url) => {
      url.username = 'nobody'
    },
    said: ' refused the user or the password',
  },
  database: {
    change: (url) => {
      url.pathname = '/elsewhere'
    },
    said: ' has no database of that name',
  },
  port: {
    change: (url) => {
      url.port = '1'
    },
    said: ': .*ECONNREFUSED',
  },
  name: {
    change: (url) => {
      url.hostname = 'no-such-host.invalid'
    },
    said: ': .*(ENOTFOUND|EAI_AGAIN)',
  },
} as const satisfies Readonly<Record<string, { change: UrlChange; said: string }>>

/**
 * The kind and the sentence with which a store refuses a log-in, or `it was answered`. Fails if
 * the error, with all that hangs on it, shows the password or anything of the session.
 */
export async function refusalOf(store: Store, password: string): Promise<string> {
  try {
    await store.insert(sessionOf('any', { claims: { of: 'somebody' } }), null)
    return 'it was answered'
  } catch (error) {
    assert.ok(isStoreError(error), String(error))
    const whole = inspect(error, { depth: 9 })
    assert.ok(password === '' || !whole.includes(password), whole)
    assert.ok(!whole.includes('somebody'), whole)
    return `${error.kind}: ${error.message}`
  } finally {
    await store.close()
  }
}

/** Fails unless a store says in a sentence, each time, what is wrong with where it connects. */
export async function saysWhatIsWrong(
  title: string,
  names: readonly (keyof typeof faults)[],
  refusal: (change: UrlChange) => Promise<string>,
): Promise<void> {
  for (const name of names) {
    const { change, said } = faults[name]
    assert.match(await refusal(change), new RegExp(`^unavailable: ${title}${said}`), name)
  }
}

/** Fails unless only a certificate of the trusted authority, for the right name, was taken. */
export function assertCertificatesChecked(
  said: { readonly good: string; readonly stranger: string; readonly misnamed: string },
  answered = /^it was answered$/,
): void {
  assert.match(said.good, answered)
  assert.match(said.stranger, /^unavailable: .*certificate/)
  assert.match(said.misnamed, /^unavailable: .*(altnames|certificate)/)
}

/** How a test gets at the version of a schema. */
interface SchemaVersion {
  set(version: number): Promise<unknown>
  get(): Promise<unknown>
}

/** Fails unless a store refuses a schema that is newer than it, and leaves it as it is. */
export async function leavesNewerSchema(store: Store, version: SchemaVersion): Promise<void> {
  await store.migrate()
  await version.set(99)
  await assert.rejects(store.migrate(), (error) => isStoreError(error) && error.kind === 'schema')
  assert.equal(Number(await version.get()), 99)
  // A core that runs already goes on: the next release can read what this one writes.
  await store.ping()
  await store.close()
}
