-- The room posts, watching: how often each account is usually heard, and when something was wrong with it.
CREATE TABLE rhythm (
  account INTEGER PRIMARY KEY REFERENCES account(id),
  brand INTEGER NOT NULL,
  items INTEGER NOT NULL,                -- account.items at the last look
  state BLOB NOT NULL                    -- understand/rhythm.h
);

CREATE TABLE incident (
  id INTEGER PRIMARY KEY,
  brand INTEGER NOT NULL,
  account INTEGER NOT NULL REFERENCES account(id),
  kind INTEGER NOT NULL,                 -- enum incident_kind of domain/words.h
  since INTEGER NOT NULL,                -- the last sign that all was well; 0: there was none
  usual INTEGER NOT NULL,                -- of a silence: ms that usually lie between two posts at that time; else 0
  what TEXT NOT NULL,                    -- the channel's words; may be empty
  opened_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL DEFAULT 0,   -- 0: it lasts
  fine_until INTEGER NOT NULL DEFAULT 0, -- somebody knows of it and wants no alarm until then
  fine_by INTEGER NOT NULL DEFAULT 0,
  told INTEGER NOT NULL DEFAULT 0,       -- by mail: 0 not yet, 1 that it began, 2 nothing more to tell
  tell_at INTEGER NOT NULL DEFAULT 0,    -- not before; whoever tells moves it ahead of its try
  tries INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX incident_open ON incident (account) WHERE ended_at = 0;
CREATE INDEX incident_account ON incident (account, id);
CREATE INDEX incident_brand ON incident (brand) WHERE ended_at = 0;
CREATE INDEX incident_tell ON incident (tell_at) WHERE told < 2;
