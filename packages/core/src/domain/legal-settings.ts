import {
  ACCESS_JITTER_MAX_SHARE,
  ACCESS_TTL_MAX_SECONDS,
  type AppSettings,
  faultsOf,
  rotationSettings,
  SESSION_LIMIT_MAX,
} from './settings.ts'

/** The race window is at most this part of the access token's life. */
const RACE_WINDOWS_PER_ACCESS_LIFE = 3
/** The shortest idle timeout, which has to hold two access lives, in seconds. */
const IDLE_MIN_SECONDS = 2

/**
 * The legal settings that are nearest to given ones; legal ones are answered as they are. No life
 * gets longer than it was written, but where it is below two seconds: the idle timeout gives way to
 * the absolute lifetime, the access token's life to the idle timeout, and the race window to the
 * access token's life.
 */
export function nearestLegalSettings(settings: AppSettings): AppSettings {
  if (faultsOf(settings).length === 0) return settings
  const { sessionLimit } = settings
  const accessJitterShare = between(settings.accessJitterShare, 0, ACCESS_JITTER_MAX_SHARE)
  const absoluteTimeoutSeconds = Math.max(settings.absoluteTimeoutSeconds, IDLE_MIN_SECONDS)
  const idleTimeoutSeconds = between(
    settings.idleTimeoutSeconds,
    IDLE_MIN_SECONDS,
    absoluteTimeoutSeconds,
  )
  const accessMaxSeconds = Math.min(ACCESS_TTL_MAX_SECONDS, Math.floor(idleTimeoutSeconds / 2))
  const accessTtlSeconds = between(settings.accessTtlSeconds, 1, accessMaxSeconds)
  const lives = { accessTtlSeconds, idleTimeoutSeconds, absoluteTimeoutSeconds }
  const accessTtlMs = Math.floor(accessTtlSeconds * 1000 * (1 - accessJitterShare))
  return withRaceWindow(
    {
      ...{ ...settings, ...lives, accessJitterShare },
      sessionLimit: sessionLimit && {
        ...sessionLimit,
        max: between(sessionLimit.max, 1, SESSION_LIMIT_MAX),
      },
    },
    Math.floor(accessTtlMs / RACE_WINDOWS_PER_ACCESS_LIFE),
  )
}

/** Settings with a race window of at most `raceWindowMaxMs`, and a settling time to match. */
export function withRaceWindow(settings: AppSettings, raceWindowMaxMs: number): AppSettings {
  if (settings.rotation.raceWindowMs <= raceWindowMaxMs) return settings
  return { ...settings, rotation: rotationSettings(raceWindowMaxMs) }
}

function between(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most)
}
