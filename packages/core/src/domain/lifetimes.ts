import type { AssuranceLevel } from '@pawl/protocol'

/** The three lives of a session, in seconds. */
export interface Lifetimes {
  readonly accessTtlSeconds: number
  readonly idleTimeoutSeconds: number
  readonly absoluteTimeoutSeconds: number
}

const DAY_SECONDS = 86_400
const HOUR_SECONDS = 3_600

/**
 * The longest lives at an authenticator assurance level (NIST SP 800-63B-4, sections 2.1.3, 2.2.3
 * and 2.3.3). AAL1 sets no idle timeout. Our idle timeout is at least two access lives, so AAL3's
 * 15 minutes need access tokens of 5.
 */
export const ASSURANCE_LIFETIMES: { readonly [K in AssuranceLevel]: Lifetimes } = {
  aal1: {
    accessTtlSeconds: HOUR_SECONDS,
    idleTimeoutSeconds: 30 * DAY_SECONDS,
    absoluteTimeoutSeconds: 30 * DAY_SECONDS,
  },
  aal2: {
    accessTtlSeconds: 900,
    idleTimeoutSeconds: HOUR_SECONDS,
    absoluteTimeoutSeconds: DAY_SECONDS,
  },
  aal3: {
    accessTtlSeconds: 300,
    idleTimeoutSeconds: 900,
    absoluteTimeoutSeconds: DAY_SECONDS / 2,
  },
}

/**
 * The longest idle timeout of a session that is to end with the browser, unless one is asked for,
 * in seconds: a browser that stays open, or restores its tabs, must not keep it for weeks.
 */
export const EPHEMERAL_IDLE_SECONDS = 12 * HOUR_SECONDS

/** Lives no longer than a level allows; shorter ones stay. Null caps nothing. */
export function capLifetimes<T extends Lifetimes>(lives: T, level: AssuranceLevel | null): T {
  if (level === null) return lives
  const most = ASSURANCE_LIFETIMES[level]
  return {
    ...lives,
    accessTtlSeconds: Math.min(lives.accessTtlSeconds, most.accessTtlSeconds),
    idleTimeoutSeconds: Math.min(lives.idleTimeoutSeconds, most.idleTimeoutSeconds),
    absoluteTimeoutSeconds: Math.min(lives.absoluteTimeoutSeconds, most.absoluteTimeoutSeconds),
  }
}
