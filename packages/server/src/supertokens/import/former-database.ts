/** A database of a SuperTokens core: rows by column, 64-bit numbers as numbers. */
export interface FormerDatabase {
  readonly read: (
    text: string,
    values?: readonly unknown[],
  ) => Promise<readonly { readonly [column: string]: unknown }[]>
}

/** A live session as it is kept there. */
export interface FormerSession {
  readonly app: string
  readonly tenant: string
  readonly handle: string
  readonly userId: string
  /** Hexadecimal SHA-256. */
  readonly currentHash: string
  readonly previousHash: string | null
  readonly rotatedAtMs: number | null
  readonly createdAtMs: number
  readonly expiresAtMs: number
  /** JSON text. */
  readonly claims: string
  /** JSON text. */
  readonly data: string
}

/** The public side of a key that signed access tokens there. */
export interface FormerSigningKey {
  readonly app: string
  readonly kid: string
  /** SubjectPublicKeyInfo, base64. */
  readonly spki: string
  /** Whether it signs until it is taken away. */
  readonly isStatic: boolean
}

/** Rows of one page. */
const PAGE_ROWS = 500
const KEYS_MAX = 1_000

/** Everything of that database that is taken over. */
export interface FormerReader {
  /** What is missing for an import, or null. */
  readonly faultOfSchema: () => Promise<string | null>
  /** Apps and tenants that have live sessions. */
  readonly listPlaces: (nowMs: number) => Promise<readonly { app: string; tenant: string }[]>
  /** The key of refresh tokens, by app. */
  readonly refreshKeys: () => Promise<ReadonlyMap<string, string>>
  readonly signingKeys: () => Promise<readonly FormerSigningKey[]>
  /** Live sessions, page by page, by their keys. */
  readonly sessions: (nowMs: number) => AsyncIterable<readonly FormerSession[]>
  /** Which of the handles of an app still have a row. */
  readonly findHandles: (app: string, handles: readonly string[]) => Promise<ReadonlySet<string>>
}

/** Opens the reader. `prefix`: what the names of the tables begin with, `name_` for example. */
export function formerReader(database: FormerDatabase, prefix = ''): FormerReader {
  const table = (name: string): string => `"${`${prefix}${name}`.replaceAll('"', '""')}"`
  const { read } = database

  async function has(name: string, column: string): Promise<boolean> {
    const rows = await read(
      `SELECT 1 FROM information_schema.columns
       WHERE table_schema = ANY (current_schemas(false)) AND table_name = $1 AND column_name = $2`,
      [`${prefix}${name}`, column],
    )
    return rows.length > 0
  }

  return {
    async faultOfSchema() {
      for (const [name, column] of [
        ['session_info', 'refresh_token_hash_2'],
        ['session_info', 'app_id'],
        ['key_value', 'app_id'],
      ] as const) {
        if (await has(name, column)) continue
        return `there is no column ${column} in ${prefix}${name}: a core of version 5 or newer keeps it`
      }
      return null
    },

    async listPlaces(nowMs) {
      const text = `SELECT DISTINCT app_id, tenant_id FROM ${table('session_info')} WHERE expires_at > $1`
      const rows = await read(text, [nowMs])
      return rows.map((row) => ({ app: textOf(row.app_id), tenant: textOf(row.tenant_id) }))
    },

    async refreshKeys() {
      const rows = await read(
        `SELECT app_id, value FROM ${table('key_value')} WHERE name = 'refresh_token_key'`,
      )
      return new Map(rows.map((row) => [textOf(row.app_id), textOf(row.value)]))
    },

    signingKeys: () => readSigningKeys({ read, table, has }),

    async *sessions(nowMs) {
      const text = await sessionQuery({ table, has })
      let after: readonly string[] = ['', '', '']
      for (;;) {
        const rows = await read(text, [nowMs, ...after])
        const last = rows.at(-1)
        if (last === undefined) return
        yield rows.map(sessionOf)
        after = [last.app_id, last.tenant_id, last.session_handle].map(textOf)
      }
    },

    async findHandles(app, handles) {
      const rows = await read(
        `SELECT session_handle FROM ${table('session_info')}
         WHERE app_id = $1 AND session_handle = ANY ($2)`,
        [app, handles],
      )
      return new Set(rows.map((row) => textOf(row.session_handle)))
    },
  }
}

/** How the tables of the database are named, and what there is. */
interface Tables {
  readonly read: FormerDatabase['read']
  readonly table: (name: string) => string
  readonly has: (name: string, column: string) => Promise<boolean>
}

async function readSigningKeys({ read, table, has }: Tables): Promise<readonly FormerSigningKey[]> {
  const keys: FormerSigningKey[] = []
  if (await has('session_access_token_signing_keys', 'value')) {
    const rows = await read(
      `SELECT app_id, created_at_time, value
       FROM ${table('session_access_token_signing_keys')} LIMIT ${KEYS_MAX}`,
    )
    for (const row of rows) {
      const place = { app: textOf(row.app_id), kid: `d-${row.created_at_time}` }
      keys.push({ ...place, spki: publicPartOf(textOf(row.value)), isStatic: false })
    }
  }
  if (await has('jwt_signing_keys', 'key_string')) {
    const rows = await read(
      `SELECT app_id, key_id, key_string FROM ${table('jwt_signing_keys')}
       WHERE algorithm LIKE 'RS%' LIMIT ${KEYS_MAX}`,
    )
    for (const row of rows) {
      const place = { app: textOf(row.app_id), kid: textOf(row.key_id) }
      keys.push({ ...place, spki: publicPartOf(textOf(row.key_string)), isStatic: true })
    }
  }
  return keys
}

/** The query of a page; columns and tables that only newer cores have are left out elsewhere. */
async function sessionQuery({ table, has }: Omit<Tables, 'read'>): Promise<string> {
  const isNew = await has('session_info', 'prev_refresh_token_hash_2')
  const hasLinks = await has('app_id_to_user_id', 'primary_or_recipe_user_id')
  const hasNames = await has('userid_mapping', 'external_user_id')
  const linked = hasLinks ? 'coalesce(u.primary_or_recipe_user_id, s.user_id)' : 's.user_id'
  return `SELECT s.app_id, s.tenant_id, s.session_handle, s.refresh_token_hash_2,
      s.session_data, s.jwt_user_payload, s.expires_at, s.created_at_time,
      ${hasNames ? `coalesce(m.external_user_id, ${linked})` : linked} AS user_name,
      ${isNew ? 's.prev_refresh_token_hash_2, s.refresh_token_rotated_at' : 'NULL, NULL'}
    FROM ${table('session_info')} s
    ${
      hasLinks
        ? `LEFT JOIN ${table('app_id_to_user_id')} u
             ON u.app_id = s.app_id AND u.user_id = s.user_id`
        : ''
    }
    ${
      hasNames
        ? `LEFT JOIN ${table('userid_mapping')} m
             ON m.app_id = s.app_id AND m.supertokens_user_id = ${linked}`
        : ''
    }
    WHERE s.expires_at > $1 AND (s.app_id, s.tenant_id, s.session_handle) > ($2, $3, $4)
    ORDER BY s.app_id, s.tenant_id, s.session_handle LIMIT ${PAGE_ROWS}`
}

function sessionOf(row: { readonly [column: string]: unknown }): FormerSession {
  return {
    app: textOf(row.app_id),
    tenant: textOf(row.tenant_id),
    handle: textOf(row.session_handle),
    // Fixed-width columns pad their values.
    userId: textOf(row.user_name).trimEnd(),
    currentHash: textOf(row.refresh_token_hash_2),
    previousHash: optional(row.prev_refresh_token_hash_2, textOf),
    rotatedAtMs: optional(row.refresh_token_rotated_at, Number),
    createdAtMs: Number(row.created_at_time),
    expiresAtMs: Number(row.expires_at),
    claims: optional(row.jwt_user_payload, textOf) ?? '{}',
    data: optional(row.session_data, textOf) ?? '{}',
  }
}

/** `public|private`; older rows have a semicolon. */
function publicPartOf(pair: string): string {
  return pair.split(/[|;]/)[0] ?? ''
}

function textOf(value: unknown): string {
  return String(value)
}

function optional<T>(value: unknown, read: (value: unknown) => T): T | null {
  return value === null || value === undefined ? null : read(value)
}
