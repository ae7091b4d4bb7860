import { describeStore, memoryStore } from '@pawl/store-testkit'

describeStore('the memory store', async () => ({
  store: memoryStore(),
  reopen: null,
  close: async () => {},
}))
