import { ACCIDENTS } from './accidents.ts'
import { CSRF } from './csrf.ts'
import { FIRST_STEPS } from './first-steps.ts'
import { PLACES } from './places.ts'
import type { Scenario } from './scenario.ts'
import { SESSIONS } from './sessions.ts'
import { TIME } from './time.ts'

/** ALL SCENARIOS, in the order of the table's columns. */
export const SCENARIOS: readonly Scenario[] = [
  ...FIRST_STEPS,
  ...ACCIDENTS,
  ...SESSIONS,
  ...PLACES,
  ...CSRF,
  ...TIME,
]
