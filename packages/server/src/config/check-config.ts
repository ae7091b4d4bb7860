import { isIPv4 } from 'node:net'
import { type AppSettings, appSettings, faultsOf, rotationSettings } from '@pawl/core'
import { faultOfSecret } from '@pawl/embedded'
import { addressList } from '../http/address-list.ts'
import { parseApiKey } from '../http/api-keys.ts'
import { faultOfStore } from './open-store.ts'
import type { ServerConfig } from './table.ts'

/** What is wrong with values that are each legal by themselves; holds no secret. */
export function faultsOfConfig(config: ServerConfig): readonly string[] {
  const faults: string[] = []
  const storeFault = faultOfStore(config.store)
  if (storeFault !== null) faults.push(storeFault)
  if (config.publicUrl !== 'auto' && !URL.canParse(config.publicUrl)) {
    faults.push('publicUrl: must be a URL, such as https://sessions.example.com')
  }
  for (const secret of config.secret) {
    const fault = faultOfSecret(secret)
    if (fault !== null) faults.push(`secret: ${fault}`)
  }
  for (const [index, entry] of config.apiKeys.entries()) {
    const parsed = parseApiKey(entry)
    if (parsed.kind === 'fault') faults.push(`apiKeys: entry ${index + 1} ${parsed.fault}`)
  }
  const fault = faultOfAddresses(config.allowedAddresses)
  if (fault !== null) faults.push(`allowedAddresses: ${fault}`)
  return [...faults, ...faultsOf(settingsOf(config))]
}

function faultOfAddresses(entries: readonly string[]): string | null {
  try {
    addressList(entries)
    return null
  } catch (error) {
    return error instanceof TypeError ? error.message : String(error)
  }
}

/** Refuses an address that others can reach while no caller needs a key. */
export function faultOfExposure(host: string, isKeyed: boolean): string | null {
  if (isKeyed || isLoopback(host)) return null
  return `host: ${host} can be reached from outside, so an API key is required: make one with \`pawl apikey create\`, or with \`pawl apikey generate\` and PAWL_API_KEYS`
}

/** The settings of the default app. */
export function settingsOf(config: ServerConfig): AppSettings {
  const { issuer, audience, accessTtlSeconds, accessKind, confirm } = config
  const { idleTimeoutSeconds, absoluteTimeoutSeconds, sessionLimit, sessionLimitPolicy } = config
  return appSettings({
    ...{ issuer, audience, accessTtlSeconds, accessKind, confirm },
    ...{ idleTimeoutSeconds, absoluteTimeoutSeconds },
    accessJitterShare: config.accessJitterPercent / 100,
    assurance: config.assurance === 'none' ? null : config.assurance,
    sessionLimit: sessionLimit === 0 ? null : { max: sessionLimit, policy: sessionLimitPolicy },
    rotation: rotationSettings(config.raceWindowMs),
  })
}

/** Whether an address can be reached from this machine only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}
