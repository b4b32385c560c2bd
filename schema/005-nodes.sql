-- What all nodes of an installation must agree on.
CREATE TABLE installation (
  name TEXT PRIMARY KEY,                 -- "key": fingerprint of the key that seals secrets
  value TEXT NOT NULL
) WITHOUT ROWID;
