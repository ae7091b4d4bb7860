import assert from 'node:assert/strict'
import {
  type CoreApi,
  type Grant,
  type Operation,
  type Outcome,
  type RequestOf,
  ROUTES,
} from '@pawl/protocol'

/** What somebody of one app and tenant holds of their own. */
export interface Owner {
  readonly tenant: string
  readonly userId: string
  readonly jwt: Grant
  readonly opaque: Grant
}

/** What a route is tried with: the place of the caller, and what belongs to somebody else. */
export interface Foreign {
  /** The caller's own tenant; the one who owns the rest lives in another tenant or app. */
  readonly tenant: string
  readonly owner: Owner
}

/** Something of somebody else, put to a route, and how the route must take it. */
export interface Trial<K extends Operation = Operation> {
  readonly name: string
  readonly request: RequestOf<K>
  /** Fails unless the answer gave nothing away; what was done is looked at elsewhere. */
  readonly judge: (outcome: Outcome<unknown>) => void
}

function refusedAs(...codes: readonly string[]): Trial['judge'] {
  return (outcome) => {
    const code = outcome.kind === 'refused' ? outcome.code : 'ok'
    assert.ok(codes.includes(code), `${code}, not ${codes.join(' or ')}`)
    if (outcome.kind === 'refused') assert.equal(outcome.session, undefined)
  }
}

function answers(value: object): Trial['judge'] {
  return (outcome) => assert.deepEqual(outcome, { kind: 'ok', value })
}

const forgedRefresh = refusedAs('refresh_token_invalid')
const forgedAccess = refusedAs('access_token_invalid')
const noSession = refusedAs('session_not_found')

/** Routes that take nothing of anybody: they answer about the caller's own app alone. */
const TAKES_NOTHING = [
  ...(['listRevocations', 'getSettings', 'getKeys', 'listApps', 'listTenants'] as const),
  // These take names of apps and tenants: who may call them is tried apart.
  ...(['getApp', 'putApp', 'removeApp', 'getTenant', 'putTenant', 'removeTenant'] as const),
] as const

type Tried = Exclude<Operation, (typeof TAKES_NOTHING)[number]>

/**
 * One row per route of the table: the compiler asks for a row for each new route, or for its name
 * among those that take nothing.
 */
const TRIALS: { readonly [K in Tried]: (at: Foreign) => readonly Trial<K>[] } = {
  // Naming a foreign session to be replaced starts a session of one's own and ends nothing.
  createSession: ({ tenant, owner }) =>
    [owner.jwt, owner.opaque].map(({ session }) => ({
      name: 'a handle to replace',
      request: { userId: 'mallory', tenant, replaces: session.handle },
      judge: (outcome: Outcome<unknown>) => assert.equal(outcome.kind, 'ok'),
    })),
  refreshSession: ({ owner }) =>
    bothOf(owner).map(([kind, grant]) => ({
      name: `a refresh token (${kind})`,
      request: { refreshTokens: [grant.refreshToken.token] },
      judge: forgedRefresh,
    })),
  verifySession: ({ owner }) =>
    bothOf(owner).flatMap(([kind, grant]) =>
      [false, true].map((checkStore) => ({
        name: `an access token (${kind}, checkStore ${checkStore})`,
        request: { accessToken: grant.accessToken.token, checkStore },
        judge: forgedAccess,
      })),
    ),
  confirmUses: ({ owner }) =>
    bothOf(owner).map(([kind, grant]) => ({
      name: `a use (${kind})`,
      request: {
        uses: [{ accessToken: grant.accessToken.token, firstSeenAtMs: Date.now() + 600_000 }],
      },
      judge: answers({ confirmed: 0 }),
    })),
  signOut: ({ owner }) =>
    bothOf(owner).map(([kind, grant]) => ({
      name: `both tokens (${kind})`,
      request: {
        refreshTokens: [grant.refreshToken.token],
        accessToken: grant.accessToken.token,
      },
      judge: answers({ handles: [] }),
    })),
  revokeSessions: ({ tenant, owner }) => [
    {
      name: 'a user id',
      request: { tenant, userId: owner.userId },
      judge: answers({ handles: [] }),
    },
    { name: 'a whole tenant', request: { tenant }, judge: answers({ handles: [] }) },
  ],
  listSessions: ({ tenant, owner }) => [
    {
      name: 'a user id',
      request: { tenant, userId: owner.userId },
      judge: answers({ sessions: [], next: null }),
    },
  ],
  getSession: ({ tenant, owner }) => [
    {
      name: 'a handle',
      request: { tenant, handle: owner.jwt.session.handle },
      judge: noSession,
    },
  ],
  replaceClaims: ({ tenant, owner }) => [
    {
      name: 'a handle and its access token',
      request: {
        ...{ tenant, handle: owner.jwt.session.handle, claims: { role: 'admin' } },
        accessToken: owner.jwt.accessToken.token,
      },
      judge: noSession,
    },
  ],
  replaceData: ({ tenant, owner }) => [
    {
      name: 'a handle',
      request: { tenant, handle: owner.opaque.session.handle, data: { mine: true } },
      judge: noSession,
    },
  ],
  revokeSession: ({ tenant, owner }) => [
    {
      name: 'a handle',
      request: { tenant, handle: owner.jwt.session.handle },
      judge: answers({ revoked: false }),
    },
  ],
}

/** Tokens name their tenant: inside one app they are good wherever they are presented. */
const BY_TOKEN: ReadonlySet<Operation> = new Set<Operation>([
  ...(['refreshSession', 'verifySession', 'confirmUses', 'signOut'] as const),
])

/** Everything that is tried against another app, or inside one app against another tenant. */
export function trialsOf(
  at: Foreign,
  across: 'apps' | 'tenants',
): readonly (readonly [Operation, Trial])[] {
  const rows = Object.entries(TRIALS) as unknown as [Operation, (at: Foreign) => readonly Trial[]][]
  return rows
    .filter(([operation]) => across === 'apps' || !BY_TOKEN.has(operation))
    .flatMap(([operation, trials]) => trials(at).map((trial) => [operation, trial] as const))
}

/** Every route is tried, or is said to take nothing: none of the table is forgotten. */
export function untriedRoutes(): readonly string[] {
  const known = new Set<string>([...Object.keys(TRIALS), ...TAKES_NOTHING])
  return Object.keys(ROUTES).filter((operation) => !known.has(operation))
}

/** Calls a core by a name of the table. */
export function callBy(core: CoreApi, operation: Operation, request: unknown) {
  return (core[operation] as (given: unknown) => Promise<Outcome<unknown>>)(request)
}

function bothOf(owner: Owner): readonly (readonly ['jwt' | 'opaque', Grant])[] {
  return [
    ['jwt', owner.jwt],
    ['opaque', owner.opaque],
  ]
}
