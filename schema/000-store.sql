-- The store's own tables, on each database that it opens, whatever else is in it. Run at each opening, so everything
-- here says IF NOT EXISTS; a later change of one of these tables comes as a numbered file beside this one.

-- Numbers above all that a node slot has given to ids (src/store/id.c). It comes first: a database that has it is
-- Zuruf's, whatever a crash left undone.
CREATE TABLE IF NOT EXISTS id_mark (
  node INTEGER PRIMARY KEY,
  live INTEGER NOT NULL,
  past INTEGER NOT NULL,
  run INTEGER NOT NULL                   -- the run that may give more (src/store/lease.h)
);

-- What is being done to the database as a whole and has not ended: until then nothing opens it.
CREATE TABLE IF NOT EXISTS unfinished (
  what TEXT PRIMARY KEY,
  since INTEGER NOT NULL
) WITHOUT ROWID;

-- Which files of the schema were run.
CREATE TABLE IF NOT EXISTS migration (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  applied_at INTEGER NOT NULL
);

-- Who may do what only one may do at a time (src/store/lease.h). The name "node:N" is the slot N of a running node.
CREATE TABLE IF NOT EXISTS lease (
  name TEXT PRIMARY KEY,
  slot INTEGER NOT NULL,                 -- of a node's lease; -1: of another
  owner INTEGER NOT NULL,                -- the run that took it last
  epoch INTEGER NOT NULL,                -- grows each time it is taken
  until INTEGER NOT NULL                 -- its end by the database's clock; 0: given back
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS lease_node ON lease (owner) WHERE slot >= 0;
