export { describeStore } from './describe-store.ts'
export { memoryStore } from './memory-store.ts'
export type { OpenedStore, OpenStore } from './store-under-test.ts'
export type { SequenceOptions } from './suites/sequences.ts'
