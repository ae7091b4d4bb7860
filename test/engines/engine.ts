/** The servers that the tests run on. */
export type EngineName = 'postgres' | 'redis' | 'mariadb' | 'mongodb'

/** The environment variable that names a server of that engine for the tests to run on. */
export function variableOf(name: EngineName): string {
  return `PAWL_TEST_${name === 'mariadb' ? 'MYSQL' : name.toUpperCase()}`
}

/** How an engine is started. */
export interface EngineOptions {
  /** Every answer waits for the disk; the default. False is faster, for tests that lose nothing. */
  readonly durable?: boolean
  /**
   * The server answers over TLS too, with a certificate for `localhost` of {@link Engine.caFile}.
   */
  readonly tls?: boolean
  /** Further settings in the engine's own names and words; they win. */
  readonly settings?: Readonly<Record<string, string>>
}

/** A server that is running, with a database of its own that is empty. */
export interface Engine {
  readonly name: EngineName
  /** What a store is opened with: TCP on the loopback, credentials included. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** Where its unix socket is, for command line tools; null where there is none. */
  readonly socketFolder: string | null
  /** PEM of the authority that signed the server's certificate; null without TLS. */
  readonly caFile: string | null
  /** False for a server that this script did not start: it may not be killed. */
  readonly isOwn: boolean
  /** Ends it at once, as a crash would; the data stay. Resolves when it is gone. */
  kill(): Promise<void>
  /** Starts it again on the same port and the same data; one that runs is stopped first. */
  restart(): Promise<void>
  /** Freezes it: connections stay, nothing answers. */
  pause(): void
  /** Lets it go on. */
  resume(): void
  /** Stops it and removes all that it left. Idempotent. */
  stop(): Promise<void>
}

/** What one engine's file exports. */
export interface EngineModule {
  start(options: EngineOptions): Promise<Engine>
}
