import * as v from 'valibot'
import { fields } from './fields.ts'

/** Bounds of apps and tenants on the wire. */
export const APP_LIMITS = {
  /** Most entries of one page. */
  pageEntries: 500,
  /** A change made at one core is known to every other core after this long, in ms. */
  knownWithinMs: 5_000,
} as const

/** Named sets of lifetimes: what NIST SP 800-63B-4 allows at an assurance level. */
export const ASSURANCE_LEVELS = ['aal1', 'aal2', 'aal3'] as const

/** An authenticator assurance level of NIST SP 800-63B-4. */
export type AssuranceLevel = (typeof ASSURANCE_LEVELS)[number]

const sessionLimit = v.strictObject({
  max: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000)),
  policy: v.picklist(['refuse', 'end-oldest']),
})

/** What a tenant may have of its own; what is left out is its app's. */
const tenantSettings = v.strictObject({
  accessTtlSeconds: v.optional(fields.seconds),
  accessKind: v.optional(v.picklist(['jwt', 'opaque'])),
  idleTimeoutSeconds: v.optional(fields.seconds),
  absoluteTimeoutSeconds: v.optional(fields.seconds),
  assurance: v.optional(v.nullable(v.picklist(ASSURANCE_LEVELS))),
  sessionLimit: v.optional(v.nullable(sessionLimit)),
})

/** What an app may have of its own; what is left out is the default app's. */
const appSettings = v.strictObject({
  ...tenantSettings.entries,
  issuer: v.optional(fields.party),
  audience: v.optional(fields.party),
  confirm: v.optional(v.picklist(['on-use', 'on-refresh'])),
  raceWindowMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1_200_000))),
  accessJitterShare: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(0.25))),
})

/** What is read may have been written by a newer core: members unknown here say nothing. */
const storedLimit = v.object(sessionLimit.entries)
const storedEntries = { sessionLimit: v.optional(v.nullable(storedLimit)) } as const
const storedTenantSettings = v.object({ ...tenantSettings.entries, ...storedEntries })
const storedAppSettings = v.object({ ...appSettings.entries, ...storedEntries })

/**
 * Reads an app's own settings from what is stored of it. Members that this build does not know are
 * left out; undefined if one that it knows cannot be read.
 */
export function readAppSettings(value: unknown): AppSettingsInput | undefined {
  const parsed = v.safeParse(storedAppSettings, value)
  return parsed.success ? parsed.output : undefined
}

/** The same for a tenant's. */
export function readTenantSettings(value: unknown): TenantSettingsInput | undefined {
  const parsed = v.safeParse(storedTenantSettings, value)
  return parsed.success ? parsed.output : undefined
}

/** Lifetimes and limits as they are in force, inherited ones included. */
const inForce = v.object({
  accessTtlSeconds: v.number(),
  accessKind: v.picklist(['jwt', 'opaque']),
  idleTimeoutSeconds: v.number(),
  absoluteTimeoutSeconds: v.number(),
  assurance: v.nullable(v.picklist(ASSURANCE_LEVELS)),
  sessionLimit: v.nullable(sessionLimit),
})

const entryFields = {
  name: v.string(),
  /** Where it is kept: in the core's configuration (read-only here) or in the store. */
  origin: v.picklist(['configuration', 'store']),
  inForce,
  /** Null for one of the configuration. */
  createdAtMs: v.nullable(v.number()),
  /** Goes up at each change; null for one of the configuration. */
  version: v.nullable(v.number()),
  /**
   * What is wrong with it, one sentence each; most are without. Settings that became illegal by
   * what they inherit are in force as the nearest legal ones. One whose record this core cannot
   * read answers `unavailable` to everything.
   */
  faults: v.optional(v.array(v.string()), []),
} as const

const tenantEntry = v.object({ ...entryFields, settings: storedTenantSettings })
const appEntry = v.object({ ...entryFields, settings: storedAppSettings })

const byName = v.strictObject({ name: fields.appName })
const page = v.strictObject({
  after: v.optional(fields.appName),
  limit: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(APP_LIMITS.pageEntries)),
    100,
  ),
})
/** `version`: change only the entry of this version; 0: create only. */
const version = v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)))

/** Requests and responses about apps and tenants, by operation. */
export const appShapes = {
  listApps: {
    request: page,
    response: v.object({ apps: v.array(appEntry), next: v.nullable(v.string()) }),
  },
  getApp: { request: byName, response: appEntry },
  putApp: {
    request: v.strictObject({
      name: fields.appName,
      settings: v.optional(appSettings, {}),
      version,
    }),
    response: appEntry,
  },
  removeApp: { request: byName, response: v.object({ removed: v.boolean() }) },
  listTenants: {
    request: page,
    response: v.object({ tenants: v.array(tenantEntry), next: v.nullable(v.string()) }),
  },
  getTenant: { request: byName, response: tenantEntry },
  putTenant: {
    request: v.strictObject({
      name: fields.appName,
      settings: v.optional(tenantSettings, {}),
      version,
    }),
    response: tenantEntry,
  },
  removeTenant: { request: byName, response: v.object({ removed: v.boolean() }) },
} as const

/** An app's own settings on the wire. */
export type AppSettingsInput = v.InferOutput<typeof appSettings>
/** A tenant's own settings on the wire. */
export type TenantSettingsInput = v.InferOutput<typeof tenantSettings>
/** An app as operators see it. */
export type AppEntry = v.InferOutput<typeof appEntry>
/** A tenant as operators see it. */
export type TenantEntry = v.InferOutput<typeof tenantEntry>
