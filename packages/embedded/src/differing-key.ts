import type { AppId } from '@pawl/core'
import type { RingSettings } from './key-ring.ts'
import type { SigningKey } from './signing-key.ts'

/**
 * The sentence for an operator whose settings ask for another signing key than the newest one of an
 * app is; null if it is as they say.
 */
export function sentenceOfDifference(
  app: AppId,
  newest: Pick<SigningKey, 'kid' | 'algorithm' | 'isTurning'>,
  settings: Pick<RingSettings, 'algorithm' | 'isTurning'>,
): string | null {
  const { algorithm, isTurning } = newest
  if (algorithm === settings.algorithm && isTurning === settings.isTurning) return null
  const present = `the signing key ${newest.kid} of app ${app} is a ${nameOf(newest)}`
  const when = isTurning && settings.isTurning ? 'the next one will be, or' : 'it stays so until'
  return `${present}, and the settings ask for a ${nameOf(settings)}: ${when} pawl keys rotate makes one`
}

function nameOf({ algorithm, isTurning }: Pick<RingSettings, 'algorithm' | 'isTurning'>): string {
  return `${isTurning ? 'turning' : 'static'} ${algorithm} key`
}
