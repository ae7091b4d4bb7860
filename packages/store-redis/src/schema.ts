import { StoreError } from '@pawl/core'
import type { Server } from './server.ts'

/** The version of the keys' layout that this build reads and writes. */
const LAYOUT_VERSION = 1

/**
 * Marks the database with the layout's version, and looks at what the server promises. Refuses one
 * that would throw sessions away to make room; warns of one that may forget what it acknowledged.
 */
export async function prepareServer(server: Server, warn: (text: string) => void): Promise<void> {
  const key = `${server.prefix}v`
  await server.send('repeatable', ['SET', key, String(LAYOUT_VERSION), 'NX'])
  const version = Number(await server.send('none', ['GET', key]))
  if (version > LAYOUT_VERSION) {
    const builds = `layout ${version}, this build reads up to ${LAYOUT_VERSION}`
    throw new StoreError('schema', `the Redis database is newer than this build: ${builds}`)
  }
  const info = parseInfo(String(await server.send('none', ['INFO'])))
  const [major = 0, minor = 0] = (info.get('redis_version') ?? '').split('.').map(Number)
  if (major < 6 || (major === 6 && minor < 2)) {
    throw new StoreError('schema', `Redis 6.2 or newer is needed; this is ${major}.${minor}`)
  }
  const policy = info.get('maxmemory_policy') ?? 'noeviction'
  if (policy !== 'noeviction' && info.get('maxmemory') !== '0') {
    const risk = `evicts keys when its memory is full (maxmemory-policy ${policy})`
    throw new StoreError('schema', `Redis ${risk}: sessions and revocations. Set noeviction`)
  }
  const fsync = info.get('aof_enabled') === '1' ? await readFsync(server) : 'never'
  if (fsync === 'always') return
  warn(
    `Redis may forget what it acknowledged: appendonly yes and appendfsync always are needed, ` +
      `and appendfsync is ${fsync}`,
  )
}

/** Writes something, so that a replica or a full memory shows. */
export async function pingServer(server: Server): Promise<void> {
  await server.send('repeatable', ['SET', `${server.prefix}p`, '1'])
}

/** Services that are run for others often forbid CONFIG. */
async function readFsync(server: Server): Promise<string> {
  try {
    const reply = (await server.send('none', ['CONFIG', 'GET', 'appendfsync'])) as readonly string[]
    return reply[1] ?? 'unknown'
  } catch {
    return 'unknown'
  }
}

function parseInfo(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\r\n').filter((line) => line.includes(':'))
  return new Map(lines.map((line) => line.split(':', 2) as [string, string]))
}
