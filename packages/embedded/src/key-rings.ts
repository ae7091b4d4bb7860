import type { AppId, PublicKeys } from '@pawl/core'
import { type FormerKeys, openFormerKeys } from './former-keys.ts'
import {
  KEY_SET_MAX_AGE_SECONDS,
  type KeyRing,
  type KeyRingOptions,
  openKeyRing,
} from './key-ring.ts'
import type { SigningKey } from './signing-key.ts'

/** Keys of one nature: one of them signs, all of them verify. */
export type FittingKeys = Pick<KeyRing, 'signingKeyOf' | 'findByKid'>

/** All keys that sign for an app, by what they are needed for. */
export interface KeyRings {
  /** What the settings say: turning or static. Native tokens are signed with it. */
  readonly own: KeyRing
  /** Keys that turn, whatever the settings say. */
  readonly turning: FittingKeys
  /** A key that stays, whatever the settings say. */
  readonly static: FittingKeys
  /** A key that stays, for RS256. */
  readonly rsa: FittingKeys
  /** Keys of a core whose sessions were taken over: they verify, and never sign. */
  readonly former: FormerKeys
  /** The public side of them all; made are only those that somebody needed. */
  readonly publicKeys: PublicKeys
  /** When the next of all of an app's keys will be made, in seconds; null if none ever is. */
  readonly nextKeySeconds: (app: AppId) => Promise<number | null>
}

/**
 * Opens the rings of a store. An app's own key, made as the settings say, serves as many needs as
 * it can: what it is counts, not what the settings say of it, for they may have changed since.
 */
export function openKeyRings(options: KeyRingOptions): KeyRings {
  const { settings } = options
  const onDemand = { ...options, isOnDemand: true }
  const stays = { ...settings, isTurning: false }
  const own = openKeyRing(options)
  const turning = openKeyRing({
    ...{ ...onDemand, kind: 'turning-key' },
    settings: { ...settings, isTurning: true },
  })
  const fixed = openKeyRing({ ...onDemand, kind: 'static-key', settings: stays })
  const rsa = openKeyRing({
    ...{ ...onDemand, kind: 'rsa-key' },
    settings: { ...stays, algorithm: 'RS256' },
  })
  const rings = [own, turning, fixed, rsa]
  const former = openFormerKeys(options)
  const nextKeySeconds = async (app: AppId) => {
    const next = await Promise.all(rings.map((ring) => ring.nextKeySeconds(app)))
    return next.reduce((a, b) => (a === null || b === null ? (a ?? b) : Math.min(a, b)), null)
  }
  return {
    own,
    turning: firstThatFits([own, turning], ({ isTurning }) => isTurning),
    static: firstThatFits([own, fixed], ({ isTurning }) => !isTurning),
    rsa: firstThatFits(
      [own, fixed, rsa],
      ({ isTurning, algorithm }) => !isTurning && algorithm === 'RS256',
    ),
    former,
    publicKeys: { publicKeySet: unionOf(rings, former) },
    nextKeySeconds,
  }
}

/** The keys of several rings that fit one need; if none signs yet, the last ring makes one. */
function firstThatFits(
  rings: readonly [KeyRing, ...KeyRing[]],
  isFit: (key: SigningKey) => boolean,
): FittingKeys {
  const last = rings.at(-1) ?? rings[0]
  return {
    async signingKeyOf(app) {
      for (const ring of rings) {
        const { signing } = await ring.present(app)
        if (signing !== undefined && isFit(signing)) return signing
      }
      return last.signingKeyOf(app)
    },
    async findByKid(app, kid) {
      const find = async (
        keyIn: (ring: KeyRing) => Promise<SigningKey | undefined>,
      ): Promise<SigningKey | undefined> => {
        for (const ring of rings) {
          const key = await keyIn(ring)
          if (key !== undefined && isFit(key)) return key
        }
        return undefined
      }
      // All that is in memory first: a key of one ring must not make the others read.
      const known = await find(async (ring) => (await ring.present(app)).byKid.get(kid))
      return known ?? find((ring) => ring.findByKid(app, kid))
    },
  }
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
