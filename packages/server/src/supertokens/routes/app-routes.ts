import { type AppEntry, type CoreApi, refuse } from '@pawl/protocol'
import { nativeNameOf, wireNameOf } from '../names.ts'
import { tenantBody } from '../tenant-body.ts'
import { defineRoute, type WireCall } from '../wire-call.ts'
import { json, refusal, text, type WireAnswer } from '../wire-reply.ts'

const PAGE_APPS = 500
const DEFAULT_APP = 'default'
const NAMES = 'appId must be 1 to 64 of a-z, 0-9 and -, beginning and ending with a letter or digit'

/** `PUT /recipe/multitenancy/app` and `…/app/v2`: creates an app, or replaces its settings. */
export const putApp = defineRoute({
  scope: 'root',
  fields: { appId: 'string?', coreConfig: 'object?' },
  async run({ fields, context, native }) {
    const { appId = wireNameOf(DEFAULT_APP), coreConfig = {} } = fields
    const name = nativeNameOf(appId)
    if (name === undefined) return text(400, NAMES)
    const faults = context.book.faultsOf(coreConfig)
    if (faults.length > 0) return text(400, `Invalid core config: ${faults.join('; ')}`)
    let createdNew = false
    if (name !== DEFAULT_APP) {
      const put = await native.putApp({ name, settings: {}, version: 0 })
      const isThere =
        put.kind === 'refused' && (put.code === 'already_exists' || put.code === 'version_conflict')
      if (put.kind === 'refused' && !isThere) return refusal(put)
      createdNew = put.kind === 'ok'
    } else if (Object.keys(coreConfig).length === 0) {
      return json({ status: 'OK', createdNew })
    }
    // What a former app of this name left behind is none of the new one's.
    if (createdNew) await context.book.remove(name)
    const isStored = await context.book.put(name, coreConfig)
    if (!isStored) return refusal(refuse('unavailable', 'the settings keep changing'))
    return json({ status: 'OK', createdNew })
  },
})

/** `GET /recipe/multitenancy/app/list` and `…/app/list/v2`. */
export const listOldApps = defineRoute({
  scope: 'root',
  fields: {},
  run: (call) => listAll(call, 'old'),
})

/** `GET /recipe/multitenancy/app/list/v2`. */
export const listApps = defineRoute({
  scope: 'root',
  fields: {},
  run: (call) => listAll(call, 'v2'),
})

/** `POST /recipe/multitenancy/app/remove`: its sessions end first. */
export const removeApp = defineRoute({
  scope: 'root',
  fields: { appId: 'string' },
  async run({ fields, context, native }) {
    const name = nativeNameOf(fields.appId)
    if (name === DEFAULT_APP) return text(403, 'Cannot delete the public app')
    if (name === undefined) return json({ status: 'OK', didExist: false })
    const outcome = await native.removeApp({ name })
    if (outcome.kind === 'refused') return refusal(outcome)
    await context.book.remove(name)
    return json({ status: 'OK', didExist: outcome.value.removed })
  },
})

async function listAll(
  call: Pick<WireCall, 'native' | 'context'>,
  style: 'old' | 'v2',
): Promise<WireAnswer> {
  const apps: object[] = []
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<CoreApi['listApps']>> = await call.native.listApps({
      limit: PAGE_APPS,
      ...(after === null ? {} : { after }),
    })
    if (page.kind === 'refused') return refusal(page)
    for (const entry of page.value.apps) apps.push(await appBody(call, entry, style))
    after = page.value.next
  } while (after !== null)
  return json({ status: 'OK', apps })
}

async function appBody(
  { context }: Pick<WireCall, 'context'>,
  { name }: AppEntry,
  style: 'old' | 'v2',
): Promise<object> {
  const { coreConfig } = await context.book.load(name)
  const tenants = context.core.tenantsOf(name).map((tenant) => ({
    ...tenantBody(tenant, style),
    coreConfig,
  }))
  return { appId: wireNameOf(name), tenants }
}
