--owns: installation
-- What all nodes of an installation must agree on (app/key.c).

--: get one (name text) -> (value text)
SELECT value FROM installation WHERE name = :name;

-- Of two nodes that start at once the first one says it.
--: agree exec (name text, value text)
INSERT INTO installation (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING;

--: forget exec (name text)
DELETE FROM installation WHERE name = :name;
