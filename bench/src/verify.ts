import type { Figure, Goal, Line } from './figure.ts'
import { installPeers, versionOfPeer } from './peers/install-peers.ts'
import { median } from './statistics.ts'
import { measureSubjects, type Pace, ratioOf } from './subjects/rounds.ts'

const ROUNDS = { rounds: 25, burstMs: 100 }
/** Short turns and many: what the neighbours do in the meantime falls on all alike. */
const SHORT_ROUNDS = { rounds: 121, burstMs: 20 }

/** Known tokens, beside the SDK of the system we follow at its best: one or 16 at a time. */
export const verifySeen: Figure = {
  name: 'verify-seen',
  title:
    'driver: verify a token seen before (4 096 sessions, feed of revocations on, 1 024 revoked; expiry, keys, revocations re-checked)',
  async measure() {
    installPeers()
    const paces = await measureSubjects(
      {
        jwt: ['pawl-driver', 'seen-jwt'],
        opaque: ['pawl-driver', 'seen-opaque'],
        one: ['supertokens', '1'],
        many: ['supertokens', '16'],
      },
      ROUNDS,
    )
    const peer = best(paces.one, paces.many)
    const name = `supertokens-node ${versionOfPeer('supertokens-node')} getSession, best of 1 and 16 in flight`
    return [
      byTime('JWT', { ours: paces.jwt, peer, name, goal: atLeast(30, 60) }),
      byTime('opaque, embedded core, found in SQLite each time', {
        ours: paces.opaque,
        peer,
        name,
      }),
    ]
  },
}

/** Tokens that were never seen before: what a signature costs, and all around it. */
export const verifyNew: Figure = {
  name: 'verify-new',
  title: 'driver: verify a token never seen before, by CPU time of the process',
  async measure() {
    installPeers()
    const paces = await measureSubjects(
      {
        rs256: ['pawl-driver', 'new-rs2048'],
        rs3072: ['pawl-driver', 'new-rs3072'],
        one: ['supertokens', '1'],
        bareRs256: ['bare-signature', 'RS256'],
        es256: ['pawl-driver', 'new-es256'],
        many: ['supertokens', '16'],
        bareEs256: ['bare-signature', 'ES256'],
      },
      SHORT_ROUNDS,
    )
    const peer = cheapest(paces.one, paces.many)
    const name = `supertokens-node ${versionOfPeer('supertokens-node')} getSession, RS256-2048`
    const [rs256, es256] = [paces.bareRs256, paces.bareEs256]
    return [
      byCpu('RS256-2048', { ours: paces.rs256, peer, name, goal: atLeast(2, 4), least: rs256 }),
      byCpu('ES256', { ours: paces.es256, peer, name, goal: atLeast(1.2, 2), least: es256 }),
      byCpu('RS256-3072, as our own core has it', { ours: paces.rs3072, peer, name }),
      byCpu('RS256-2048, beside the signature alone', {
        ours: paces.rs256,
        peer: rs256,
        name: BARE,
      }),
      byCpu('ES256, beside the signature alone', { ours: paces.es256, peer: es256, name: BARE }),
    ]
  },
}

/** The guard over a request with cookies, beside a library that keeps the session in a cookie. */
export const guardCookie: Figure = {
  name: 'guard-cookie',
  title: 'driver: who is asking, from the cookies of a request (web-standard headers)',
  async measure() {
    installPeers()
    const paces = await measureSubjects(
      {
        jwt: ['pawl-driver', 'seen-jwt'],
        rs256: ['pawl-driver', 'new-rs2048'],
        es256: ['pawl-driver', 'new-es256'],
        one: ['better-auth', '1'],
        bareRs256: ['bare-signature', 'RS256'],
        bareEs256: ['bare-signature', 'ES256'],
        many: ['better-auth', '32'],
        guardSeen: ['pawl-driver', 'guard-seen'],
        guardNew: ['pawl-driver', 'guard-new'],
      },
      SHORT_ROUNDS,
    )
    const [peer, cheap] = [best(paces.one, paces.many), cheapest(paces.one, paces.many)]
    const name = `better-auth ${versionOfPeer('better-auth')} getSession, cookie cache on, SQLite, best of 1 and 32 in flight`
    const fresh = { peer: cheap, name, goal: atLeast(5, 10) }
    const { rs256, es256, bareRs256, bareEs256, guardSeen, guardNew } = paces
    return [
      byTime('verify, JWT seen before', { ours: paces.jwt, peer, name, goal: atLeast(50, 150) }),
      byCpu('verify, never seen before, RS256-2048', { ...fresh, ours: rs256, least: bareRs256 }),
      byCpu('verify, never seen before, ES256', { ...fresh, ours: es256, least: bareEs256 }),
      byTime('guard, headers in and out, JWT seen before', { ours: guardSeen, peer, name }),
      byCpu('guard, headers in and out, JWT never seen before, ES256', {
        ours: guardNew,
        peer: cheap,
        name,
      }),
    ]
  },
}

/** What a line is made of. */
interface Pair {
  readonly ours: Pace
  readonly peer: Pace
  readonly name: string
  readonly goal?: Goal
  /** The signature alone: nobody who checks it takes less. */
  readonly least?: Pace
}

const BARE = 'bare crypto.verify'

function byTime(what: string, pair: Pair): Line {
  return lineOf(what, pair, 'perSecond')
}

function byCpu(what: string, pair: Pair): Line {
  return lineOf(what, pair, 'perCpuSecond')
}

const UNITS = { perSecond: '/s', perCpuSecond: '/CPU-s' } as const

function lineOf(what: string, pair: Pair, by: keyof Pace): Line {
  const { ours, peer, name, goal, least } = pair
  const value = median(peer[by])
  const line = {
    what,
    unit: UNITS[by],
    ours: ratioOf(ours[by], peer[by]) * value,
    reference: { what: name, value },
    beside: `CPU per call ${micros(ours)}, theirs ${micros(peer)}; by the clock ${rate(ours)}, theirs ${rate(peer)}`,
  }
  return {
    ...line,
    ...(goal === undefined ? {} : { goal }),
    ...(least === undefined ? {} : { bound: { what: BARE, ratio: ratioOf(least[by], peer[by]) } }),
  }
}

function micros({ perCpuSecond }: Pace): string {
  return `${(1e6 / median(perCpuSecond)).toFixed(2)} µs`
}

function rate({ perSecond }: Pace): string {
  return `${Math.round(median(perSecond))}/s`
}

function best(a: Pace, b: Pace): Pace {
  return median(a.perSecond) >= median(b.perSecond) ? a : b
}

function cheapest(a: Pace, b: Pace): Pace {
  return median(a.perCpuSecond) >= median(b.perCpuSecond) ? a : b
}

function atLeast(target: number, moonshot: number): Goal {
  return { kind: 'atLeast', target, moonshot }
}
