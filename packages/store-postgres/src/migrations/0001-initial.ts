/**
 * Version 1.
 *
 * Text that is compared has the collation "C": byte by byte, whatever the database's locale is.
 *
 * A rotation changes no indexed column, and the fill factor leaves room beside each row, so it
 * stays on its page and touches no index (a heap-only update). For that, `sweep_ms`, when a row is
 * next worth a look by the sweeper, is at the latest when the row may go: rotations leave it where
 * it is unless they make the row end sooner, and the sweeper moves it on when it finds the row
 * alive.
 *
 * No index is partial: one whose condition a statement implies may be read from end to end instead
 * of looked up in, and a plan that was made while the table was empty would go on doing so.
 *
 * `pawl_cut_offs.user_id` is empty for the cut-off of a whole tenant: a user's name never is.
 *
 * `pawl_log_end` is one row. Whoever appends to the log raises it first and holds its lock until
 * the commit, so entries become visible in the order of their numbers.
 *
 * `pawl_make_room` is a function because counting has to come after the wait for the user's lock,
 * with a snapshot of its own, and a single statement has one snapshot only.
 */
export const initialSchema = `
CREATE TABLE pawl_sessions (
  handle text COLLATE "C" NOT NULL,
  app text COLLATE "C" NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  generation bigint NOT NULL,
  cur_hash text COLLATE "C" NOT NULL,
  cur_minted_ms bigint NOT NULL,
  prev_hash text COLLATE "C",
  confirmed_ms bigint NOT NULL,
  created_ms bigint NOT NULL,
  idle_timeout_ms bigint NOT NULL,
  idle_expires_ms bigint NOT NULL,
  absolute_expires_ms bigint NOT NULL,
  access_ttl_seconds bigint NOT NULL,
  access_kind text NOT NULL,
  key_thumbprint text,
  revoked_ms bigint,
  end_reason text,
  sweep_ms bigint NOT NULL,
  claims text NOT NULL,
  data text NOT NULL,
  device text NOT NULL,
  PRIMARY KEY (handle, app, tenant)
) WITH (fillfactor = 80);
CREATE INDEX pawl_sessions_by_user ON pawl_sessions (user_id, app, tenant, created_ms, handle);
CREATE INDEX pawl_sessions_by_sweep ON pawl_sessions (sweep_ms);

CREATE TABLE pawl_cut_offs (
  app text COLLATE "C" NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  user_id text COLLATE "C" NOT NULL,
  before_ms bigint NOT NULL,
  at_ms bigint NOT NULL,
  reason text NOT NULL,
  PRIMARY KEY (user_id, app, tenant)
);

CREATE TABLE pawl_log_end (number bigint NOT NULL);
INSERT INTO pawl_log_end VALUES (0);

CREATE TABLE pawl_revocations (
  number bigint PRIMARY KEY,
  app text NOT NULL,
  tenant text NOT NULL,
  user_id text,
  handle text,
  before_ms bigint,
  at_ms bigint NOT NULL,
  reason text NOT NULL
);
CREATE INDEX pawl_revocations_by_time ON pawl_revocations (at_ms);

CREATE TABLE pawl_records (
  kind text COLLATE "C" NOT NULL,
  app text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  value text NOT NULL,
  PRIMARY KEY (kind, app, id)
);

CREATE FUNCTION pawl_make_room(
  the_app text, the_tenant text, the_user text, the_handle text, now_ms bigint,
  max_live bigint, ends_oldest boolean, kept_ms bigint,
  OUT outcome text, OUT ended text[]
) LANGUAGE plpgsql AS $$
DECLARE
  live text[];
  excess bigint;
  last bigint;
BEGIN
  ended := '{}';
  PERFORM pg_advisory_xact_lock(
    hashtextextended(jsonb_build_array('pawl', the_app, the_tenant, the_user)::text, 0));
  IF EXISTS (SELECT FROM pawl_sessions s
      WHERE s.handle = the_handle AND s.app = the_app AND s.tenant = the_tenant) THEN
    outcome := 'duplicate';
    RETURN;
  END IF;
  SELECT coalesce(array_agg(s.handle ORDER BY s.created_ms, s.handle), '{}') INTO live
    FROM pawl_sessions s
    WHERE s.user_id = the_user AND s.app = the_app AND s.tenant = the_tenant
      AND s.revoked_ms IS NULL AND now_ms < s.absolute_expires_ms
      AND now_ms <= s.idle_expires_ms + s.idle_timeout_ms
      AND NOT EXISTS (SELECT FROM pawl_cut_offs c WHERE c.user_id IN (s.user_id, '')
        AND c.app = s.app AND c.tenant = s.tenant AND c.before_ms >= s.created_ms);
  excess := cardinality(live) - max_live + 1;
  outcome := 'room';
  IF excess <= 0 THEN
    RETURN;
  END IF;
  IF NOT ends_oldest THEN
    outcome := 'limit-reached';
    RETURN;
  END IF;
  PERFORM FROM pawl_sessions s
    WHERE s.handle = ANY (live[1:excess]) AND s.app = the_app AND s.tenant = the_tenant
    ORDER BY s.handle FOR UPDATE;
  WITH gone AS (
    UPDATE pawl_sessions s SET revoked_ms = now_ms, end_reason = 'limit',
      sweep_ms = least(s.sweep_ms, now_ms + kept_ms + 1)
    WHERE s.handle = ANY (live[1:excess]) AND s.app = the_app AND s.tenant = the_tenant
      AND s.revoked_ms IS NULL
    RETURNING s.created_ms, s.handle
  )
  SELECT coalesce(array_agg(g.handle ORDER BY g.created_ms, g.handle), '{}') INTO ended
    FROM gone g;
  IF cardinality(ended) > 0 THEN
    UPDATE pawl_log_end SET number = number + cardinality(ended) RETURNING number INTO last;
    INSERT INTO pawl_revocations (number, app, tenant, user_id, handle, at_ms, reason)
      SELECT last - cardinality(ended) + e.place, the_app, the_tenant, the_user, e.handle,
        now_ms, 'limit'
      FROM unnest(ended) WITH ORDINALITY AS e(handle, place);
  END IF;
END $$;
`
