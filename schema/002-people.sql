-- The room people: agents, what they may do, and the authors who write to us.
CREATE TABLE agent (
  id INTEGER PRIMARY KEY,
  email TEXT NOT NULL UNIQUE,            -- lower case
  name TEXT NOT NULL,
  initials TEXT NOT NULL,
  password TEXT NOT NULL DEFAULT '',     -- argon2id; empty: signs in by link only
  language TEXT NOT NULL DEFAULT '',     -- empty: the brand's
  theme TEXT NOT NULL DEFAULT 'system',
  density TEXT NOT NULL DEFAULT 'comfortable',
  single_keys INTEGER NOT NULL DEFAULT 1,
  face TEXT NOT NULL DEFAULT '',         -- name of a drawn portrait, or empty: initials
  disabled_at INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL
);

CREATE TABLE membership (
  agent INTEGER NOT NULL REFERENCES agent(id),
  brand INTEGER NOT NULL REFERENCES brand(id),
  role INTEGER NOT NULL,
  PRIMARY KEY (agent, brand)
) WITHOUT ROWID;
CREATE INDEX membership_brand ON membership (brand, agent);

-- The key's columns come first: else SQLite 3.40 reports sound rows as damaged (quick_check, tables without rowid).
CREATE TABLE team_member (
  team INTEGER NOT NULL REFERENCES team(id),
  agent INTEGER NOT NULL REFERENCES agent(id),
  brand INTEGER NOT NULL REFERENCES brand(id),
  PRIMARY KEY (team, agent)
) WITHOUT ROWID;
CREATE INDEX team_member_agent ON team_member (brand, agent);

CREATE TABLE session (
  id INTEGER PRIMARY KEY,
  token BLOB NOT NULL UNIQUE,            -- hash of what the cookie holds
  agent INTEGER NOT NULL REFERENCES agent(id),
  brand INTEGER NOT NULL DEFAULT 0,      -- the brand worked in
  created_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  client TEXT NOT NULL DEFAULT ''
);
CREATE INDEX session_agent ON session (agent);
CREATE INDEX session_expires ON session (expires_at);

-- One-time ways in: first sign-in, forgotten password.
CREATE TABLE signin_link (
  token BLOB PRIMARY KEY,
  agent INTEGER NOT NULL REFERENCES agent(id),
  expires_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- Bearer tokens of API accounts; only the hash is kept.
CREATE TABLE api_token (
  id INTEGER PRIMARY KEY,
  brand INTEGER NOT NULL REFERENCES brand(id),
  account INTEGER NOT NULL,
  token BLOB NOT NULL UNIQUE,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL DEFAULT 0,
  revoked_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX api_token_account ON api_token (brand, account);

-- Who changed what. Rows are only ever added.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  brand INTEGER NOT NULL DEFAULT 0,
  agent INTEGER NOT NULL DEFAULT 0,      -- 0: the system
  at INTEGER NOT NULL,
  what TEXT NOT NULL,                    -- 'case.close', 'agent.role', ...
  object INTEGER NOT NULL DEFAULT 0,
  detail TEXT NOT NULL DEFAULT ''        -- plain data for the reader, no secrets
);
CREATE INDEX audit_object ON audit (brand, object, id);
CREATE INDEX audit_brand ON audit (brand, id);

-- Who was refused what, beside the audit log: one line for each asker, act and hour, with a count.
CREATE TABLE denial (
  id INTEGER PRIMARY KEY,
  brand INTEGER NOT NULL REFERENCES brand(id),
  hour INTEGER NOT NULL,                 -- its beginning
  agent INTEGER NOT NULL,                -- who asked; 0: nobody knows
  object INTEGER NOT NULL,               -- agent or account that was to be used, or 0
  what TEXT NOT NULL,                    -- 'denied.right', ...
  place TEXT NOT NULL,                   -- method and pattern of the route, or empty
  n INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  UNIQUE (hour, brand, agent, object, what, place)
);
CREATE INDEX denial_brand ON denial (brand, id);

-- An identity on a channel.
CREATE TABLE author (
  id INTEGER PRIMARY KEY,
  brand INTEGER NOT NULL REFERENCES brand(id),
  network TEXT NOT NULL,                 -- mail, mastodon, ...
  identity TEXT NOT NULL,                -- handle or address there
  name TEXT NOT NULL DEFAULT '',
  first_at INTEGER NOT NULL,
  UNIQUE (brand, network, identity)
);
