import type { RecordStore } from '@pawl/core'

/**
 * The longest idle timeout, in seconds, that the stored settings of these apps and of their tenants
 * give a session; 0 if none says any. A session may have been created with a longer one of its own.
 */
export async function longestIdleSeconds(
  store: RecordStore,
  apps: readonly string[],
): Promise<number> {
  const found = [0]
  for (const app of apps) {
    const own = await store.findRecord({ kind: 'app', app: '*', id: app })
    const tenants = await store.listRecords('tenant', app)
    for (const record of own === undefined ? tenants : [own, ...tenants]) {
      found.push(idleOf(record.value))
    }
  }
  return Math.max(...found)
}

/** What the record of an app or tenant says of it; 0 for nothing. */
function idleOf(value: string): number {
  const { settings } = JSON.parse(value) as { settings?: { idleTimeoutSeconds?: number } }
  return settings?.idleTimeoutSeconds ?? 0
}
