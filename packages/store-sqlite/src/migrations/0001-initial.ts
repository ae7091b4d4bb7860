/**
 * Version 1.
 *
 * `sessions` is a rowid table: rows are appended, and a rotation, which keeps the length of its
 * row, changes one page of it and no index. `sweep_ms` is when a row is next worth a look by the
 * sweeper, at the latest when it may be deleted; rotations leave it alone, and the sweeper moves it
 * on when it finds the row alive, so that the hot write touches no index.
 *
 * `cut_offs.user_id` is empty for the cut-off of a whole tenant: a user's name never is.
 */
export const initialSchema = `
CREATE TABLE sessions (
  id INTEGER PRIMARY KEY,
  app TEXT NOT NULL,
  tenant TEXT NOT NULL,
  handle TEXT NOT NULL,
  user_id TEXT NOT NULL,
  generation INTEGER NOT NULL,
  cur_hash TEXT NOT NULL,
  cur_minted_ms INTEGER NOT NULL,
  prev_hash TEXT,
  confirmed_ms INTEGER NOT NULL,
  created_ms INTEGER NOT NULL,
  idle_timeout_ms INTEGER NOT NULL,
  idle_expires_ms INTEGER NOT NULL,
  absolute_expires_ms INTEGER NOT NULL,
  access_ttl_seconds INTEGER NOT NULL,
  access_kind TEXT NOT NULL,
  key_thumbprint TEXT,
  revoked_ms INTEGER,
  end_reason TEXT,
  sweep_ms INTEGER NOT NULL,
  claims TEXT NOT NULL,
  data TEXT NOT NULL,
  device TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX sessions_by_key ON sessions (app, tenant, handle);
CREATE INDEX sessions_by_user ON sessions (app, tenant, user_id, created_ms, handle);
CREATE INDEX sessions_by_sweep ON sessions (sweep_ms);

CREATE TABLE cut_offs (
  app TEXT NOT NULL,
  tenant TEXT NOT NULL,
  user_id TEXT NOT NULL,
  before_ms INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (app, tenant, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE revocations (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  app TEXT NOT NULL,
  tenant TEXT NOT NULL,
  user_id TEXT,
  handle TEXT,
  before_ms INTEGER,
  at_ms INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX revocations_by_time ON revocations (at_ms);

CREATE TABLE records (
  kind TEXT NOT NULL,
  app TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (kind, app, id)
) STRICT;
`
