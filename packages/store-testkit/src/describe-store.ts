import { describe } from 'node:test'
import type { OpenStore } from './store-under-test.ts'
import { describeContent } from './suites/content.ts'
import { describeCovered } from './suites/covered.ts'
import { describeCutOffSweeping } from './suites/cut-off-sweeping.ts'
import { describeLifeCycle } from './suites/life-cycle.ts'
import { describeLimits } from './suites/limits.ts'
import { describeMoving } from './suites/moving.ts'
import { describePaging } from './suites/paging.ts'
import { describeRecords } from './suites/records.ts'
import { describeRevocation } from './suites/revocation.ts'
import { describeRevocationLog } from './suites/revocation-log.ts'
import { describeRotation } from './suites/rotation.ts'
import { describeRoundTrips } from './suites/round-trips.ts'
import { describeSequences, type SequenceOptions } from './suites/sequences.ts'
import { describeSweeping } from './suites/sweeping.ts'

/**
 * The executable contract of a store: tests on node:test for everything that the core relies on.
 * Call it at the top level of a test file. A store that passes it is one that Pawl can run on.
 *
 * @param name of the store, for the report
 * @param open makes a fresh, empty database; called about a dozen times
 * @param options how many random operation sequences to run; see {@link SequenceOptions}
 */
export function describeStore(name: string, open: OpenStore, options: SequenceOptions = {}): void {
  describe(`${name} keeps the contract of a store`, () => {
    describeLifeCycle(open)
    describeRoundTrips(open)
    describeRotation(open)
    describeContent(open)
    describeLimits(open)
    describeRevocation(open)
    describeCovered(open)
    describeRevocationLog(open)
    describePaging(open)
    describeSweeping(open)
    describeCutOffSweeping(open)
    describeMoving(open)
    describeRecords(open)
    describeSequences(open, options)
  })
}
