import { failureRow } from './failure-row.ts'
import { type MasterSecret, openSecretRing, type SecretRing } from './master-secret.ts'

/** The master secrets: one, several of which the first seals, or where to read them. */
export type SecretSource = string | readonly string[] | (() => readonly string[])

/**
 * The secrets are not read again more often than this, in milliseconds: less than a process takes
 * to start, so that tokens with unknown names cannot hide a secret that one was started with.
 */
const REREAD_COOL_DOWN_MS = 100
const FOREIGN =
  'the master secrets were read again and none of them is known: those in memory are used on; put ' +
  'the former ones back behind the new one'

/**
 * The ring of a core that goes on while its secrets are changed. Where the source can be read
 * again, it is as soon as a secret is asked for that is not known: another process of the same
 * store was started with it. What was known stays known; the first of those read seals from then
 * on. Throws as `openSecretRing` does; a source that cannot be read later is reported.
 */
export function openLivingRing(
  source: SecretSource,
  options: { readonly onTrouble: (error: unknown) => void; readonly elapsedMs: () => number },
): SecretRing {
  if (typeof source !== 'function') return openSecretRing([source].flat())
  const { onTrouble, elapsedMs } = options
  const readSecrets = source
  let ring = openSecretRing(readSecrets())
  let readAtMs = Number.NEGATIVE_INFINITY
  const failures = failureRow(onTrouble)

  function renew(): boolean {
    const nowMs = elapsedMs()
    if (nowMs - readAtMs < REREAD_COOL_DOWN_MS) return false
    readAtMs = nowMs
    try {
      const read = openSecretRing(readSecrets())
      const known = read.all.filter(({ id }) => ring.find(id) !== undefined)
      if (known.length > 0) failures.end()
      if (known.length === read.all.length) return false
      // Secrets of another store, put here by mistake, must not seal what nobody opens tomorrow.
      if (known.length === 0) throw new Error(FOREIGN)
      ring = joined(read, ring)
      return true
    } catch (error) {
      failures.note(error)
      return false
    }
  }

  return {
    get sealing() {
      return ring.sealing
    },
    get all() {
      return ring.all
    },
    find: (id) => ring.find(id) ?? (renew() ? ring.find(id) : undefined),
    renew,
  }
}

/** The secrets of a ring, and behind them those of another that are not in it. */
function joined(ring: SecretRing, former: SecretRing): SecretRing {
  const known = (secret: MasterSecret) => former.find(secret.id) ?? secret
  const gone = former.all.filter(({ id }) => ring.find(id) === undefined)
  const all = [...ring.all.map(known), ...gone]
  const byId = new Map(all.map((secret) => [secret.id, secret]))
  return { ...ring, sealing: known(ring.sealing), all, find: (id) => byId.get(id) }
}
