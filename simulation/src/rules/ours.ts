import { decideRefresh, decideUse, rotationSettings } from '@pawl/core'
import type { Rule } from './rule.ts'

/** The production functions themselves, with the production defaults: W = 60 s, D = 150 s. */
export const ours: Rule = {
  name: 'ours',
  settings: rotationSettings(),
  mints: 'fresh',
  decideRefresh,
  decideUse,
}
