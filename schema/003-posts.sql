-- The room posts: accounts, posts, search, attachments, outbox.
CREATE TABLE account (
  id INTEGER PRIMARY KEY,
  brand INTEGER NOT NULL REFERENCES brand(id),
  key TEXT NOT NULL,                     -- in commands and URLs
  channel TEXT NOT NULL,                 -- entry of channels/channel_table
  network TEXT NOT NULL,                 -- what it looks like: mail, mastodon, ...
  name TEXT NOT NULL,                    -- our identity there, as shown
  is_public INTEGER NOT NULL DEFAULT 1,
  allow_private INTEGER NOT NULL DEFAULT 0,
  text_limit INTEGER NOT NULL DEFAULT 0,
  settings TEXT NOT NULL DEFAULT '{}',   -- JSON, without secrets
  secrets BLOB,                          -- sealed JSON
  state INTEGER NOT NULL DEFAULT 0,
  cursor TEXT NOT NULL DEFAULT '',
  -- the pulse
  success_at INTEGER NOT NULL DEFAULT 0,
  attempt_at INTEGER NOT NULL DEFAULT 0,
  next_at INTEGER NOT NULL DEFAULT 0,
  item_at INTEGER NOT NULL DEFAULT 0,    -- last new post
  items INTEGER NOT NULL DEFAULT 0,
  refused INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,   -- in a row
  error TEXT NOT NULL DEFAULT '',        -- base/trouble.h; empty: well
  denied INTEGER NOT NULL DEFAULT 0,     -- the other side did not let us in: 1
  fetched INTEGER NOT NULL DEFAULT 0,    -- new posts of the last poll
  held_until INTEGER NOT NULL DEFAULT 0, -- the other side asked us to wait until then
  -- of our answers, which fail by themselves: held back until send_after; send_asked: the other side asked for that
  send_after INTEGER NOT NULL DEFAULT 0,
  send_asked INTEGER NOT NULL DEFAULT 0,
  send_failures INTEGER NOT NULL DEFAULT 0, -- in a row
  send_error TEXT NOT NULL DEFAULT '',   -- base/trouble.h
  asked INTEGER NOT NULL DEFAULT 0,      -- how often somebody wanted news at once
  served INTEGER NOT NULL DEFAULT 0,     -- up to which of these a poll began after the asking
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  UNIQUE (brand, key)
);

CREATE INDEX account_due ON account (state, next_at);

-- A thread is the set of posts with the same thread id: the id of its first known post.
CREATE TABLE post (
  id INTEGER PRIMARY KEY,
  brand INTEGER NOT NULL,
  account INTEGER NOT NULL REFERENCES account(id),
  external_id TEXT NOT NULL,
  thread INTEGER NOT NULL,
  parent INTEGER NOT NULL DEFAULT 0,     -- post it answers, when known
  author INTEGER NOT NULL DEFAULT 0,
  message INTEGER NOT NULL DEFAULT 0,    -- when it is ours: the message that became it
  flags INTEGER NOT NULL DEFAULT 0,      -- POST_* of posts/post.h
  published_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  reach INTEGER NOT NULL DEFAULT 0,
  -- facts: values of domain/words.h, -1 unknown
  language INTEGER NOT NULL DEFAULT -1,
  relevance INTEGER NOT NULL DEFAULT -1,
  reaction INTEGER NOT NULL DEFAULT -1,
  request INTEGER NOT NULL DEFAULT -1,
  kind INTEGER NOT NULL DEFAULT -1,
  sentiment INTEGER NOT NULL DEFAULT -1,
  offence INTEGER NOT NULL DEFAULT -1,
  judged TEXT NOT NULL DEFAULT '',       -- JSON: probabilities, and reasons where a case came of it
  title TEXT NOT NULL DEFAULT '',
  text TEXT NOT NULL,
  quoted TEXT NOT NULL DEFAULT '',
  url TEXT NOT NULL DEFAULT '',
  extra TEXT NOT NULL DEFAULT '',        -- unknown fields, kept
  UNIQUE (account, external_id)
);
CREATE INDEX post_thread ON post (thread, id);
CREATE INDEX post_brand ON post (brand, id);
CREATE INDEX post_author ON post (author, id) WHERE author <> 0;

-- An answer that came before what it answers: the thread that waits for this external id.
CREATE TABLE thread_ref (
  account INTEGER NOT NULL,
  external_id TEXT NOT NULL,
  thread INTEGER NOT NULL,
  PRIMARY KEY (account, external_id)
) WITHOUT ROWID;
CREATE INDEX thread_ref_thread ON thread_ref (thread);

-- Full-text search over the terms that text/analyse made.
CREATE TABLE post_terms (
  post INTEGER PRIMARY KEY,
  analyser INTEGER NOT NULL,
  terms TEXT NOT NULL
);
CREATE VIRTUAL TABLE post_search USING fts5(terms, content='post_terms', content_rowid='post',
  tokenize='unicode61 remove_diacritics 0 categories ''L* M* N* Co'' tokenchars ''@#_.-+''', detail=full, columnsize=0);

CREATE TABLE attachment (
  id INTEGER PRIMARY KEY,
  brand INTEGER NOT NULL,
  post INTEGER NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  size INTEGER NOT NULL
);
CREATE INDEX attachment_post ON attachment (post);
CREATE TABLE attachment_chunk (
  attachment INTEGER NOT NULL,
  n INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (attachment, n)
) WITHOUT ROWID;

-- What a source sent and nobody could read, kept raw for the owner of the account.
CREATE TABLE refused (
  id INTEGER PRIMARY KEY,
  brand INTEGER NOT NULL,
  account INTEGER NOT NULL,
  at INTEGER NOT NULL,
  place TEXT NOT NULL,                   -- line 17, uid 4711, entry 3
  what TEXT NOT NULL,
  raw BLOB NOT NULL
);
CREATE INDEX refused_account ON refused (account, id);

-- The outbox.
CREATE TABLE message (
  id INTEGER PRIMARY KEY,
  brand INTEGER NOT NULL,
  account INTEGER NOT NULL REFERENCES account(id),
  thread INTEGER NOT NULL,
  case_id INTEGER NOT NULL,
  parent INTEGER NOT NULL,               -- post it answers
  agent INTEGER NOT NULL,
  key TEXT NOT NULL,                     -- the same on each try
  text TEXT NOT NULL,                    -- as it leaves, signed
  state INTEGER NOT NULL,
  not_before INTEGER NOT NULL,           -- undo until then; later tries wait until then
  attempt INTEGER NOT NULL DEFAULT 0,
  owner INTEGER NOT NULL DEFAULT 0,      -- run (store/lease.h) that claimed it
  external_id TEXT NOT NULL DEFAULT '',
  post INTEGER NOT NULL DEFAULT 0,       -- its own post once it was sent
  what TEXT NOT NULL DEFAULT '',         -- why it waits, failed or is unclear: base/trouble.h
  close_after INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  sent_at INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL DEFAULT 1,
  UNIQUE (key)
);
CREATE INDEX message_due ON message (state, not_before);
CREATE INDEX message_wait ON message (account, state, not_before);
CREATE INDEX message_case ON message (case_id, id);

-- Each try and what the peer said.
CREATE TABLE delivery (
  id INTEGER PRIMARY KEY,
  brand INTEGER NOT NULL,
  account INTEGER NOT NULL,
  message INTEGER NOT NULL,
  at INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  result TEXT NOT NULL,
  what TEXT NOT NULL
);
CREATE INDEX delivery_account ON delivery (account, id);
CREATE INDEX delivery_message ON delivery (message);

-- An agent said that a fact is another one: training material of this brand.
CREATE TABLE correction (
  id INTEGER PRIMARY KEY,
  brand INTEGER NOT NULL,
  post INTEGER NOT NULL,
  agent INTEGER NOT NULL,
  fact INTEGER NOT NULL,
  before INTEGER NOT NULL,
  after INTEGER NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX correction_post ON correction (post);
CREATE INDEX correction_brand ON correction (brand, id);
