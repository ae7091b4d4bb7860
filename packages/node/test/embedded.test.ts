import { describeAnySession } from './suites/any-session.ts'
import { describeHostile } from './suites/hostile-requests.ts'
import { describeLife } from './suites/life-of-a-session.ts'
import { describeRecentLogIn } from './suites/recent-log-in.ts'
import { openEmbedded } from './support/core-under-test.ts'

describeLife('embedded core', openEmbedded)
describeHostile('embedded core', openEmbedded)
describeAnySession('embedded core', openEmbedded)
describeRecentLogIn('embedded core', openEmbedded)
