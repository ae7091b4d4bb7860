import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sqliteStore } from '@pawl/store-sqlite'
import type { Figure } from '../figure.ts'
import { bareUpdates, fillRows } from '../sqlite-rows.ts'
import { growthLines } from './growth.ts'
import { httpLines } from './http-lines.ts'
import { httpLoad } from './http-load.ts'

const ROWS = Number(process.env.PAWL_BENCH_ROWS ?? 1_000_000)
const LIVE = Math.min(20_000, ROWS / 50)
const ROUND_MS = 1_000

/** A core over HTTP on SQLite, beside the bare statement. */
export const sqliteHttp: Figure = {
  name: 'stores-sqlite-http',
  title: `refresh over HTTP, SQLite FULL, ${ROWS} rows, one core, ES256`,
  isOnlyByName: true,
  async measure() {
    const dir = mkdtempSync(path.join(tmpdir(), 'pawl-bench-'))
    const file = path.join(dir, 'pawl.db')
    const store = sqliteStore({ path: file })
    await store.migrate()
    const load = await httpLoad(`sqlite:${file}`, { store }, { rows: 1, live: LIVE })
    fillRows(file, ROWS)
    const database = new DatabaseSync(file)
    try {
      const bare = bareUpdates(database, 64)
      return await httpLines(load, {
        what: 'bare node:sqlite, 64 conditional updates a transaction',
        run: async () => bare(ROUND_MS),
      })
    } finally {
      database.close()
      await load.close()
      await store.close()
      rmSync(dir, { recursive: true, force: true })
    }
  },
}

/** What the store costs more on a large database. */
export const growthSqlite: Figure = {
  name: 'stores-sqlite-growth',
  title: 'SQLite store: cost at 10^6 rows ÷ cost at 10^4, one call at a time',
  isOnlyByName: true,
  async measure() {
    const dir = mkdtempSync(path.join(tmpdir(), 'pawl-bench-'))
    let files = 0
    try {
      return await growthLines(() => {
        files += 1
        return { store: sqliteStore({ path: path.join(dir, `${files}.db`) }) }
      })
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  },
}
