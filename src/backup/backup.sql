--owns: backup_plan, backup_run
-- An installation's backups belong to no brand: they hold all of them.

--: plan one () -> (enabled i64, hour i64, timezone text, keep i64, version i64) any-brand "of the installation"
SELECT enabled, hour, timezone, keep, version FROM backup_plan WHERE id = 1;

--: plan_set exec (enabled i64, hour i64, timezone text, keep i64, version i64) any-brand "of the installation"
UPDATE backup_plan SET enabled = :enabled, hour = :hour, timezone = :timezone, keep = :keep, version = version + 1
WHERE id = 1 AND version = :version;

--: run_add exec (id i64, made_at i64, ended_at i64, agent i64, host text, file text, bytes i64, row_count i64, what text)
--:   any-brand "of the installation"
INSERT INTO backup_run (id, made_at, ended_at, agent, host, file, bytes, row_count, what)
VALUES (:id, :made_at, :ended_at, :agent, :host, :file, :bytes, :row_count, :what);

--: runs many (limit i64) -> (id i64, made_at i64, ended_at i64, agent i64, host text, file text, bytes i64, row_count i64,
--:   what text) any-brand "of the installation"
SELECT id, made_at, ended_at, agent, host, file, bytes, row_count, what FROM backup_run ORDER BY id DESC LIMIT :limit;

--: run one (id i64) -> (id i64, made_at i64, host text, file text, bytes i64) any-brand "of the installation"
SELECT id, made_at, host, file, bytes FROM backup_run WHERE id = :id;

-- The last that is whole; no row: there is none.
--: whole one () -> (made_at i64, ended_at i64, bytes i64) any-brand "of the installation"
SELECT made_at, ended_at, bytes FROM backup_run WHERE what = '' ORDER BY id DESC LIMIT 1;

-- What is known of a year is enough.
--: runs_forget exec (before i64) any-brand "of the installation"
DELETE FROM backup_run WHERE id < :before;

-- The last one, when the plan's failed and nobody was told of it or of one before since the last whole one; once in a
-- while again, when it goes on.
--: to_tell one (now i64, since i64) -> (id i64, ended_at i64, host text, what text, tries i64) any-brand "of the installation"
SELECT r.id, r.ended_at, r.host, r.what, r.tries FROM backup_run r
WHERE r.id = (SELECT max(l.id) FROM backup_run l) AND r.what <> '' AND r.agent = 0 AND r.told = 0 AND r.tell_at <= :now
AND NOT EXISTS (SELECT 1 FROM backup_run t WHERE t.told = 1 AND t.ended_at > :since
  AND t.id > coalesce((SELECT max(w.id) FROM backup_run w WHERE w.what = ''), 0));

-- Mine for a while: another node tells nothing of it.
--: claim exec (id i64, now i64, until i64) any-brand "of the installation"
UPDATE backup_run SET tell_at = :until, tries = tries + 1 WHERE id = :id AND tell_at <= :now AND told = 0;

--: told exec (id i64) any-brand "of the installation"
UPDATE backup_run SET told = 1, tell_at = 0 WHERE id = :id;
