#!/usr/bin/env node
import { mkdirSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { availableParallelism } from 'node:os'
import path from 'node:path'

const [command] = process.argv.slice(2)
if (command === 'serve') {
  // The pool signs, and needs no more threads than there are processors: a thread that has to be
  // woken for one signature costs nearly what the signature does. Read when the pool starts.
  process.env.UV_THREADPOOL_SIZE ??= String(availableParallelism())
  // The data directory is this user's own: nobody else can plant code in the cache there.
  const dataDir = process.env.PAWL_DATA_DIR ?? '.pawl'
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    enableCompileCache(path.join(dataDir, 'compile-cache'))
  } catch {
    // Without a cache it starts a little slower; what the directory lacks is reported later.
  }
}
const { runCommand } = await import('./commands.ts')
process.exitCode = await runCommand(process.argv.slice(2))
