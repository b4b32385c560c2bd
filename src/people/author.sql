--owns: author
-- Identities on channels.

-- identities: a list as JSON.
--: find many (brand i64, network text, identities text) -> (identity text, id i64, name text)
--:   unbounded "one for each identity"
SELECT a.identity, a.id, a.name FROM json_each(:identities) AS wanted CROSS JOIN author a
WHERE a.brand = :brand AND a.network = :network AND a.identity = wanted.value;
--: insert exec (id i64, brand i64, network text, identity text, name text, now i64) rows
INSERT INTO author (id, brand, network, identity, name, first_at)
VALUES (:id, :brand, :network, :identity, :name, :now);
--: rename exec (brand i64, id i64, name text)
UPDATE author SET name = :name WHERE id = :id AND brand = :brand;
--: get one (brand i64, id i64) -> (id i64, network text, identity text, name text)
SELECT id, network, identity, name FROM author WHERE id = :id AND brand = :brand;

-- One of whom nothing is left.
--: forget exec (brand i64, id i64)
DELETE FROM author WHERE id = :id AND brand = :brand
  AND NOT EXISTS (SELECT 1 FROM post p WHERE p.author = :id AND p.author <> 0)
  AND NOT EXISTS (SELECT 1 FROM "case" c WHERE c.author = :id);
