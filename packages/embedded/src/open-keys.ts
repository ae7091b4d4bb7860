import type { AppId } from '@pawl/core'
import { sentenceOfDifference } from './differing-key.ts'
import type { KeyRingOptions } from './key-ring.ts'
import { type KeyRings, openKeyRings } from './key-rings.ts'
import { keySettings, type SigningOptions } from './key-settings.ts'

/** What the keys of a core are opened with. */
export type OpenKeysOptions = Omit<KeyRingOptions, 'settings' | 'settingsOf' | 'kind'> & {
  readonly signing: SigningOptions | undefined
  /** The apps whose keys are read, or made, before the core serves. */
  readonly apps: readonly AppId[]
}

/**
 * Opens the keys of a core. Of those apps the first key is made, and reported if it is another one
 * than the settings ask for; a visitor leaves both to cores that serve.
 */
export async function openKeys(options: OpenKeysOptions): Promise<KeyRings> {
  const { signing, apps, ...parts } = options
  const settings = keySettings(signing)
  const settingsOf = signing?.turningOf
  const rings = openKeyRings({
    ...{ ...parts, settings },
    ...(settingsOf === undefined ? {} : { settingsOf }),
  })
  if (options.isVisitor === true) return rings
  await Promise.all(apps.map((app) => rings.own.reload(app)))
  for (const app of apps) {
    const { newest } = await rings.own.present(app)
    const sentence = newest === undefined ? null : sentenceOfDifference(app, newest, settings)
    if (sentence !== null) options.onTrouble(new Error(sentence))
  }
  return rings
}
