-- The room brand: whom we speak for, with its teams, calendar, targets and routing key.
CREATE TABLE brand (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,              -- in URLs: lower-case letters, digits, '-'
  name TEXT NOT NULL,
  subtitle TEXT NOT NULL DEFAULT '',
  language TEXT NOT NULL DEFAULT 'de',
  timezone TEXT NOT NULL DEFAULT 'Europe/Berlin',
  signature TEXT NOT NULL DEFAULT 'initials',  -- initials | name | none
  address TEXT NOT NULL DEFAULT 'sie',         -- sie | du
  retention_days INTEGER NOT NULL DEFAULT 0,   -- 0: keep
  retention_set_at INTEGER NOT NULL DEFAULT 0, -- when that was changed last
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL
);

-- How texts call the brand: names, handles, spellings.
CREATE TABLE brand_name (
  brand INTEGER NOT NULL REFERENCES brand(id),
  name TEXT NOT NULL,
  PRIMARY KEY (brand, name)
) WITHOUT ROWID;

CREATE TABLE team (
  id INTEGER PRIMARY KEY,
  brand INTEGER NOT NULL REFERENCES brand(id),
  name TEXT NOT NULL,
  icon TEXT NOT NULL DEFAULT 'users',
  position INTEGER NOT NULL DEFAULT 0,
  UNIQUE (brand, name)
);

-- Business hours: weekday 1 (Monday) .. 7, minutes since local midnight, half-open.
CREATE TABLE hours (
  brand INTEGER NOT NULL REFERENCES brand(id),
  weekday INTEGER NOT NULL CHECK (weekday BETWEEN 1 AND 7),
  from_minute INTEGER NOT NULL,
  to_minute INTEGER NOT NULL,
  PRIMARY KEY (brand, weekday, from_minute),
  CHECK (0 <= from_minute AND from_minute < to_minute AND to_minute <= 1440)
) WITHOUT ROWID;

CREATE TABLE holiday (
  brand INTEGER NOT NULL REFERENCES brand(id),
  day INTEGER NOT NULL,                  -- days since 1970-01-01, local date
  name TEXT NOT NULL,
  PRIMARY KEY (brand, day)
) WITHOUT ROWID;

-- Service-level targets in business milliseconds; kind and priority as in domain/words.h.
CREATE TABLE target (
  brand INTEGER NOT NULL REFERENCES brand(id),
  kind INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  first_ms INTEGER NOT NULL,
  next_ms INTEGER NOT NULL,
  PRIMARY KEY (brand, kind, priority)
) WITHOUT ROWID;

-- The routing key: rules in order, the first that fits decides. conditions and effects are JSON (flow/rules.h).
CREATE TABLE routing_rule (
  id INTEGER PRIMARY KEY,
  brand INTEGER NOT NULL REFERENCES brand(id),
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  conditions TEXT NOT NULL,
  effects TEXT NOT NULL,
  enabled INTEGER NOT NULL DEFAULT 1,
  version INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX routing_rule_order ON routing_rule (brand, position);
