import { existsSync } from 'node:fs'
import path from 'node:path'
import type { EpochMs, Store } from '@pawl/core'
import { loadConfig } from '../config/load-config.ts'
import { describeStore, faultOfStore, openStore, sqliteFileOf } from '../config/open-store.ts'
import type { MoveEnds, MoveProgress } from '../move/copy-content.ts'
import { moveStore } from '../move/move-store.ts'
import { showProgress } from '../move/progress.ts'
import { parseCommandLine } from './command-line.ts'
import { complain, FAILURE_EXIT, print } from './output.ts'
import { commandAuditor, type StoreCommand } from './with-store.ts'

/** Exit code of a move that copied everything from a store that changed meanwhile. */
const BEHIND_EXIT = 3

/**
 * `pawl move --from <store> --to <store>`: everything that one store holds, into an empty one.
 * `PAWL_MOVE_FROM` and `PAWL_MOVE_TO` stand for them where a URL holds a password. Exit code 0 only
 * if both hold the same at the end; 3 if the source was in use meanwhile; 1 if it was refused or
 * failed; 2 for the command line.
 */
export async function moveCommand(args: readonly string[]): Promise<number> {
  const line = parseCommandLine(args, { from: 'text', to: 'text' })
  const from = String(line.options.from ?? process.env.PAWL_MOVE_FROM ?? '')
  const to = String(line.options.to ?? process.env.PAWL_MOVE_TO ?? '')
  const file = line.config.config ?? process.env.PAWL_CONFIG
  const loaded = loadConfig({ file, env: process.env, flags: line.config })
  const faults = [...line.faults, ...(loaded.kind === 'faults' ? loaded.faults : [])]
  for (const [flag, store] of Object.entries({ '--from': from, '--to': to })) {
    const fault = store === '' ? 'is missing' : faultOfStore(store)?.replace('store: ', '')
    if (fault !== undefined) faults.push(`${flag} ${fault}`)
  }
  if (line.positionals.length > 0) faults.push('say pawl move --from <store> --to <store>')
  if (faults.length > 0 || loaded.kind === 'faults') return complain(faults)
  const { dataDir, logLevel } = loaded.config
  return openAndMove({ from, to, dataDir, audit: commandAuditor(logLevel, 'move') })
}

interface Places {
  readonly from: string
  readonly to: string
  readonly dataDir: string
  readonly audit: StoreCommand['audit']
}

async function openAndMove({ from, to, dataDir, audit }: Places): Promise<number> {
  const stores: Store[] = []
  try {
    if (!isThere(from, dataDir)) throw new Error(`there is no store at ${from}`)
    if (!isThere(to, dataDir)) {
      throw new Error(`there is no store at ${to}: make it with pawl migrate --store ${to}`)
    }
    for (const store of [from, to]) stores.push(await openStore({ store, dataDir }))
    const [source, target] = stores as [Store, Store]
    const names = { from: nameOf(from, dataDir), to: nameOf(to, dataDir) }
    return await runMove({ source, target }, names, audit)
  } catch (error) {
    const hasSentence = error instanceof Error && error.message !== ''
    return complain([hasSentence ? error.message : String(error)], FAILURE_EXIT)
  } finally {
    for (const store of stores) await store.close()
  }
}

/** A SQLite file that is not there would be made, empty, by looking into it. */
function isThere(store: string, dataDir: string): boolean {
  const file = sqliteFileOf({ store, dataDir })
  return file === undefined || existsSync(file)
}

/** What a store is called: its URL without the password, or its file. */
function nameOf(store: string, dataDir: string): string {
  const file = sqliteFileOf({ store, dataDir })
  return file === undefined ? describeStore(store) : `sqlite:${path.resolve(file)}`
}

async function runMove(
  ends: MoveEnds,
  names: { readonly from: string; readonly to: string },
  audit: StoreCommand['audit'],
): Promise<number> {
  const progress = showProgress(process.stderr)
  const nowMs = () => Date.now() as EpochMs
  let begun: Promise<void> | undefined
  // The first news: the stores were found fit, and the target is written to from now on.
  const onProgress: MoveProgress = (...news) => {
    begun ??= audit({ what: 'move-begun', ...names })
    progress.onProgress(...news)
  }
  const outcome = await moveStore({ ...ends, from: names.from, nowMs, onProgress }).finally(
    async () => {
      progress.end()
      await begun
    },
  )
  if (outcome.kind === 'refused') return complain([outcome.sentence], FAILURE_EXIT)
  const { sessions, targetSessions, checksum, heaps } = outcome.comparison
  if (outcome.kind === 'complete') {
    await audit({ what: 'move-finished', ...names, count: sessions })
    return print(
      `Moved and verified: ${sessions} live sessions in both stores, checksum ${checksum}.\n` +
        'Cores may start on the new store now, and none on the old one.\n',
    )
  }
  return complain(
    [
      `everything was copied, but the store of --from changed meanwhile: it holds ${sessions} live ` +
        `sessions, the other ${targetSessions}, and about ${heaps.size} differ`,
      'stop its cores (nobody is logged out by that) and run the same command once more',
    ],
    BEHIND_EXIT,
  )
}
