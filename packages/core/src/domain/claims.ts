import { LIMITS } from '@pawl/protocol'
import type { JsonObject } from './ids.ts'

/**
 * How much shorter than its limit a token has to be where its claims are accepted, in characters.
 * It may grow without them (a signature by RS256 is 256 longer than one by ES256; an issuer, an
 * audience or a key's name may get longer), and a session whose tokens have outgrown their limit
 * could not be refreshed any more.
 */
export const TOKEN_SPARE_CHARS = 512

/** Names that would reach an object's prototype. */
const PROTOTYPE_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * What is wrong with an application's claims, or null if they may go into a token whose own claims
 * are `reserved`.
 */
export function faultOfClaims(claims: JsonObject, reserved: ReadonlySet<string>): string | null {
  for (const name of Object.keys(claims)) {
    if (reserved.has(name)) return `the claim ${name} is reserved`
    if (PROTOTYPE_NAMES.has(name)) return `the claim name ${name} is not allowed`
  }
  const length = JSON.stringify(claims).length
  return length > LIMITS.claimsChars
    ? `the claims are ${length} characters long; at most ${LIMITS.claimsChars} are allowed`
    : null
}

/** What is wrong with a session's server-side data or device facts, or null. */
export function faultOfData(data: JsonObject): string | null {
  if (Object.hasOwn(data, '__proto__')) return 'the name __proto__ is not allowed in data'
  const length = JSON.stringify(data).length
  return length > LIMITS.dataChars
    ? `the data is ${length} characters long; at most ${LIMITS.dataChars} are allowed`
    : null
}
