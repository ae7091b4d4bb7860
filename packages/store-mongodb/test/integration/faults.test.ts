import { mongodbStore } from '@pawl/store-mongodb'
import { describeFaults } from '../../../../test/engines/trouble/describe-faults.ts'
import { testSingleLineFaults } from '../../../../test/engines/trouble/single-line-faults.ts'

describeFaults({
  engine: 'mongodb',
  title: 'MongoDB',
  open: (url, { answerMs = 5000, connectMs = 1000 }) =>
    mongodbStore({ url, answerTimeoutMs: answerMs, connectTimeoutMs: connectMs }),
  own: [
    testSingleLineFaults({
      waitingMax: 2000,
      ask: (store) => store.findRecord({ kind: 'app', app: 'any', id: 'any' }),
    }),
  ],
})
