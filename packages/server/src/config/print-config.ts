import { describeStore } from './open-store.ts'
import { CONFIG_KEYS, type ConfigKey, configRow, type ServerConfig } from './table.ts'

/** The configuration as text, one key a line, with where each value came from; no secrets. */
export function printConfig(
  config: ServerConfig,
  origins: { readonly [K in ConfigKey]: string },
): string {
  return CONFIG_KEYS.map((key) => {
    const value = config[key]
    const plain = key === 'store' ? describeStore(config.store) : value
    const shown = configRow(key).isSecret === true ? mask(value) : JSON.stringify(plain)
    return `${key} = ${shown}  (${origins[key]})\n`
  }).join('')
}

function mask(value: unknown): string {
  return Array.isArray(value) ? `[${value.length} hidden]` : '[hidden]'
}
