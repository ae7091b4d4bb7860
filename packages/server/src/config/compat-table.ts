import type { ConfigRow } from './config-row.ts'

const YEAR_SECONDS = 31_536_000

/** The rows of the configuration that concern the back-end SDKs of SuperTokens. */
export const COMPAT_CONFIG = {
  compatEnabled: {
    env: 'PAWL_COMPAT_ENABLED',
    type: 'choice',
    default: 'true',
    choices: ['true', 'false'],
    effect: 'Whether SuperTokens back-end SDKs are served, on the same port.',
    advice: 'See the guide for those who come from SuperTokens; `false` if none of yours is one.',
  },
  compatStrictRotation: {
    env: 'PAWL_COMPAT_STRICT_ROTATION',
    type: 'choice',
    default: 'false',
    choices: ['true', 'false'],
    effect: 'Whether such SDKs get the strict rule: no race window, every first use reported.',
    advice: 'An app may have its own (`strict_rotation`); every race of two refreshes is a theft.',
  },
  compatAllowTestSettings: {
    env: 'PAWL_COMPAT_ALLOW_TEST_SETTINGS',
    type: 'choice',
    default: 'false',
    choices: ['true', 'false'],
    effect: 'Whether apps made by such SDKs may have lives and key intervals of seconds.',
    advice: 'For the SDKs’ own test suites; never in production.',
  },
  compatApiKeys: {
    env: 'PAWL_COMPAT_API_KEYS',
    type: 'list',
    default: [],
    isSecret: true,
    effect: 'Further API keys that such SDKs may use at the default app: texts of your own.',
    advice: 'At least 20 of A-Z a-z 0-9 = -; so an SDK keeps the key that it has.',
  },
  compatAccessTtlSeconds: {
    env: 'PAWL_COMPAT_ACCESS_TTL_SECONDS',
    type: 'integer',
    default: 3_600,
    range: [1, 3_600],
    unit: 's',
    effect: 'The life of access tokens of such SDKs.',
    advice: 'An app may have its own (`access_token_validity`).',
  },
  compatIdleTimeoutSeconds: {
    env: 'PAWL_COMPAT_IDLE_TIMEOUT_SECONDS',
    type: 'integer',
    default: 100 * 86_400,
    range: [2, 10 * YEAR_SECONDS],
    unit: 's',
    effect: 'A session of such an SDK that is not refreshed for so long ends.',
    advice: 'An app may have its own (`refresh_token_validity`, in minutes).',
  },
  compatAbsoluteTimeoutSeconds: {
    env: 'PAWL_COMPAT_ABSOLUTE_TIMEOUT_SECONDS',
    type: 'integer',
    default: 10 * YEAR_SECONDS,
    range: [2, 10 * YEAR_SECONDS],
    unit: 's',
    effect: 'A session of such an SDK ends so long after the log-in, whatever happens.',
    advice: 'SuperTokens has no such end; a bound is good practice.',
  },
} as const satisfies Readonly<Record<string, ConfigRow>>
