import { describeAnySession } from './suites/any-session.ts'
import { describeHostile } from './suites/hostile-requests.ts'
import { describeLife } from './suites/life-of-a-session.ts'
import { describeRecentLogIn } from './suites/recent-log-in.ts'
import { openServer } from './support/core-under-test.ts'

describeLife('core over HTTP', openServer)
describeHostile('core over HTTP', openServer)
describeAnySession('core over HTTP', openServer)
describeRecentLogIn('core over HTTP', openServer)
