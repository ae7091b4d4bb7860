import type { Figure, Goal, Line } from './figure.ts'
import { installPeers, versionOfPeer } from './peers/install-peers.ts'
import { median } from './statistics.ts'
import { measureSubjects, type Pace, ratioOf } from './subjects/rounds.ts'

const ROUNDS = { rounds: 25, burstMs: 100 }

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
        rs256: ['pawl-driver', 'new-rs256'],
        es256: ['pawl-driver', 'new-es256'],
        bareRs256: ['bare-signature', 'RS256'],
        bareEs256: ['bare-signature', 'ES256'],
        one: ['supertokens', '1'],
        many: ['supertokens', '16'],
      },
      ROUNDS,
    )
    const peer = cheapest(paces.one, paces.many)
    const name = `supertokens-node ${versionOfPeer('supertokens-node')} getSession, RS256-2048`
    return [
      byCpu('RS256-2048', { ours: paces.rs256, peer, name, goal: atLeast(2, 4) }),
      byCpu('ES256', { ours: paces.es256, peer, name, goal: atLeast(1.2, 2) }),
      byCpu('RS256-2048, beside the signature alone', {
        ours: paces.rs256,
        peer: paces.bareRs256,
        name: 'bare crypto.verify',
      }),
      byCpu('ES256, beside the signature alone', {
        ours: paces.es256,
        peer: paces.bareEs256,
        name: 'bare crypto.verify',
      }),
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
        fresh: ['pawl-driver', 'new-es256'],
        guardSeen: ['pawl-driver', 'guard-seen'],
        guardNew: ['pawl-driver', 'guard-new'],
        one: ['better-auth', '1'],
        many: ['better-auth', '32'],
      },
      ROUNDS,
    )
    const [peer, cheap] = [best(paces.one, paces.many), cheapest(paces.one, paces.many)]
    const name = `better-auth ${versionOfPeer('better-auth')} getSession, cookie cache on, SQLite, best of 1 and 32 in flight`
    return [
      byTime('verify, JWT seen before', { ours: paces.jwt, peer, name, goal: atLeast(50, 150) }),
      byCpu('verify, JWT never seen before, ES256', {
        ours: paces.fresh,
        peer: cheap,
        name,
        goal: atLeast(5, 10),
      }),
      byTime('guard, headers in and out, JWT seen before', { ours: paces.guardSeen, peer, name }),
      byCpu('guard, headers in and out, JWT never seen before, ES256', {
        ours: paces.guardNew,
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
}

function byTime(what: string, pair: Pair): Line {
  return lineOf(what, pair, 'perSecond')
}

function byCpu(what: string, pair: Pair): Line {
  return lineOf(what, pair, 'perCpuSecond')
}

const UNITS = { perSecond: '/s', perCpuSecond: '/CPU-s' } as const

function lineOf(what: string, { ours, peer, name, goal }: Pair, by: keyof Pace): Line {
  const value = median(peer[by])
  const line = {
    what,
    unit: UNITS[by],
    ours: ratioOf(ours[by], peer[by]) * value,
    reference: { what: name, value },
    beside: `CPU per call ${micros(ours)}, theirs ${micros(peer)}; by the clock ${rate(ours)}, theirs ${rate(peer)}`,
  }
  return goal === undefined ? line : { ...line, goal }
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
