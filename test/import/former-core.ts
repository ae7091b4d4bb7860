import { spawnSync } from 'node:child_process'
import {
  createCipheriv,
  generateKeyPairSync,
  hash,
  pbkdf2Sync,
  randomBytes,
  sign,
} from 'node:crypto'
import path from 'node:path'
import { postgresPrograms } from '../engines/postgres.ts'

/** The tables of a SuperTokens core that an import reads, as far as it reads them. */
const TABLES = `
  CREATE TABLE session_info (
    app_id varchar(64) DEFAULT 'public', tenant_id varchar(64) DEFAULT 'public',
    session_handle varchar(255) NOT NULL, user_id varchar(128) NOT NULL,
    refresh_token_hash_2 varchar(128) NOT NULL, session_data text, expires_at bigint NOT NULL,
    created_at_time bigint NOT NULL, jwt_user_payload text, use_static_key boolean NOT NULL,
    prev_refresh_token_hash_2 varchar(128), refresh_token_rotated_at bigint,
    PRIMARY KEY (app_id, tenant_id, session_handle));
  CREATE TABLE session_access_token_signing_keys (
    app_id varchar(64) DEFAULT 'public', created_at_time bigint NOT NULL, value text,
    PRIMARY KEY (app_id, created_at_time));
  CREATE TABLE jwt_signing_keys (
    app_id varchar(64) DEFAULT 'public', key_id varchar(255) NOT NULL, key_string text NOT NULL,
    algorithm varchar(10) NOT NULL, created_at bigint, PRIMARY KEY (app_id, key_id));
  CREATE TABLE key_value (
    app_id varchar(64) DEFAULT 'public', tenant_id varchar(64) DEFAULT 'public',
    name varchar(128) NOT NULL, value text, created_at_time bigint,
    PRIMARY KEY (app_id, tenant_id, name));
  CREATE TABLE app_id_to_user_id (
    app_id varchar(64) DEFAULT 'public', user_id char(36) NOT NULL,
    primary_or_recipe_user_id char(36) NOT NULL, PRIMARY KEY (app_id, user_id));`

const DAY_MS = 86_400_000
const IV_BYTES = 12

/** A session of the old core, and the refresh token that its client holds. */
export interface FormerClient {
  readonly handle: string
  readonly userId: string
  readonly token: string
}

/** A database in the shape of a SuperTokens core's, and what that core would do to it. */
export interface FormerCore {
  readonly clients: readonly FormerClient[]
  /** The sessions go on there: each client gets a child, which becomes current. */
  readonly rotate: (clients: readonly FormerClient[]) => readonly FormerClient[]
  /** The sessions end there. */
  readonly end: (clients: readonly FormerClient[]) => void
  /** An access token of the old core for a client's refresh token. */
  readonly accessTokenOf: (client: FormerClient) => string
}

/** Fills a database with so many sessions; every third client holds a child that was never used. */
export function fillFormerCore(url: string, count: number): FormerCore {
  const key = randomBytes(96).toString('base64')
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const spki = pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  const pkcs8 = pair.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')
  const nowMs = Date.now()
  const kid = `d-${nowMs}`
  const rows: string[] = []
  const clients = Array.from({ length: count }, (_, index): FormerClient => {
    const handle = uuid()
    const userId = `user-${index % 1_000}`
    const current = makeToken(key, { sessionHandle: handle, userId })
    const hash2 = sha256(sha256(current))
    const times = [nowMs + 50 * DAY_MS, nowMs - DAY_MS]
    const payload = JSON.stringify({ iss: 'https://api.example.com/auth', index })
    rows.push([handle, userId, hash2, '{"old":true}', ...times, payload, 'f'].join('\t'))
    const parentRefreshTokenHash1 = sha256(current)
    const token =
      index % 3 === 0
        ? makeToken(key, { sessionHandle: handle, userId, parentRefreshTokenHash1 })
        : current
    return { handle, userId, token }
  })
  runSql(
    url,
    `${TABLES}
    INSERT INTO key_value (name, value, created_at_time)
      VALUES ('refresh_token_key', '${key}', ${nowMs});
    INSERT INTO session_access_token_signing_keys (created_at_time, value)
      VALUES (${nowMs}, '${spki}|${pkcs8}');
    COPY session_info (session_handle, user_id, refresh_token_hash_2, session_data, expires_at,
      created_at_time, jwt_user_payload, use_static_key) FROM stdin;\n${rows.join('\n')}\n\\.\n`,
  )
  return {
    clients,
    rotate(rotated) {
      const expiresAt = Date.now() + 60 * DAY_MS
      const children = rotated.map((client) => {
        const { handle: sessionHandle, userId } = client
        const parentRefreshTokenHash1 = sha256(client.token)
        const token = makeToken(key, { sessionHandle, userId, parentRefreshTokenHash1 })
        return { ...client, token }
      })
      const statements = children.map(
        ({ handle, token }) =>
          `UPDATE session_info SET refresh_token_hash_2 = '${sha256(sha256(token))}',
             expires_at = ${expiresAt} WHERE session_handle = '${handle}';`,
      )
      runSql(url, statements.join('\n'))
      return children
    },
    end(ended) {
      const handles = ended.map(({ handle }) => `'${handle}'`).join(', ')
      runSql(url, `DELETE FROM session_info WHERE session_handle IN (${handles})`)
    },
    accessTokenOf({ handle, userId, token }) {
      const iat = Math.floor(Date.now() / 1000)
      const header = encode({ kid, typ: 'JWT', version: '5', alg: 'RS256' })
      const payload = encode({
        ...{ sub: userId, rsub: userId, tId: 'public', sessionHandle: handle },
        ...{ iat, exp: iat + 3_600, refreshTokenHash1: sha256(token) },
        ...{ parentRefreshTokenHash1: null, antiCsrfToken: null },
      })
      const signature = sign('sha256', Buffer.from(`${header}.${payload}`), pair.privateKey)
      return `${header}.${payload}.${signature.toString('base64url')}`
    },
  }
}

function runSql(url: string, input: string): void {
  const psql = path.join(postgresPrograms(), 'psql')
  const args = ['-q', '-v', 'ON_ERROR_STOP=1', url]
  const { status, stderr } = spawnSync(psql, args, { input, encoding: 'utf8' })
  if (status !== 0) throw new Error(`psql: ${stderr}`)
}

function makeToken(key: string, facts: { readonly [name: string]: string }): string {
  const nonce = sha256(uuid())
  const iv = randomBytes(IV_BYTES)
  const secret = pbkdf2Sync(key, iv, 100, 32, 'sha512')
  const cipher = createCipheriv('aes-256-gcm', secret, iv)
  const text = cipher.update(JSON.stringify({ ...facts, nonce }))
  const bytes = Buffer.concat([iv, text, cipher.final(), cipher.getAuthTag()])
  return `${bytes.toString('base64')}.${nonce}.V2`
}

function uuid(): string {
  const hex = randomBytes(16).toString('hex')
  return [0, 8, 12, 16, 20].map((at, index) => hex.slice(at, [8, 12, 16, 20, 32][index])).join('-')
}

function sha256(text: string): string {
  return hash('sha256', text, 'hex')
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
