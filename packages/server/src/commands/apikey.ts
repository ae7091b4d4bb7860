import { fields } from '@pawl/protocol'
import * as v from 'valibot'
import { generateApiKey, METRICS_OF_APP_FAULT } from '../http/api-keys.ts'
import { API_KEYS_KNOWN_WITHIN_MS } from '../http/key-directory.ts'
import {
  apiKeyReader,
  createApiKey,
  ENDED_KEYS_KEPT_DAYS,
  parseScopes,
  pruneApiKeys,
  revokeApiKey,
  type StoredApiKey,
} from '../http/stored-api-keys.ts'
import { namesOfApps } from './names-of-apps.ts'
import { complain, FAILURE_EXIT, print, remark } from './output.ts'
import { shownTime } from './with-core.ts'
import { type StoreCommand, withStore } from './with-store.ts'

const SHAPE = {
  family: 'apikey',
  forms: ['generate', 'create', 'list', 'revoke <id>', 'prune'],
  makesStore: ['create'],
  own: { name: 'text', scopes: 'text', app: 'text', expires: 'text', json: 'flag' },
} as const
const NAME_CHARS_MAX = 100
const DAY_MS = 86_400_000
const KNOWN_WITHIN = `Running services know it within ${API_KEYS_KNOWN_WITHIN_MS / 1000} s.`

/** `pawl apikey generate | create | list | revoke <id> | prune`: the keys that callers present. */
export async function apikeyCommand(args: readonly string[]): Promise<number> {
  if (args[0] === 'generate') {
    if (args.length > 1) return complain(['pawl apikey generate takes nothing more'])
    const { key, keyHash } = generateApiKey()
    return print(`key:  ${key}\nhash: ${keyHash}\n`)
  }
  return withStore(args, SHAPE, async (command) => {
    const [verb, id = ''] = command.words
    if (verb === 'create') return create(command)
    if (verb === 'prune') return prune(command)
    return verb === 'list' ? list(command) : revoke(command, id)
  })
}

async function create(command: StoreCommand): Promise<number> {
  const { options, store, audit } = command
  const nowMs = Date.now()
  const name = options.name === undefined ? '' : String(options.name)
  const scopes = parseScopes(options.scopes === undefined ? undefined : String(options.scopes))
  const app = options.app === undefined ? null : String(options.app)
  const notAfterMs = options.expires === undefined ? null : expiryOf(String(options.expires), nowMs)
  const faults = [
    ...(name.length > NAME_CHARS_MAX ? [`--name: at most ${NAME_CHARS_MAX} characters`] : []),
    ...(scopes === undefined
      ? ['--scopes: some of metrics, read, verify, write, admin, with commas']
      : []),
    ...(app === null || v.is(fields.appName, app) ? [] : ['--app: 1 to 64 of a-z, 0-9, -']),
    ...(app !== null && scopes?.includes('metrics') ? [`the key ${METRICS_OF_APP_FAULT}`] : []),
    ...(notAfterMs === undefined
      ? ['--expires: days such as 90d, or a time to come, ISO 8601']
      : []),
  ]
  if (scopes === undefined || notAfterMs === undefined || faults.length > 0) return complain(faults)
  if (app !== null && !(await namesOfApps(store)).includes(app)) {
    remark(`the store knows no app ${app} yet: the key is good for nothing else`)
  }
  // Keys grow in number by this command alone, so it takes the old ones away.
  await pruneAll(command)
  const { key, stored } = await createApiKey(store, { name, scopes, app, notAfterMs, nowMs })
  await audit({ what: 'api-key-created', target: stored.id, name, scopes, app })
  if (options.json === true) return print(`${JSON.stringify({ key, ...shown(stored) })}\n`)
  return print(`${key}\n\n${line(stored)}This is the only time the key is shown. ${KNOWN_WITHIN}\n`)
}

async function list({ options, store }: StoreCommand): Promise<number> {
  const read = await apiKeyReader(store)()
  const keys = read.flatMap((one) => (one.kind === 'key' ? [one.stored] : []))
  for (const one of read) {
    if (one.kind === 'unreadable') remark(`the key ${one.id} cannot be read and lets nobody in`)
  }
  if (options.json === true) return print(`${JSON.stringify(keys.map(shown))}\n`)
  if (read.length === 0) return print('The store has no API keys: see pawl apikey create.\n')
  return print(keys.map(line).join(''))
}

async function prune(command: StoreCommand): Promise<number> {
  const count = await pruneAll(command)
  return print(`${count} keys that ended ${ENDED_KEYS_KEPT_DAYS} days ago or earlier are gone.\n`)
}

async function pruneAll({ store, audit }: StoreCommand): Promise<number> {
  const count = await pruneApiKeys(store, await safeNowMs(store))
  if (count > 0) await audit({ what: 'api-keys-pruned', count })
  return count
}

/** The time here or, if it is earlier, that of the store: no key goes for a clock that is ahead. */
async function safeNowMs(store: StoreCommand['store']): Promise<number> {
  return Math.min(Date.now(), (await store.clockMs()) ?? Number.POSITIVE_INFINITY)
}

async function revoke({ store, audit }: StoreCommand, id: string): Promise<number> {
  if (await revokeApiKey(store, id, Date.now())) {
    await audit({ what: 'api-key-revoked', target: id })
    return print(`The key ${id} is revoked. ${KNOWN_WITHIN}\n`)
  }
  return complain([`there is no key ${id} to revoke: see pawl apikey list`], FAILURE_EXIT)
}

/** When a key ends; undefined for a text that is no time to come. */
function expiryOf(text: string, nowMs: number): number | undefined {
  const days = /^(\d{1,5})d$/.exec(text)?.[1]
  const timeMs = days === undefined ? Date.parse(text) : nowMs + Number(days) * DAY_MS
  return timeMs > nowMs ? timeMs : undefined
}

function shown({ keyHash: _, ...rest }: StoredApiKey): Omit<StoredApiKey, 'keyHash'> {
  return rest
}

function line(key: StoredApiKey): string {
  const { id, name, scopes, app, createdAtMs, notAfterMs, revokedAtMs } = key
  const parts = [
    id,
    name === '' ? '(no name)' : JSON.stringify(name),
    `scopes ${scopes.join(',')}`,
    app === null ? 'any app' : `app ${app}`,
    `made ${shownTime(createdAtMs)}`,
    revokedAtMs === null ? `expires ${shownTime(notAfterMs)}` : `revoked ${shownTime(revokedAtMs)}`,
  ]
  return `${parts.join('  ')}\n`
}
