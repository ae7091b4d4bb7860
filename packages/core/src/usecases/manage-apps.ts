import {
  type AppEntry,
  type Outcome,
  ok,
  type ParsedRequestOf,
  type ResponseOf,
  refuse,
  type TenantEntry,
} from '@pawl/protocol'
import type { ChangeOutcome } from '../ports/registry.ts'
import type { AppContext } from './deps.ts'

/** The app that speaks for the installation. */
const ROOT_APP = 'default'

/** Lists the apps of the installation, by name. `not_found` at any but the default app. */
export async function listApps(
  context: AppContext,
  request: ParsedRequestOf<'listApps'>,
): Promise<Outcome<ResponseOf<'listApps'>>> {
  if (context.app !== ROOT_APP) return refuse('not_found')
  const { entries, next } = pageOf(await context.registry.listApps(), request)
  return ok({ apps: entries, next })
}

/** Reads an app. `app_unknown`. */
export async function getApp(
  context: AppContext,
  request: ParsedRequestOf<'getApp'>,
): Promise<Outcome<AppEntry>> {
  if (context.app !== ROOT_APP) return refuse('not_found')
  const apps = await context.registry.listApps()
  const entry = apps.find(({ name }) => name === request.name)
  return entry === undefined ? refuse('app_unknown') : ok(entry)
}

/**
 * Creates an app or replaces its settings. Refuses `invalid_request` with every fault,
 * `already_exists`, `version_conflict`.
 */
export async function putApp(
  context: AppContext,
  request: ParsedRequestOf<'putApp'>,
): Promise<Outcome<AppEntry>> {
  if (context.app !== ROOT_APP) return refuse('not_found')
  const { name, settings, version } = request
  return answerOf(await context.registry.putApp({ name, settings, version }), `the app ${name}`)
}

/** Removes an app, its tenants and its keys; all its sessions end first. */
export async function removeApp(
  context: AppContext,
  request: ParsedRequestOf<'removeApp'>,
): Promise<Outcome<ResponseOf<'removeApp'>>> {
  if (context.app !== ROOT_APP) return refuse('not_found')
  return removalOf(await context.registry.removeApp(request.name), `the app ${request.name}`)
}

/** Lists the tenants of the app, by name. */
export async function listTenants(
  context: AppContext,
  request: ParsedRequestOf<'listTenants'>,
): Promise<Outcome<ResponseOf<'listTenants'>>> {
  const { entries, next } = pageOf(await context.registry.listTenants(context.app), request)
  return ok({ tenants: entries, next })
}

/** Reads a tenant. `tenant_unknown`. */
export async function getTenant(
  context: AppContext,
  request: ParsedRequestOf<'getTenant'>,
): Promise<Outcome<TenantEntry>> {
  const tenants = await context.registry.listTenants(context.app)
  const entry = tenants.find(({ name }) => name === request.name)
  return entry === undefined ? refuse('tenant_unknown') : ok(entry)
}

/** Creates a tenant or replaces its settings; refusals as {@link putApp}. */
export async function putTenant(
  context: AppContext,
  request: ParsedRequestOf<'putTenant'>,
): Promise<Outcome<TenantEntry>> {
  const { name, settings, version } = request
  const change = { name, settings, version }
  return answerOf(await context.registry.putTenant(context.app, change), `the tenant ${name}`)
}

/** Removes a tenant; all its sessions end first. */
export async function removeTenant(
  context: AppContext,
  request: ParsedRequestOf<'removeTenant'>,
): Promise<Outcome<ResponseOf<'removeTenant'>>> {
  const { name } = request
  return removalOf(await context.registry.removeTenant(context.app, name), `the tenant ${name}`)
}

function pageOf<Entry extends { readonly name: string }>(
  all: readonly Entry[],
  page: { readonly after?: string | undefined; readonly limit: number },
): { readonly entries: Entry[]; readonly next: string | null } {
  const { after, limit } = page
  const rest = after === undefined ? all : all.filter(({ name }) => name > after)
  const entries = rest.slice(0, limit)
  return { entries, next: rest.length > limit ? (entries.at(-1)?.name ?? null) : null }
}

function answerOf<Entry>(outcome: ChangeOutcome<Entry>, what: string): Outcome<Entry> {
  switch (outcome.kind) {
    case 'stored':
      return ok(outcome.entry)
    case 'faults':
      return refuse('invalid_request', outcome.faults.join('; '))
    case 'configured':
      return refuse('already_exists', `${what} is part of the configuration`)
    case 'exists':
      return refuse('already_exists')
    case 'version-conflict':
      return refuse('version_conflict')
  }
}

function removalOf(
  outcome: 'removed' | 'unknown' | 'configured',
  what: string,
): Outcome<{ removed: boolean }> {
  if (outcome === 'configured') {
    return refuse('invalid_request', `${what} is part of the configuration`)
  }
  return ok({ removed: outcome === 'removed' })
}
