-- The room care: cases and what agents do with them.
CREATE TABLE "case" (
  id INTEGER PRIMARY KEY,
  brand INTEGER NOT NULL,
  number INTEGER NOT NULL,               -- what people call it, per brand
  thread INTEGER NOT NULL UNIQUE,
  account INTEGER NOT NULL,
  author INTEGER NOT NULL,
  post INTEGER NOT NULL,                 -- the post that decides: the newest that needs a reaction
  title TEXT NOT NULL,
  words TEXT NOT NULL DEFAULT '',        -- of that post: the few that spoke most for it
  state INTEGER NOT NULL,
  team INTEGER NOT NULL DEFAULT 0,
  assignee INTEGER NOT NULL DEFAULT 0,
  priority INTEGER NOT NULL DEFAULT 1,
  kind INTEGER NOT NULL,
  language INTEGER NOT NULL DEFAULT -1,
  tags TEXT NOT NULL DEFAULT '',         -- words, space between
  why TEXT NOT NULL DEFAULT '',          -- JSON: rule and conditions that brought it here
  rank_why TEXT NOT NULL DEFAULT '',     -- JSON: the parts of the rank (care/rank.h)
  opened_at INTEGER NOT NULL,
  waiting_at INTEGER NOT NULL,           -- since when it waits on us
  due_at INTEGER NOT NULL,               -- end of the running clock; 0: none runs
  due_is_first INTEGER NOT NULL DEFAULT 1,
  rank_at INTEGER NOT NULL,              -- order of the queue: due_at moved ahead by the parts of the rank
  answered_at INTEGER NOT NULL DEFAULT 0,
  first_answered_at INTEGER NOT NULL DEFAULT 0,
  closed_at INTEGER NOT NULL DEFAULT 0,
  snoozed_until INTEGER NOT NULL DEFAULT 0,
  problem INTEGER NOT NULL DEFAULT 0,    -- message that failed or is unclear: comes before all else
  posts INTEGER NOT NULL DEFAULT 1,
  version INTEGER NOT NULL DEFAULT 1,
  UNIQUE (brand, number)
);
CREATE INDEX case_queue ON "case" (brand, state, rank_at, id);
CREATE INDEX case_team ON "case" (brand, state, team, rank_at, id);
CREATE INDEX case_tally ON "case" (brand, state, kind, team, assignee) WHERE state < 3;
CREATE INDEX case_assignee ON "case" (brand, assignee, state, rank_at, id);
CREATE INDEX case_author ON "case" (author, id);
CREATE INDEX case_problem ON "case" (brand, problem) WHERE problem <> 0;
CREATE INDEX case_snoozed ON "case" (snoozed_until) WHERE state = 2;
CREATE INDEX case_answered ON "case" (brand, answered_at) WHERE state = 1;
CREATE INDEX case_closed ON "case" (brand, closed_at) WHERE state = 3;
CREATE INDEX case_due ON "case" (brand, due_at) WHERE state = 0;

CREATE TABLE case_number (
  brand INTEGER PRIMARY KEY,
  last INTEGER NOT NULL
);

CREATE TABLE note (
  id INTEGER PRIMARY KEY,
  brand INTEGER NOT NULL,
  case_id INTEGER NOT NULL,
  agent INTEGER NOT NULL,
  text TEXT NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX note_case ON note (case_id, id);

-- What an agent has written and not sent.
CREATE TABLE draft (
  agent INTEGER NOT NULL,
  case_id INTEGER NOT NULL,
  note INTEGER NOT NULL DEFAULT 0,       -- 1: a note to be, 0: an answer
  brand INTEGER NOT NULL,
  text TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (agent, case_id, note)
) WITHOUT ROWID;
CREATE INDEX draft_case ON draft (case_id);
