import { COMPAT_CONFIG } from './compat-table.ts'
import type { ConfigRow } from './config-row.ts'

const YEAR_SECONDS = 31_536_000

/** THE CONFIGURATION TABLE: keys of the file and of the code, in the order they are printed. */
export const CONFIG = {
  host: {
    env: 'PAWL_HOST',
    type: 'text',
    default: '127.0.0.1',
    effect: 'The address the service listens on.',
    advice: 'Anything but a loopback address needs an API key.',
  },
  port: {
    env: 'PAWL_PORT',
    type: 'integer',
    default: 3567,
    range: [0, 65_535],
    effect: 'The TCP port; 0 takes a free one.',
    advice: 'Keep it closed to browsers and to the internet.',
  },
  store: {
    env: 'PAWL_STORE',
    type: 'text',
    default: 'sqlite',
    effect:
      'The database that keeps the sessions: `sqlite`, `sqlite:<path>`, or a URL (postgres, mysql, mongodb, redis).',
    advice:
      '`sqlite` lives in the data directory and serves one machine; a URL with a password belongs in the environment, not in a flag.',
  },
  dataDir: {
    env: 'PAWL_DATA_DIR',
    type: 'text',
    default: '.pawl',
    effect: 'Where the embedded database and its master secret live (mode 0700).',
    advice: 'Put it on a disk that is backed up; not on a network file system.',
  },
  secret: {
    env: 'PAWL_SECRET',
    type: 'list',
    default: [],
    isSecret: true,
    effect:
      'The master secret, at least 32 random bytes; with several the first seals, all of them open.',
    advice:
      'Make one with `pawl secret generate`. Without one, an embedded store gets a file `secret`.',
  },
  apiKeys: {
    env: 'PAWL_API_KEYS',
    type: 'list',
    default: [],
    isSecret: true,
    effect: 'The API keys that callers may use: keys, or the hashes of keys.',
    advice:
      'Make one with `pawl apikey generate`; add `;scopes=read+verify;not-after=2030-01-01T00:00:00Z` to bound it.',
  },
  allowedAddresses: {
    env: 'PAWL_ALLOWED_ADDRESSES',
    type: 'list',
    default: [],
    effect: 'Addresses and CIDR blocks that may connect; any, unless this is set.',
    advice:
      'By the address of the socket, whatever headers say: behind a proxy, name the proxy. Others are cut off unread, probes too: list `127.0.0.1` for those of this machine.',
  },
  allowedHosts: {
    env: 'PAWL_ALLOWED_HOSTS',
    type: 'list',
    default: [],
    effect: 'Further names that the `Host` header may carry.',
    advice:
      'On a loopback address only its own names are served (against DNS rebinding); elsewhere every name, unless this is set.',
  },
  issuer: {
    env: 'PAWL_ISSUER',
    type: 'text',
    default: 'pawl',
    effect: 'The `iss` of access tokens.',
    advice: 'Changing it ends all access tokens at once; sessions go on by refreshing.',
  },
  audience: {
    env: 'PAWL_AUDIENCE',
    type: 'text',
    default: 'default',
    effect: 'The `aud` of access tokens of the default app.',
    advice: 'Give each app its own; changing it works like changing the issuer.',
  },
  signingAlgorithm: {
    env: 'PAWL_SIGNING_ALGORITHM',
    type: 'choice',
    default: 'ES256',
    choices: ['ES256', 'EdDSA', 'RS256'],
    effect: 'The algorithm of signing keys to come: of an app that has one, at its next turn.',
    advice: '`ES256` is cheap to sign and small; `RS256` (3072 bits) suits old gateways.',
  },
  signingKeys: {
    env: 'PAWL_SIGNING_KEYS',
    type: 'choice',
    default: 'turning',
    choices: ['turning', 'static'],
    effect: 'Whether signing keys turn by themselves, or one signs until somebody turns it.',
    advice: '`static` is for verifiers that cannot fetch keys; a change takes `pawl keys rotate`.',
  },
  keyIntervalSeconds: {
    env: 'PAWL_KEY_INTERVAL_SECONDS',
    type: 'integer',
    default: 7 * 86_400,
    range: [7_200, YEAR_SECONDS],
    unit: 's',
    effect: 'How long a signing key signs before the next one takes over.',
    advice: 'The next key is published an hour ahead; nobody is logged out.',
  },
  publicUrl: {
    env: 'PAWL_PUBLIC_URL',
    type: 'text',
    default: 'auto',
    effect: 'The URL under which gateways reach this service, for the discovery document.',
    advice: '`auto` gives the address that the service listens on.',
  },
  accessTtlSeconds: {
    env: 'PAWL_ACCESS_TTL_SECONDS',
    type: 'integer',
    default: 900,
    range: [1, 3_600],
    unit: 's',
    effect: 'The life of an access token.',
    advice: 'Shorter means that a revocation is felt earlier, and more refreshes.',
  },
  accessKind: {
    env: 'PAWL_ACCESS_KIND',
    type: 'choice',
    default: 'jwt',
    choices: ['jwt', 'opaque'],
    effect: 'What access tokens are unless a session says otherwise.',
    advice: '`opaque` tokens are checked at the core on every use and die with the session.',
  },
  idleTimeoutSeconds: {
    env: 'PAWL_IDLE_TIMEOUT_SECONDS',
    type: 'integer',
    default: 14 * 86_400,
    range: [2, 10 * YEAR_SECONDS],
    unit: 's',
    effect: 'A session that is not used for so long ends.',
    advice:
      'At least two access lives; NIST AAL2 wants 3 600, AAL3 900 (with an access life of 300).',
  },
  absoluteTimeoutSeconds: {
    env: 'PAWL_ABSOLUTE_TIMEOUT_SECONDS',
    type: 'integer',
    default: 90 * 86_400,
    range: [2, 10 * YEAR_SECONDS],
    unit: 's',
    effect: 'A session ends so long after the log-in, whatever happens.',
    advice: 'NIST AAL1 wants at most 2 592 000, AAL2 86 400, AAL3 43 200.',
  },
  assurance: {
    env: 'PAWL_ASSURANCE',
    type: 'choice',
    default: 'none',
    choices: ['none', 'aal1', 'aal2', 'aal3'],
    effect: 'Caps the three lives at what NIST SP 800-63B-4 allows at this level.',
    advice:
      '`aal1`: 30 days; `aal2`: 24 h, idle 1 h; `aal3`: 12 h, idle 15 min, access 5 min. Shorter values stay.',
  },
  accessJitterPercent: {
    env: 'PAWL_ACCESS_JITTER_PERCENT',
    type: 'integer',
    default: 5,
    range: [0, 25],
    unit: '%',
    effect: 'Access tokens are shortened at random by up to this share of their life.',
    advice: 'It keeps clients from refreshing in step; it never lengthens a life.',
  },
  sessionLimit: {
    env: 'PAWL_SESSION_LIMIT',
    type: 'integer',
    default: 0,
    range: [0, 1_000],
    unit: 'sessions',
    effect: 'How many live sessions a user may have in a tenant; 0 sets no limit.',
    advice: 'Apps and tenants may have their own.',
  },
  sessionLimitPolicy: {
    env: 'PAWL_SESSION_LIMIT_POLICY',
    type: 'choice',
    default: 'end-oldest',
    choices: ['end-oldest', 'refuse'],
    effect: 'What a log-in beyond the limit does.',
    advice: '`refuse` locks out users who have lost their devices: offer them another way.',
  },
  raceWindowMs: {
    env: 'PAWL_RACE_WINDOW_MS',
    type: 'integer',
    default: 60_000,
    range: [0, 1_200_000],
    unit: 'ms',
    effect: 'How long an honest race of refreshes, or a lost answer, may take.',
    advice: 'At most a third of the access life. 0 is the strict rule: every race is a theft.',
  },
  confirm: {
    env: 'PAWL_CONFIRM',
    type: 'choice',
    default: 'on-use',
    choices: ['on-use', 'on-refresh'],
    effect: 'What retires a refresh token: the first settled use of its child, or a refresh.',
    advice: '`on-refresh` saves the reports of uses; a thief is caught one cycle later.',
  },
  ...COMPAT_CONFIG,
  failuresPerMinute: {
    env: 'PAWL_FAILURES_PER_MINUTE',
    type: 'integer',
    default: 300,
    range: [0, 1_000_000],
    unit: 'attempts',
    effect:
      'Forged tokens, and wrong API keys, of one client address in a minute; more are answered 429. 0 sets no limit.',
    advice: 'A valid token or key always passes. IPv6 addresses count by their /64.',
  },
  refreshesPerMinute: {
    env: 'PAWL_REFRESHES_PER_MINUTE',
    type: 'integer',
    default: 600,
    range: [0, 1_000_000],
    unit: 'refreshes',
    effect: 'Refreshes of one session in a minute; more are answered 429. 0 sets no limit.',
    advice: 'An honest client needs one per access life; this only stops a loop gone wild.',
  },
  inFlightMax: {
    env: 'PAWL_IN_FLIGHT_MAX',
    type: 'integer',
    default: 1_024,
    range: [1, 65_536],
    unit: 'requests',
    effect: 'Requests that are worked on at the same time; more are answered 503 at once.',
    advice: 'Raise it only if the store keeps up.',
  },
  storeClock: {
    env: 'PAWL_STORE_CLOCK',
    type: 'choice',
    default: 'witness',
    choices: ['witness', 'ignored'],
    effect:
      'What the database says the time is: `witness` decides nothing by a time that is more than 30 s from it, `ignored` never asks.',
    advice:
      '`ignored` only while the clock of the database is wrong, those of all cores are right, and it cannot be put right at once.',
  },
  drainSeconds: {
    env: 'PAWL_DRAIN_SECONDS',
    type: 'integer',
    default: 0,
    range: [0, 300],
    unit: 's',
    effect: 'How long a stop goes on serving while `/health/ready` already answers 503.',
    advice: 'Behind a load balancer: longer than it takes to notice. The grace comes on top.',
  },
  shutdownGraceSeconds: {
    env: 'PAWL_SHUTDOWN_GRACE_SECONDS',
    type: 'integer',
    default: 10,
    range: [0, 300],
    unit: 's',
    effect: 'How long a stop waits for what is in flight.',
    advice: 'Stay below the time your supervisor gives before it kills.',
  },
  logLevel: {
    env: 'PAWL_LOG_LEVEL',
    type: 'choice',
    default: 'info',
    choices: ['debug', 'info', 'warn', 'error', 'silent'],
    effect: 'The least level that is logged.',
    advice: '`info` logs every request; `warn` logs refusals of the service, thefts and trouble.',
  },
} as const satisfies Readonly<Record<string, ConfigRow>>

/** A key of the configuration. */
export type ConfigKey = keyof typeof CONFIG

type ValueOf<R extends ConfigRow> = R extends { readonly type: 'integer' }
  ? number
  : R extends { readonly type: 'list' }
    ? readonly string[]
    : R extends { readonly choices: readonly (infer C)[] }
      ? C
      : string

/** The configuration, checked. */
export type ServerConfig = { readonly [K in ConfigKey]: ValueOf<(typeof CONFIG)[K]> }

/** All keys, in the order of the table. */
export const CONFIG_KEYS = Object.keys(CONFIG) as readonly ConfigKey[]

/** The row of a key. */
export function configRow(key: ConfigKey): ConfigRow {
  return CONFIG[key]
}

/** The command line flag of a key, without dashes: `dataDir` is `data-dir`. */
export function flagOf(key: ConfigKey): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
