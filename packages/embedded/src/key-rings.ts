import type { AppId, PublicKeys } from '@pawl/core'
import { type FormerKeys, openFormerKeys } from './former-keys.ts'
import {
  KEY_SET_MAX_AGE_SECONDS,
  type KeyRing,
  type KeyRingOptions,
  openKeyRing,
} from './key-ring.ts'

/** All keys that sign for an app, by what they are needed for. */
export interface KeyRings {
  /** What the settings say: turning or static. Native tokens are signed with it. */
  readonly own: KeyRing
  /** Keys that turn, whatever the settings say. */
  readonly turning: KeyRing
  /** A key that stays, whatever the settings say. */
  readonly static: KeyRing
  /** A key that stays, for RS256. */
  readonly rsa: KeyRing
  /** Keys of a core whose sessions were taken over: they verify, and never sign. */
  readonly former: FormerKeys
  /** The public side of them all; made are only those that somebody needed. */
  readonly publicKeys: PublicKeys
  /** When the next of all of an app's keys will be made, in seconds; null if none ever is. */
  readonly nextKeySeconds: (app: AppId) => Promise<number | null>
}

/** Opens the rings of a store. Keys that the settings ask for serve as many needs as they can. */
export function openKeyRings(options: KeyRingOptions): KeyRings {
  const { settings } = options
  const onDemand = { ...options, isOnDemand: true }
  const own = openKeyRing(options)
  const turning = settings.isTurning
    ? own
    : openKeyRing({
        ...onDemand,
        kind: 'turning-key',
        settings: { ...settings, isTurning: true },
      })
  const stays = { ...settings, isTurning: false }
  const fixed = settings.isTurning
    ? openKeyRing({ ...onDemand, kind: 'static-key', settings: stays })
    : own
  const rsa =
    settings.algorithm === 'RS256'
      ? fixed
      : openKeyRing({ ...onDemand, kind: 'rsa-key', settings: { ...stays, algorithm: 'RS256' } })
  const rings = [...new Set([turning, fixed, rsa])]
  const former = openFormerKeys(options)
  const publicKeySet = unionOf(rings, former)
  const nextKeySeconds = async (app: AppId) => {
    const next = await Promise.all(rings.map((ring) => ring.nextKeySeconds(app)))
    return next.reduce((a, b) => (a === null || b === null ? (a ?? b) : Math.min(a, b)), null)
  }
  const publicKeys = { publicKeySet }
  return { own, turning, static: fixed, rsa, former, publicKeys, nextKeySeconds }
}

function unionOf(rings: readonly KeyRing[], former: FormerKeys): PublicKeys['publicKeySet'] {
  return async (app: AppId) => {
    const sets = await Promise.all(rings.map((ring) => ring.publicKeySet(app)))
    const ages = sets.map(({ maxAgeSeconds }) => maxAgeSeconds)
    return {
      keys: [...sets.flatMap(({ keys }) => [...keys].reverse()), ...(await former.jwksOf(app))],
      maxAgeSeconds: Math.min(KEY_SET_MAX_AGE_SECONDS, ...ages),
    }
  }
}
