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
