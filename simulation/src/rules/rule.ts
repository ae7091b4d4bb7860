import type { decideRefresh, decideUse, RotationSettings, SecretHash } from '@pawl/core'

/**
 * A rotation rule under test. Ours is the production code; the others exist so that the checker can
 * show that it finds known faults.
 */
export interface Rule {
  /** Stable, kebab-case: how `npm run sim` and the tests name the rule. */
  readonly name: string
  /** The windows the rule is run with, in milliseconds. */
  readonly settings: RotationSettings
  /**
   * What a grant mints: a `fresh` child every time, or the one `successor` that the presented token
   * will ever have, the same for everybody who asks.
   */
  readonly mints: 'fresh' | 'successor'
  readonly decideRefresh: typeof decideRefresh
  readonly decideUse: typeof decideUse
}

/**
 * Stands for the token that the grant is about to mint. Published rules that rotate at refresh time
 * make the child current at once; our own rule never needs it.
 */
export const CHILD = 'child-to-be' as SecretHash
