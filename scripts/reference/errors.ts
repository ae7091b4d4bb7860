import { ERRORS, type ErrorCode, type Remedy } from '@pawl/protocol'
import { code, table } from './markdown.ts'

const remedies: Readonly<Record<Remedy, string>> = {
  refresh: 'present the refresh token',
  'sign-in': 'the session is gone: sign in',
  reauthenticate: 'the session goes on: log in again for this call',
  retry: 'nothing was decided: the same call again, later',
  fix: 'the call itself is wrong',
}

/** The refusals of core and drivers, from the error table. */
export function errorsReference(): string {
  const rows = (Object.keys(ERRORS) as ErrorCode[]).map((name) => {
    const { status, title, remedy } = ERRORS[name]
    return [code(name), String(status), title, remedies[remedy]]
  })
  return `Refusals of the core and of the drivers are \`application/problem+json\` (RFC 9457).
The member \`code\` is stable and is what programs look at; \`detail\` is for humans.

${table(['Code', 'Status', 'Meaning', 'What to do'], rows)}
`
}
