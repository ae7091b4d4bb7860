import { LIMITS, type Outcome, ok, type ResponseOf, type SessionInfo } from '@pawl/protocol'
import { complain, FAILURE_EXIT } from './output.ts'
import { faultOfSessionsLine, timeOf } from './sessions-line.ts'
import { shownJson } from './shown-json.ts'
import { type CoreCommand, show, shownTime, withCore } from './with-core.ts'

const SESSIONS_SHAPE = {
  family: 'sessions',
  forms: [
    'list --user <id>',
    'revoke <handle>',
    'revoke --user <id> [--before <time>]',
    'revoke --tenant <name> [--before <time>]',
  ],
  own: { user: 'text', tenant: 'text', before: 'text', yes: 'flag' },
  faultOf: faultOfSessionsLine,
} as const
const USER_SHAPE = {
  family: 'user',
  forms: ['sessions <id> [--revoke]'],
  own: { tenant: 'text', revoke: 'flag' },
} as const
/** The most pages that one command reads. */
const PAGES_MAX = 20

/**
 * `pawl sessions list --user <id>`: live sessions, by `--app` and `--tenant`. `pawl sessions
 * revoke`: the end of one, of a user's, or of a tenant's (`--yes`), all or those created up to
 * `--before`.
 */
export async function sessionsCommand(args: readonly string[]): Promise<number> {
  return withCore(args, SESSIONS_SHAPE, async (command) => {
    const [verb, handle] = command.words
    const { user } = command.options
    if (verb === 'list') return list(command, String(user))
    if (handle !== undefined) return revoke(command, handle)
    if (!(await knowsTenant(command))) return complainOfTenant(command)
    return user === undefined ? revokeTenant(command) : revokeUser(command, String(user))
  })
}

/** `pawl user sessions <id> [--revoke]`: a user's live sessions, or the end of all of them. */
export async function userCommand(args: readonly string[]): Promise<number> {
  return withCore(args, USER_SHAPE, async (command) => {
    const [, userId = ''] = command.words
    if (command.options.revoke !== true) return list(command, userId)
    if (!(await knowsTenant(command))) return complainOfTenant(command)
    return revokeUser(command, userId)
  })
}

async function list(command: CoreCommand, userId: string): Promise<number> {
  // "No live session" of a tenant that was mistyped would be taken for an all-clear.
  if (!(await knowsTenant(command))) return complainOfTenant(command)
  return show(command, await readAll(command, userId), ({ sessions, next }) => {
    if (sessions.length === 0) return 'There is no live session.\n'
    const more = next === null ? '' : '… and more\n'
    return sessions.map(line).join('') + more
  })
}

async function readAll(
  { core, ...command }: CoreCommand,
  userId: string,
): Promise<Outcome<ResponseOf<'listSessions'>>> {
  const sessions: SessionInfo[] = []
  const tenant = tenantOf(command)
  let next: string | null = null
  for (let page = 0; page < PAGES_MAX; page++) {
    const after: { after?: string } = next === null ? {} : { after: next }
    const limit = LIMITS.pageSessions
    const outcome: Outcome<ResponseOf<'listSessions'>> = await core.listSessions({
      ...{ userId, tenant, limit },
      ...after,
    })
    if (outcome.kind === 'refused') return outcome
    sessions.push(...outcome.value.sessions)
    next = outcome.value.next
    if (next === null) break
  }
  return ok({ sessions, next })
}

async function revoke(command: CoreCommand, handle: string): Promise<number> {
  const tenant = tenantOf(command)
  const outcome = await command.core.revokeSession({ handle, tenant })
  if (outcome.kind === 'refused') return show(command, outcome, String)
  if (!outcome.value.revoked) {
    return complain([`tenant ${tenant} has no live session ${handle}`], FAILURE_EXIT)
  }
  // The core has a line `session` for it; a command has no other line than this one.
  const app = String(command.options.app ?? 'default')
  await command.audit({ what: 'sessions-revoked', app, tenant, handle, count: 1 })
  return show(command, ok({ handles: [handle] }), () => `The session ${handle} has ended.\n`)
}

async function revokeUser(command: CoreCommand, userId: string): Promise<number> {
  const tenant = tenantOf(command)
  const { before } = command.options
  if (before === undefined) {
    const outcome = await command.core.revokeSessions({ userId, tenant })
    return show(command, outcome, ({ handles }) => `${sessionsOf(handles)} ended.\n`)
  }
  const createdBeforeMs = timeOf(String(before))
  // A cut-off names nobody: who it will end is looked up before.
  const found = await readAll(command, userId)
  if (found.kind === 'refused') return show(command, found, String)
  const { sessions, next } = found.value
  const doomed = sessions.filter(({ createdAtMs }) => createdAtMs <= createdBeforeMs)
  const outcome = await command.core.revokeSessions({ userId, tenant, createdBeforeMs })
  if (outcome.kind === 'refused') return show(command, outcome, String)
  const handles = doomed.map(({ handle }) => handle)
  const count = `${next === null ? '' : 'at least '}${sessionsOf(handles)}`
  return show(
    command,
    ok({ handles }),
    () =>
      `${count} ended: all of the user that were created up to ${shownTime(createdBeforeMs)}.\n`,
  )
}

async function revokeTenant(command: CoreCommand): Promise<number> {
  const { before } = command.options
  const tenant = tenantOf(command)
  const scope =
    before === undefined ? { tenant } : { tenant, createdBeforeMs: timeOf(String(before)) }
  const outcome = await command.core.revokeSessions(scope)
  if (outcome.kind === 'refused') return show(command, outcome, String)
  const which =
    scope.createdBeforeMs === undefined
      ? ''
      : ` that was created up to ${shownTime(scope.createdBeforeMs)}`
  return show(
    command,
    ok(scope),
    () => `Every session of the tenant ${tenant}${which} has ended.\n`,
  )
}

function sessionsOf(handles: readonly string[]): string {
  return `${handles.length} ${handles.length === 1 ? 'session' : 'sessions'}`
}

async function knowsTenant(command: CoreCommand): Promise<boolean> {
  const name = tenantOf(command)
  if (name === 'default') return true
  const outcome = await command.core.getTenant({ name })
  return outcome.kind === 'ok' || outcome.code !== 'tenant_unknown'
}

function complainOfTenant(command: CoreCommand): number {
  return complain([`there is no tenant ${tenantOf(command)}: see pawl tenant list`], FAILURE_EXIT)
}

function tenantOf({ options }: Pick<CoreCommand, 'options'>): string {
  return options.tenant === undefined ? 'default' : String(options.tenant)
}

function line(session: SessionInfo): string {
  const { handle, createdAtMs, idleExpiresAtMs, absoluteExpiresAtMs, device } = session
  const parts = [
    handle,
    `since ${shownTime(createdAtMs)}`,
    `idle at ${shownTime(idleExpiresAtMs)}`,
    `ends ${shownTime(absoluteExpiresAtMs)}`,
    shownJson(device),
  ]
  return `${parts.join('  ')}\n`
}
