import { DatabaseSync } from 'node:sqlite'

/** A text, and which version of it that is. */
export interface Version {
  readonly number: number
  readonly text: string
}

/** All that this store wants of an engine: one value, and compare-and-swap on its version. */
export interface Place {
  /** The newest version, as every acknowledged swap of every process left it. */
  read(): Promise<Version>
  /** Puts the text in the place of that version; false if it is not the newest any more. */
  swap(number: number, text: string): Promise<boolean>
  close(): Promise<void>
}

/** One row of a SQLite file, which stands for whatever you have: an object with an ETag, a key. */
export function sqlitePlace(file: string, firstText: string): Place {
  const db = new DatabaseSync(file, { timeout: 5000 })
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  db.exec('CREATE TABLE IF NOT EXISTS place (id INTEGER PRIMARY KEY, number INTEGER, text TEXT)')
  db.prepare('INSERT OR IGNORE INTO place VALUES (1, 0, ?)').run(firstText)
  const select = db.prepare('SELECT number, text FROM place')
  const update = db.prepare('UPDATE place SET number = number + 1, text = ? WHERE number = ?')
  return {
    read: async () => select.get() as unknown as Version,
    swap: async (number, text) => update.run(text, number).changes === 1,
    close: async () => db.close(),
  }
}
