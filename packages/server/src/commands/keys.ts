import type { AppId, EpochMs } from '@pawl/core'
import {
  KEY_RELOAD_MS,
  KEY_SET_MAX_AGE_SECONDS,
  type KeyAdmin,
  type KeyListing,
  openKeyAdmin,
} from '@pawl/embedded'
import { secretsFor } from '../config/secrets.ts'
import { namesOfApps } from './names-of-apps.ts'
import { complain, FAILURE_EXIT, print } from './output.ts'
import { type StoreCommand, withStore } from './with-store.ts'

const SHAPE = {
  family: 'keys',
  forms: ['list', 'rotate [--yes] [--after 7d]', 'revoke <kid>'],
  own: { app: 'text', json: 'flag', yes: 'flag', after: 'text' },
} as const
const HOUR_MS = 3_600_000
/** No key turns while a later one waits for its time. */
const DELAY_MAX_MS = 90 * 24 * HOUR_MS

/** `pawl keys list | rotate | revoke <kid>`: the signing keys of an app (`--app`, else default). */
export async function keysCommand(args: readonly string[]): Promise<number> {
  return withStore(args, SHAPE, async (command) => {
    const { words, options, config, store } = command
    const app = String(options.app ?? 'default') as AppId
    const admin = openKeyAdmin(store, await secretsFor(config, store))
    const [verb, kid = ''] = words
    if (!(await namesOfApps(store)).includes(app) && (await admin.list(app)).length === 0) {
      return complain([`there is no app ${app}: see pawl app list`], FAILURE_EXIT)
    }
    if (verb === 'list') return list(admin, app, command)
    if (verb === 'rotate') return rotate(admin, app, command)
    return revoke(admin, app, { kid, audit: command.audit })
  })
}

/** Makes the next key as the settings say; one of another nature only where that was meant. */
async function rotate(
  admin: KeyAdmin,
  app: AppId,
  { config, options, audit }: StoreCommand,
): Promise<number> {
  const algorithm = config.signingAlgorithm
  const isTurning = config.signingKeys === 'turning'
  const keys = await admin.list(app)
  const present = keys.findLast(({ kind }) => kind === 'signing-key')
  if (present !== undefined && options.yes !== true) {
    const isSame = present.isTurning === isTurning && (isTurning || present.algorithm === algorithm)
    if (!isSame) return complain([changesNature(present, { algorithm, isTurning })])
  }
  const delayMs = delayOf(String(options.after ?? '0h'))
  if (delayMs === undefined)
    return complain(['--after: must be hours or days, such as 7d, at most 90d'])
  const nowMs = Date.now() as EpochMs
  const { signsFromMs } = await admin.rotate(app, { algorithm, isTurning, nowMs, delayMs })
  await audit({ what: 'signing-key-rotated', app })
  return print(
    `The next key of app ${app} is published now and signs from ${iso(signsFromMs)}.\n` +
      'Tokens of the present key stay good until they expire.\n',
  )
}

/** Hours or days as they are typed, in milliseconds; undefined for any other text. */
function delayOf(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,3})([hd])$/.exec(text) ?? []
  const delayMs = Number(count) * (unit === 'd' ? 24 : 1) * HOUR_MS
  return delayMs <= DELAY_MAX_MS ? delayMs : undefined
}

type Nature = Pick<KeyListing, 'algorithm' | 'isTurning'>

function changesNature(present: Nature, next: Nature): string {
  const [one, other] = [present, next].map(
    ({ algorithm, isTurning }) => `${algorithm} and ${isTurning ? 'turns' : 'static'}`,
  )
  return (
    `the present key is ${one}, by the settings here the next one is ${other}: give the settings ` +
    'of the cores (--signing-keys, --signing-algorithm), or say it with --yes'
  )
}

async function list(admin: KeyAdmin, app: AppId, command: StoreCommand): Promise<number> {
  const keys = await admin.list(app)
  if (command.options.json === true) return print(`${JSON.stringify(keys)}\n`)
  if (keys.length === 0) return print(`App ${app} has no signing key yet: its core makes one.\n`)
  return print(keys.map((key) => line(key)).join(''))
}

function line(key: KeyListing): string {
  const { kid, algorithm, createdAtMs, signsFromMs, secretId, isOpenable } = key
  const trouble = isOpenable ? '' : ', which does not open it here: no core starts with it'
  return `${kid}  ${algorithm}  made ${iso(createdAtMs)}  signs from ${iso(signsFromMs)}  sealed under ${secretId}${trouble}\n`
}

async function revoke(
  admin: KeyAdmin,
  app: AppId,
  { kid, audit }: { readonly kid: string; readonly audit: StoreCommand['audit'] },
): Promise<number> {
  const outcome = await admin.revoke(app, kid)
  if (outcome === 'unknown') {
    return complain([`app ${app} has no key ${kid}: see pawl keys list`], FAILURE_EXIT)
  }
  await audit({ what: 'signing-key-revoked', app, target: kid })
  const seconds = KEY_RELOAD_MS / 1000
  return print(
    `The key ${kid} is gone. Cores refuse its tokens within ${seconds} s, drivers and gateways ` +
      `within ${seconds + KEY_SET_MAX_AGE_SECONDS} s; sessions go on by refreshing.\n`,
  )
}

function iso(ms: EpochMs): string {
  return new Date(ms).toISOString()
}
