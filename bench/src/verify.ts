import type { Figure, Goal, Line } from './figure.ts'
import { installPeers, versionOfPeer } from './peers/install-peers.ts'
import { measureSubjects, type Pace } from './subjects/rounds.ts'

const ROUNDS = { rounds: 9, burstMs: 300 }

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

function byTime(what: string, { ours, peer, name, goal }: Pair): Line {
  const reference = { what: name, value: peer.perSecond }
  const beside = `CPU per call ${micros(ours)}, theirs ${micros(peer)}`
  const line = { what, unit: '/s', ours: ours.perSecond, reference, beside }
  return goal === undefined ? line : { ...line, goal }
}

function byCpu(what: string, { ours, peer, name, goal }: Pair): Line {
  const reference = { what: name, value: peer.perCpuSecond }
  const beside = `CPU per call ${micros(ours)}, theirs ${micros(peer)}; by the clock ${Math.round(ours.perSecond)}/s, theirs ${Math.round(peer.perSecond)}/s`
  const line = { what, unit: '/CPU-s', ours: ours.perCpuSecond, reference, beside }
  return goal === undefined ? line : { ...line, goal }
}

function micros({ perCpuSecond }: Pace): string {
  return `${(1e6 / perCpuSecond).toFixed(2)} µs`
}

function best(a: Pace, b: Pace): Pace {
  return a.perSecond >= b.perSecond ? a : b
}

function cheapest(a: Pace, b: Pace): Pace {
  return a.perCpuSecond >= b.perCpuSecond ? a : b
}

function atLeast(target: number, moonshot: number): Goal {
  return { kind: 'atLeast', target, moonshot }
}
