/**
 * Version 1.
 *
 * Text that is compared is `VARBINARY`: byte by byte, case and trailing spaces included, whatever
 * the server's collation is. A name of 256 UTF-16 units has 768 bytes at most.
 *
 * A rotation changes no indexed column and the length of no value, but for the first one, so that
 * the row is written in place. For that, `sweep_ms`, when a row is next worth a look by the
 * sweeper, is at the latest when the row may go: rotations leave it where it is unless they make
 * the row end sooner, and the sweeper moves it on when it finds the row alive.
 *
 * `mark` is a random number of the write that last moved or ended the row: how a packet knows its
 * own work from that of others. `tag` is the same for an entry of the log.
 *
 * `pawl_cut_offs.user_id` is empty for the cut-off of a whole tenant: a user's name never is.
 *
 * `pawl_log_end` is one row. Whoever appends to the log raises it and holds its lock until the
 * commit, so entries become visible in the order of their numbers.
 *
 * `pawl_turns` are locks: log-ins with a limit take their turn, user by user (two users may share
 * one).
 *
 * DDL commits as it goes, so each statement does no harm when it is run again.
 */
export const initialSchema: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS pawl_sessions (
  handle VARBINARY(64) NOT NULL,
  app VARBINARY(64) NOT NULL,
  tenant VARBINARY(64) NOT NULL,
  user_id VARBINARY(768) NOT NULL,
  generation BIGINT NOT NULL,
  cur_hash VARBINARY(64) NOT NULL,
  cur_minted_ms BIGINT NOT NULL,
  prev_hash VARBINARY(64),
  confirmed_ms BIGINT NOT NULL,
  created_ms BIGINT NOT NULL,
  idle_timeout_ms BIGINT NOT NULL,
  idle_expires_ms BIGINT NOT NULL,
  absolute_expires_ms BIGINT NOT NULL,
  access_ttl_seconds BIGINT NOT NULL,
  access_kind VARBINARY(16) NOT NULL,
  key_thumbprint VARBINARY(64),
  revoked_ms BIGINT,
  end_reason VARBINARY(32),
  sweep_ms BIGINT NOT NULL,
  mark BIGINT NOT NULL,
  claims MEDIUMTEXT NOT NULL,
  data MEDIUMTEXT NOT NULL,
  device MEDIUMTEXT NOT NULL,
  PRIMARY KEY (handle, app, tenant),
  KEY pawl_by_user (user_id, app, tenant, created_ms, handle),
  KEY pawl_by_sweep (sweep_ms)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  `CREATE TABLE IF NOT EXISTS pawl_cut_offs (
  user_id VARBINARY(768) NOT NULL,
  app VARBINARY(64) NOT NULL,
  tenant VARBINARY(64) NOT NULL,
  before_ms BIGINT NOT NULL,
  at_ms BIGINT NOT NULL,
  reason VARBINARY(32) NOT NULL,
  PRIMARY KEY (user_id, app, tenant)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC`,
  `CREATE TABLE IF NOT EXISTS pawl_log_end (
  id TINYINT PRIMARY KEY,
  number BIGINT NOT NULL
) ENGINE=InnoDB`,
  'INSERT INTO pawl_log_end VALUES (1, 0) ON DUPLICATE KEY UPDATE id = 1',
  `CREATE TABLE IF NOT EXISTS pawl_revocations (
  number BIGINT PRIMARY KEY,
  tag BIGINT NOT NULL,
  app VARBINARY(64) NOT NULL,
  tenant VARBINARY(64) NOT NULL,
  user_id VARBINARY(768),
  handle VARBINARY(64),
  before_ms BIGINT,
  at_ms BIGINT NOT NULL,
  reason VARBINARY(32) NOT NULL,
  KEY pawl_by_time (at_ms)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC`,
  `CREATE TABLE IF NOT EXISTS pawl_records (
  kind VARBINARY(32) NOT NULL,
  app VARBINARY(64) NOT NULL,
  id VARBINARY(128) NOT NULL,
  version BIGINT NOT NULL,
  value MEDIUMTEXT NOT NULL,
  PRIMARY KEY (kind, app, id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  'CREATE TABLE IF NOT EXISTS pawl_turns (turn SMALLINT PRIMARY KEY) ENGINE=InnoDB',
  `INSERT IGNORE INTO pawl_turns (turn)
  WITH RECURSIVE numbers AS (
    SELECT 0 AS turn UNION ALL SELECT turn + 1 FROM numbers WHERE turn < 255)
  SELECT turn FROM numbers`,
]
