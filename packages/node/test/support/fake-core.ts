import {
  type CoreApi,
  type DriverSettings,
  type KeySet,
  type Operation,
  ok,
  ROUTES,
  refuse,
} from '@pawl/protocol'

/** Settings of a stand-in core. */
export const SETTINGS: DriverSettings = {
  app: 'default',
  issuer: 'pawl',
  audience: 'default',
  confirm: 'on-use',
  raceWindowMs: 60_000,
  settlingMs: 150_000,
  accessTtlSeconds: 900,
  accessKind: 'jwt',
}

/** A core made by hand: what is not given is refused as `unavailable`; calls are noted. */
export function fakeCore(
  operations: Partial<CoreApi> = {},
  keys: KeySet['keys'] = [],
): CoreApi & { readonly calls: { operation: Operation; request: unknown }[] } {
  const calls: { operation: Operation; request: unknown }[] = []
  const known: Partial<CoreApi> = {
    getKeys: async () => ok({ keys: [...keys], maxAgeSeconds: 300 }),
    getSettings: async () => ok(SETTINGS),
    ...operations,
  }
  const entries = (Object.keys(ROUTES) as Operation[]).map((operation) => [
    operation,
    async (request: never) => {
      calls.push({ operation, request })
      const given = known[operation]
      return given === undefined ? refuse('unavailable') : given(request)
    },
  ])
  const followRevocations: CoreApi['followRevocations'] =
    operations.followRevocations ??
    (() => {
      throw new Error('this core has no feed')
    })
  return { ...Object.fromEntries(entries), followRevocations, close: async () => {}, calls }
}
