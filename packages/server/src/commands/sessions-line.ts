import type { CommandLine } from './command-line.ts'

/** RFC 3339 section 5.6; the offset is part of it: nobody knows whose local time was meant. */
const TIME = /^(\d{4})-(\d{2})-(\d{2})[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/

/**
 * What is wrong with the options of `pawl sessions …`, or null: options that contradict each other
 * or would be passed over in silence, a time that is none, and the end of a whole tenant that was
 * not said twice.
 */
export function faultOfSessionsLine({ positionals, options }: CommandLine): string | null {
  const [verb, handle] = positionals
  const { user, tenant, before, yes } = options
  const given = (...names: readonly string[]) => names.find((name) => options[name] !== undefined)
  if (verb === 'list') {
    const stray = given('before', 'yes')
    return stray === undefined ? null : `--${stray} is for pawl sessions revoke`
  }
  if (handle !== undefined) {
    const stray = given('user', 'before', 'yes')
    return stray === undefined ? null : `a handle names one session: say it without --${stray}`
  }
  const fault = before === undefined ? null : faultOfTime(String(before))
  if (fault !== null || user !== undefined || yes === true) return fault
  const which = before === undefined ? '' : ` created up to ${before}`
  return `this ends every session of the tenant ${tenant}${which}: say it with --yes`
}

/** The milliseconds since the epoch of an RFC 3339 time. */
export function timeOf(text: string): number {
  return Date.parse(text.toUpperCase().replace(' ', 'T'))
}

function faultOfTime(text: string): string | null {
  const [, year, month, day] = TIME.exec(text)?.map(Number) ?? []
  const timeMs = timeOf(text)
  // The 30th of February would be taken for a day of March.
  const hasDay = new Date(Date.UTC(year ?? 0, month ?? 0, 0)).getUTCDate() >= (day ?? 0)
  if (year === undefined || Number.isNaN(timeMs) || !hasDay) {
    return '--before: a time of RFC 3339 with its offset, such as 2026-01-31T18:00:00Z'
  }
  return timeMs > Date.now() ? '--before: that time is still to come' : null
}
