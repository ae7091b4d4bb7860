/** What both sides call the app and the tenant that need no name. */
const NATIVE_DEFAULT = 'default'
const WIRE_DEFAULT = 'public'
const HANDLE_BYTES = 16
const NATIVE_HANDLE = /^[A-Za-z0-9_-]{22}$/
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const UUID_CHARS = 36
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/

/** The wire's name of an app or tenant. The two defaults change places: nothing collides. */
export function wireNameOf(name: string): string {
  return swapDefaults(name)
}

/** Our name of an app or tenant of the wire, or undefined for one that cannot be. */
export function nativeNameOf(name: string): string | undefined {
  const lower = name.toLowerCase()
  return NAME.test(lower) ? swapDefaults(lower) : undefined
}

function swapDefaults(name: string): string {
  if (name === NATIVE_DEFAULT) return WIRE_DEFAULT
  return name === WIRE_DEFAULT ? NATIVE_DEFAULT : name
}

/** A session as the wire names it: tenants other than the public one are part of its handle. */
export interface SessionName {
  readonly handle: string
  /** Our name of the tenant. */
  readonly tenant: string
}

/** The wire's handle: 128 bits as a UUID, then `_` and the tenant if it is not the public one. */
export function wireHandleOf({ handle, tenant }: SessionName): string {
  const hex = Buffer.from(handle, 'base64url').toString('hex')
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)]
  const uuid = `${groups.join('-')}-${hex.slice(20)}`
  return tenant === NATIVE_DEFAULT ? uuid : `${uuid}_${wireNameOf(tenant)}`
}

/** Reads a handle of the wire, or our own; undefined for anything else. */
export function parseWireHandle(text: string): SessionName | undefined {
  if (NATIVE_HANDLE.test(text)) return { handle: text, tenant: NATIVE_DEFAULT }
  const uuid = text.slice(0, UUID_CHARS)
  if (!UUID.test(uuid)) return undefined
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex')
  if (bytes.length !== HANDLE_BYTES) return undefined
  const handle = bytes.toString('base64url')
  if (text.length === UUID_CHARS) return { handle, tenant: NATIVE_DEFAULT }
  const tenant = text[UUID_CHARS] === '_' ? nativeNameOf(text.slice(UUID_CHARS + 1)) : undefined
  return tenant === undefined ? undefined : { handle, tenant }
}
