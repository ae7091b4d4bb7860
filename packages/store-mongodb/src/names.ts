import type { SessionHandle, SessionKey } from '@pawl/core'
import { exactText } from '@pawl/store-kit'

/** Names, one after the other, none of which can run into the next. */
export function placeOf(...names: readonly string[]): string {
  return names.map(encode).join(':')
}

/** `app:tenant:handle` of a key. */
export function keyText({ app, tenant, handle }: SessionKey): string {
  return placeOf(app, tenant, handle)
}

/** `app:tenant:user` of a user, `app:tenant` of a tenant. */
export function scopeText(scope: { app: string; tenant: string; userId: string | null }): string {
  const { app, tenant, userId } = scope
  return userId === null ? placeOf(app, tenant) : placeOf(app, tenant, userId)
}

/** A handle out of the `_id` of a session. */
export function handleIn(id: string): SessionHandle {
  return decode(id.slice(id.lastIndexOf(':') + 1)) as SessionHandle
}

function encode(name: string): string {
  return exactText(name).replace(/[%:]/g, (mark) => (mark === ':' ? '%3A' : '%25'))
}

/** The name that {@link placeOf} wrote. */
export function decode(name: string): string {
  return name.includes('%') ? name.replaceAll('%3A', ':').replaceAll('%25', '%') : name
}

/** The names in a place. */
export function namesIn(place: string): readonly string[] {
  return place.split(':').map(decode)
}
