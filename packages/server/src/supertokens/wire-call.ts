import type { DialectCore, EmbeddedCore } from '@pawl/embedded'
import type { CoreApi } from '@pawl/protocol'
import type { AbuseLimits } from '../http/abuse-limits.ts'
import type { FormerBook } from './former/former-book.ts'
import type { TokenVersion } from './token-shapes.ts'
import type { FieldsOf, FieldTable } from './wire-fields.ts'
import type { WireAnswer } from './wire-reply.ts'
import type { WireSettings, WireSettingsBook } from './wire-settings.ts'
import type { WireVersion } from './wire-versions.ts'

/** Which form the tokens of a call have. */
export interface Form {
  readonly version: TokenVersion
  readonly isStaticKey: boolean
  readonly hasCompanion: boolean
}

/** What the routes work with. */
export interface WireContext {
  readonly core: EmbeddedCore
  readonly limits: AbuseLimits
  readonly book: WireSettingsBook
  readonly former: FormerBook
}

/** A request whose app, tenant, key and version are known, and whose fields were read. */
export interface WireCall<T extends FieldTable = FieldTable> {
  readonly context: WireContext
  /** Our name of the app. */
  readonly app: string
  /** Our name of the tenant. */
  readonly tenant: string
  readonly version: WireVersion
  readonly settings: WireSettings
  /** Whether the request says which version it speaks, as calls of drivers do. */
  readonly isDriver: boolean
  readonly fields: FieldsOf<T>
  /** The app's native core. */
  readonly native: CoreApi
  /** The app's core with tokens of a form. */
  readonly speaking: (form: Form) => DialectCore
}

/** A route: its fields, and what it does. */
export interface WireRoute {
  readonly fields: FieldTable
  /** `tenant`: below any tenant; `app`: an app's; `root`: the installation's. */
  readonly scope: 'tenant' | 'app' | 'root'
  /** Whether it asks for no API key. */
  readonly isOpen?: boolean
  /** Whether versions that only create sessions have it. */
  readonly isOld?: boolean
  readonly run: (call: WireCall) => Promise<WireAnswer>
}

/** Declares a route; what it does sees its fields by their types. */
export function defineRoute<const T extends FieldTable>(
  route: Omit<WireRoute, 'fields' | 'run'> & {
    readonly fields: T
    readonly run: (call: WireCall<T>) => Promise<WireAnswer>
  },
): WireRoute {
  return route as unknown as WireRoute
}
