import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AppSettings, Clock, EventSink, Store } from '@pawl/core'
import { type EmbeddedCore, type EmbedOptions, embedCore } from '@pawl/embedded'
import { faultOfExposure, faultsOfConfig, settingsOf } from './config/check-config.ts'
import { describeStore, openStore } from './config/open-store.ts'
import { livingSecretsFor } from './config/secrets.ts'
import { CONFIG, CONFIG_KEYS, type ServerConfig } from './config/table.ts'
import { wireDefaultsOf } from './config/wire-defaults.ts'
import { type ApiKey, parseApiKey } from './http/api-keys.ts'
import { type KeyDirectory, openKeyDirectory } from './http/key-directory.ts'
import type { Visits } from './http/visit.ts'
import { type LogSink, openLog } from './log/logger.ts'
import { storeTroubleTeller } from './log/store-trouble.ts'
import { openMeter } from './metrics/meter.ts'
import { meteredRoutes } from './metrics/metered-routes.ts'
import { type EdgeParts, openEdge } from './open-edge.ts'
import { openFormerBook } from './supertokens/former/former-book.ts'
import { openWireSettings, turningFor } from './supertokens/wire-settings.ts'

/** Keys of the configuration, each with its default, and what only code can give. */
export type ServerOptions = Partial<ServerConfig> & {
  /** A store that is open already; default: the one that the configuration names. */
  readonly storeInstance?: Store
  /** Settings of the default app that have no key, or that go before the configuration. */
  readonly settings?: Partial<AppSettings>
  /** Further apps by name, below `/apps/{app}`. */
  readonly apps?: { readonly [name: string]: Partial<AppSettings> }
  /** Tenants beside `default`, by app and name. */
  readonly tenants?: NonNullable<EmbedOptions['tenants']>
  readonly clock?: Clock
  /** Called after each event of a session; must return at once. */
  readonly onEvent?: EventSink
  /** Where log lines go; default: the standard output. */
  readonly logSink?: LogSink
}

/** A core service that accepts requests. */
export interface RunningServer {
  /** For example `http://127.0.0.1:3567`; no slash at the end. */
  readonly url: string
  /**
   * Says that it is not ready, serves on for `drainSeconds`, then stops accepting, finishes what is
   * in flight, closes the store. Idempotent.
   */
  readonly close: () => Promise<void>
}

/** The configuration does not hold; the message names every fault. */
export class ConfigError extends Error {
  readonly faults: readonly string[]

  constructor(faults: readonly string[]) {
    super(`the configuration does not hold:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`)
    this.name = 'ConfigError'
    this.faults = faults
  }
}

/**
 * Starts a core service; resolves when it accepts requests. Throws {@link ConfigError}, a
 * `WrongSecretError`, a `StoreError`, or what the operating system says about the address.
 */
export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const config = configOf(options)
  const faults = faultsOfConfig(config)
  if (faults.length > 0) throw new ConfigError(faults)
  const log = openLog(config.logLevel, options.logSink)
  const meter = openMeter(meteredRoutes())
  const visits: Visits = new AsyncLocalStorage()
  const parts = await openCore(config, options, { log, meter, visits })
  const { core, keys } = parts
  let isStopping = false
  let ownUrl = ''
  const listener = openEdge(
    { ...parts, log, meter, visits },
    {
      config,
      clock: options.clock,
      isStopping: () => isStopping,
      ownUrl: () => ownUrl,
    },
  )
  const { server } = listener
  try {
    server.listen(config.port, config.host)
    await once(server, 'listening')
  } catch (error) {
    keys.close()
    await core.close()
    throw error
  }
  const url = urlOf(config.host, (server.address() as AddressInfo).port)
  ownUrl = url
  log.info('listening', {
    url,
    store: options.storeInstance?.engine ?? describeStore(config.store),
  })
  log.flush()
  let closing: Promise<void> | undefined
  async function stop(): Promise<void> {
    isStopping = true
    log.info('stopping')
    log.flush()
    if (config.drainSeconds > 0) await sleep(config.drainSeconds * 1000)
    core.endFeeds()
    await listener.stop(config.shutdownGraceSeconds * 1000)
    keys.close()
    await core.close()
    log.info('stopped')
    log.flush()
  }
  return {
    url,
    close: () => {
      closing ??= stop()
      return closing
    },
  }
}

function configOf(options: ServerOptions): ServerConfig {
  const values = CONFIG_KEYS.map((key) => [key, options[key] ?? CONFIG[key].default])
  return Object.fromEntries(values) as ServerConfig
}

function keysOf(config: ServerConfig): readonly ApiKey[] {
  return config.apiKeys.flatMap((entry) => {
    const parsed = parseApiKey(entry)
    return parsed.kind === 'key' ? [parsed.key] : []
  })
}

async function openCore(
  config: ServerConfig,
  options: ServerOptions,
  { log, meter, visits }: Pick<EdgeParts, 'log' | 'meter' | 'visits'>,
): Promise<Omit<EdgeParts, 'log' | 'meter' | 'visits'>> {
  const store = options.storeInstance ?? (await openStore(config))
  const { apps, tenants, clock, onEvent } = options
  const onTrouble = (error: unknown): void => {
    meter.trouble(error)
    log.trouble('trouble outside a request', error)
  }
  const tellOfStore = storeTroubleTeller(log, () => performance.now())
  const book = openWireSettings(store, wireDefaultsOf(config))
  let core: EmbeddedCore | undefined
  let keys: KeyDirectory | undefined
  try {
    core = await embedCore({
      store,
      secret: await livingSecretsFor(config, store),
      settings: { ...settingsOf(config), ...options.settings },
      signing: {
        algorithm: config.signingAlgorithm,
        keys: config.signingKeys,
        keyIntervalSeconds: config.keyIntervalSeconds,
        turningOf: turningFor(book),
      },
      ...(apps === undefined ? {} : { apps }),
      ...(tenants === undefined ? {} : { tenants }),
      ...(clock === undefined ? {} : { clock }),
      trustsStoreClock: config.storeClock === 'witness',
      onTrouble,
      onStoreError(error) {
        meter.trouble(error)
        tellOfStore(error)
      },
      onEvent(event) {
        log.event(event, visits.getStore()?.requestId)
        meter.event(event)
        onEvent?.(event)
      },
    })
    keys = await openKeyDirectory({ store, configured: keysOf(config), onTrouble })
    const exposure = faultOfExposure(config.host, keys.isKeyed())
    if (exposure !== null) throw new ConfigError([exposure])
    return { core, store, keys, book, former: openFormerBook(store, core) }
  } catch (error) {
    keys?.close()
    await (core ?? store).close()
    throw error
  }
}

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
