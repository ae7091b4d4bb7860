import type { ClientBase, Connection, Submittable } from 'pg'
import { columnReader } from './column-readers.ts'
import type { SqlRow } from './rows.ts'
import type { Parameter, Statement } from './statement.ts'

type Reader = (text: string) => unknown

/** What each connection has prepared, and how the columns of what it answers are read. */
const prepared = new WeakMap<Connection, Map<string, readonly Reader[]>>()

/**
 * Runs a statement that a connection prepares once, and whose columns are described to it once: the
 * client's own queries have them described at every call, which takes longer than to read a row.
 */
export function runPrepared(
  client: ClientBase,
  statement: Statement,
  values: readonly Parameter[],
): Promise<readonly SqlRow[]> {
  return new Promise((resolve, reject) => {
    client.query(new PreparedQuery(statement, values, { resolve, reject }))
  })
}

interface Settling {
  readonly resolve: (rows: readonly SqlRow[]) => void
  readonly reject: (error: Error) => void
}

/** What the client calls while a query is its turn; errors and the end come by `callback`. */
class PreparedQuery implements Submittable {
  /** The client puts its own in the place, to stop the clock of `query_timeout`. */
  callback: (error: Error | null) => void
  readonly #statement: Statement
  readonly #values: readonly Parameter[]
  readonly #rows: SqlRow[] = []
  #readers: readonly Reader[] | undefined
  #unreadable: Error | null = null

  constructor(statement: Statement, values: readonly Parameter[], { resolve, reject }: Settling) {
    this.#statement = statement
    this.#values = values
    this.callback = (error) => (error === null ? resolve(this.#rows) : reject(error))
  }

  submit(connection: Connection): void {
    const { name, text } = this.#statement
    this.#readers = prepared.get(connection)?.get(name)
    // One write for all messages.
    connection.stream.cork()
    if (this.#readers === undefined) {
      // A first attempt may have come as far as this; to close what is not there is no error.
      connection.close({ type: 'S', name }, true)
      connection.parse({ name, text, types: [] }, true)
    }
    const texts = this.#values.map((value) => (value === null ? null : String(value)))
    connection.bind({ statement: name, values: texts }, true)
    if (this.#readers === undefined) connection.describe({ type: 'P' }, true)
    connection.execute(null, true)
    connection.sync()
    connection.stream.uncork()
  }

  handleRowDescription({ fields }: { readonly fields: readonly { dataTypeID: number }[] }): void {
    this.#readers = fields.map(({ dataTypeID }) => columnReader(dataTypeID))
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    const readers = this.#readers ?? []
    try {
      const row = fields.map((text, index) => (text === null ? null : readers[index]?.(text)))
      this.#rows.push(row as unknown as SqlRow)
    } catch (cause) {
      // Told at the end: what is thrown here would end the process.
      this.#unreadable = new Error('an answer of PostgreSQL cannot be read', { cause })
    }
  }

  handleCommandComplete(_message: unknown, connection: Connection): void {
    const statements = prepared.get(connection) ?? new Map<string, readonly Reader[]>()
    // A statement that returns nothing is described by no columns.
    statements.set(this.#statement.name, this.#readers ?? [])
    prepared.set(connection, statements)
  }

  handleReadyForQuery(): void {
    this.callback(this.#unreadable)
  }

  handleError(error: Error): void {
    this.callback(error)
  }

  /** Neither an empty text nor a part of the rows was asked for. */
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
}
