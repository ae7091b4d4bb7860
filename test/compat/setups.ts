import type { AppSetup } from './app-under-test.ts'

const plain: AppSetup = { antiCsrf: 'NONE', dynamicKeys: true, appPath: '' }

/** How apps are set up; each is a process of its own, started when a scenario needs it. */
export const SETUPS = {
  plain,
  /** As plain: for scenarios of other apps, whose requests must not mix with those of plain. */
  neighbour: plain,
  'csrf-token': { ...plain, antiCsrf: 'VIA_TOKEN' },
  'csrf-header': { ...plain, antiCsrf: 'VIA_CUSTOM_HEADER' },
  'static-keys': { ...plain, dynamicKeys: false },
  /** An app at the core whose signing key turns every second or two. */
  'turning-keys': { ...plain, appPath: '/appid-turning' },
  /** An app at the core whose tokens live for seconds. */
  'short-lives': { ...plain, appPath: '/appid-short' },
} as const satisfies Readonly<Record<string, AppSetup>>

/** The name of a set-up. */
export type SetupName = keyof typeof SETUPS

/** Seconds that an access token of `short-lives` is good for. */
export const SHORT_ACCESS_SECONDS = 3
/** Seconds after which a session of `short-lives` that is not used has ended. */
export const SHORT_REFRESH_SECONDS = 9

/** The settings of the apps at the core, in the words and units of this wire. */
export const APP_SETTINGS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  turning: { access_token_dynamic_signing_key_update_interval: 0.0004 },
  short: {
    access_token_validity: SHORT_ACCESS_SECONDS,
    refresh_token_validity: SHORT_REFRESH_SECONDS / 60,
  },
}
