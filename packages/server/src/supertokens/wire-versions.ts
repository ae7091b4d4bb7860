/** What a version of the wire asks for and gives. */
export interface WireVersion {
  readonly name: string
  /** The version of access tokens that create and refresh make. */
  readonly tokenVersion: 2 | 3 | 4 | 5
  /** Whether `/apiversion` offers it. Others are served to those who ask for them. */
  readonly isOffered: boolean
  /** Older than the key set: sessions can be created, and refreshed with a newer version. */
  readonly createsOnly: boolean
  /** Whether paths may name a tenant other than the public one. */
  readonly hasTenants: boolean
  /** Whether answers name the recipe user. */
  readonly hasRecipeUsers: boolean
  /** Whether routes of an app are refused below a tenant, and refresh must choose its key. */
  readonly isStrict: boolean
  /** Whether verify never hands out a token. */
  readonly isStateless: boolean
}

const OLDEST: Omit<WireVersion, 'name'> = {
  ...{ tokenVersion: 2, isOffered: false, createsOnly: true },
  ...{ hasTenants: false, hasRecipeUsers: false, isStrict: false, isStateless: false },
}
const KEY_SETS = { ...OLDEST, tokenVersion: 3, isOffered: true, createsOnly: false } as const
const TENANTS = { ...KEY_SETS, tokenVersion: 4, hasTenants: true } as const
const RECIPE_USERS = { ...TENANTS, tokenVersion: 5, hasRecipeUsers: true } as const
const STRICT = { ...RECIPE_USERS, isStrict: true } as const

/** THE VERSIONS of the wire, with all that sets them apart in what is served here. */
const VERSIONS: { readonly [name: string]: Omit<WireVersion, 'name'> } = {
  '2.7': OLDEST,
  '2.8': OLDEST,
  '2.9': OLDEST,
  '2.10': OLDEST,
  '2.11': OLDEST,
  '2.12': OLDEST,
  '2.13': OLDEST,
  '2.14': OLDEST,
  '2.15': OLDEST,
  '2.16': OLDEST,
  '2.17': OLDEST,
  '2.18': OLDEST,
  '2.19': OLDEST,
  '2.20': OLDEST,
  '2.21': KEY_SETS,
  '3.0': TENANTS,
  '3.1': TENANTS,
  '4.0': RECIPE_USERS,
  '5.0': STRICT,
  '5.1': STRICT,
  '5.2': STRICT,
  '5.3': STRICT,
  '5.4': STRICT,
  '5.5': { ...STRICT, isOffered: false },
  '5.6': { ...STRICT, isOffered: false, isStateless: true },
}

/** What a request without a version speaks: the newest one that is offered. */
const DEFAULT_VERSION = '5.4'

/** The version that a request names; undefined if it is not served. */
export function findVersion(name: string | undefined): WireVersion | undefined {
  const asked = name ?? DEFAULT_VERSION
  const facts = Object.hasOwn(VERSIONS, asked) ? VERSIONS[asked] : undefined
  return facts && { name: asked, ...facts }
}

/** The versions that `/apiversion` offers, oldest first. */
export const OFFERED_VERSIONS: readonly string[] = Object.entries(VERSIONS)
  .filter(([, { isOffered }]) => isOffered)
  .map(([name]) => name)
