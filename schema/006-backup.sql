-- The room backup: when a backup is made by itself, and what came of each.
CREATE TABLE backup_plan (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  enabled INTEGER NOT NULL,
  hour INTEGER NOT NULL CHECK (hour BETWEEN 0 AND 23),
  timezone TEXT NOT NULL,
  keep INTEGER NOT NULL CHECK (keep BETWEEN 1 AND 90),
  version INTEGER NOT NULL DEFAULT 1
);
INSERT INTO backup_plan (id, enabled, hour, timezone, keep) VALUES (1, 1, 3, 'Europe/Berlin', 3);

-- Each has ended: whole, restored into a scratch place and compared; or failed.
CREATE TABLE backup_run (
  id INTEGER PRIMARY KEY,
  made_at INTEGER NOT NULL,              -- the moment whose data it holds, or when it was begun
  ended_at INTEGER NOT NULL,
  agent INTEGER NOT NULL,                -- who asked for it; 0: the plan
  host TEXT NOT NULL,                    -- on whose disk it lies
  file TEXT NOT NULL,                    -- its name there; empty: it failed
  bytes INTEGER NOT NULL,
  row_count INTEGER NOT NULL,            -- rows in it, of all tables
  what TEXT NOT NULL,                    -- why it failed, base/trouble.h; empty: it is whole
  told INTEGER NOT NULL DEFAULT 0,       -- 1: the administrators have mail that it failed
  tell_at INTEGER NOT NULL DEFAULT 0,    -- not before, while somebody tries
  tries INTEGER NOT NULL DEFAULT 0
);
