import type { AppId } from '@pawl/core'
import { type Dialect, type DialectCore, type DialectParts, dialectCore } from './dialects.ts'
import { openFormerSecret, sealFormerSecret } from './former-secrets.ts'
import { type OpenedByWire, openForWire } from './open-for-wire.ts'
import { type PlainJwt, signPlainJwt } from './plain-jwt.ts'

/** What an embedded core has for the edges of a service, most of it for other wires. */
export interface WireSide {
  /** The core of an app as another wire speaks with it; undefined if there is none. */
  readonly dialect: (name: string, dialect: Dialect) => DialectCore | undefined
  /** What a wire may know of a refresh token; undefined for any other text. Asks no store. */
  readonly openForWire: (refreshToken: string) => OpenedByWire | undefined
  /** Signs a JWT that is no access token. */
  readonly signPlainJwt: (name: string, jwt: PlainJwt) => Promise<string>
  /** When the next signing key of an app will be made, in seconds; null if none ever is. */
  readonly nextKeySeconds: (name: string) => Promise<number | null>
  /** Seals a secret of a former core for the store; `context` has to be given again to open it. */
  readonly sealSecret: (secret: string, context: string) => string
  /** Opens what `sealSecret` made; undefined for anything else. */
  readonly openSecret: (sealed: string, context: string) => string | undefined
  /** Whether an app has a tenant, as this core knows it now. */
  readonly hasTenant: (name: string, tenant: string) => boolean
  /**
   * A refresh of an app (the default one where none is named) that waited longer is to be dropped
   * undecided, in milliseconds.
   */
  readonly refreshWaitMaxMs: (name?: string) => number
  /** Our names of an app's tenants, as this core knows them now; `default` is the first. */
  readonly tenantsOf: (name: string) => readonly string[]
}

const DEFAULT_APP = 'default'
const DEFAULT_TENANT = 'default'

/** The side of a core that other wires use. */
export function wireSide(parts: DialectParts): WireSide {
  const { directory, secrets, keys } = parts
  return {
    dialect: (name, dialect) => dialectCore(parts, name as AppId, dialect),
    openForWire: (token) => openForWire(secrets, token),
    signPlainJwt: (name, jwt) => signPlainJwt(keys, name as AppId, jwt),
    nextKeySeconds: (name) => keys.nextKeySeconds(name as AppId),
    sealSecret: (secret, context) => sealFormerSecret(secrets, secret, context),
    openSecret: (sealed, context) => openFormerSecret(secrets, sealed, context),
    hasTenant(name, tenant) {
      const known = directory.apps().get(name)
      return known !== undefined && (tenant === DEFAULT_TENANT || known.tenants.has(tenant))
    },
    refreshWaitMaxMs(name = DEFAULT_APP) {
      const raceWindowMs = directory.settingsOf(name as AppId)?.rotation.raceWindowMs ?? 0
      return raceWindowMs > 0 ? raceWindowMs / 2 : Number.POSITIVE_INFINITY
    },
    tenantsOf(name) {
      const known = directory.apps().get(name)
      return known === undefined ? [] : [DEFAULT_TENANT, ...known.tenants.keys()]
    },
  }
}
