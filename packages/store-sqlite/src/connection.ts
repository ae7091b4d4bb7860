import { StoreError } from '@pawl/core'
import { createDatabaseFile, type Database, openDatabase } from './database.ts'
import { toStoreError } from './errors.ts'
import { checkIdentity, type FileIdentity, identityOf } from './file-identity.ts'
import { type GroupCommit, groupCommit } from './group-commit.ts'
import { checkSchema } from './migrate.ts'
import { openShiftingWriter, type ThreadUse } from './shifting-writer.ts'
import type { Writer } from './writer.ts'
import type { WriteInput, WriteName, WriteOutput } from './writes.ts'

/** What a store does its work through: reads at once in this thread, writes in batches. */
export interface Connection {
  read<Answer>(query: (db: Database) => Answer): Answer
  write<Name extends WriteName>(name: Name, input: WriteInput<Name>): Promise<WriteOutput<Name>>
  migrate(): Promise<void>
  /** Resolves if a read and a write both succeed, and the path still leads to what is open. */
  ping(): Promise<void>
  close(): Promise<void>
}

interface Opened {
  readonly reader: Database
  readonly writer: Writer
  readonly commits: GroupCommit
  readonly identity: FileIdentity
}

/** A connection to a file, opened on first use. */
export function connect(file: string, thread: ThreadUse): Connection {
  let opened: Opened | undefined
  let isSchemaChecked = false
  let closing: Promise<void> | undefined

  const open = (): Opened => {
    if (closing !== undefined) throw new StoreError('closed', 'the SQLite store is closed')
    opened ??= openAll(file, thread)
    return opened
  }
  const openChecked = (): Opened => {
    const all = open()
    if (!isSchemaChecked) {
      checkSchema(all.reader)
      isSchemaChecked = true
    }
    return all
  }
  return {
    read: (query) => {
      try {
        return query(openChecked().reader)
      } catch (error) {
        throw toStoreError(error)
      }
    },
    write: async (name, input) => {
      try {
        return await openChecked().commits.submit(name, input)
      } catch (error) {
        throw toStoreError(error)
      }
    },
    migrate: async () => {
      try {
        await open().commits.submit('migrateSchema', null)
      } catch (error) {
        throw toStoreError(error)
      }
    },
    ping: async () => {
      try {
        const { commits, identity } = openChecked()
        checkIdentity(file, identity)
        await commits.submit('touchDatabase', null)
      } catch (error) {
        throw toStoreError(error)
      }
    },
    close: () => {
      closing ??= closeAll(opened)
      return closing
    },
  }
}

function openAll(file: string, thread: ThreadUse): Opened {
  createDatabaseFile(file)
  const writer = openShiftingWriter(file, thread)
  const reader = openDatabase(file, 'reader')
  return {
    reader,
    writer,
    commits: groupCommit(writer.commit),
    identity: identityOf(file),
  }
}

async function closeAll(opened: Opened | undefined): Promise<void> {
  if (opened === undefined) return
  await opened.commits.settled()
  opened.reader.close()
  await opened.writer.close()
}
