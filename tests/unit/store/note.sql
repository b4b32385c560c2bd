--owns: note, word

-- One statement of each kind and type: what tools/sqlc makes of them is tested through them.
--: add exec (id i64, brand i64, body text, extra text?, score real, raw blob?, parent i64?) rows
INSERT INTO note(id, brand, body, extra, score, raw, parent)
VALUES (:id, :brand, :body, :extra, :score, :raw, :parent);

--: get one (brand i64, id i64)
--:   -> (id i64, body text, extra text?, score real, raw blob?, parent i64?)
SELECT id, body, extra, score, raw, parent FROM note WHERE brand = :brand AND id = :id;

--: list many (brand i64, before i64, limit i64) -> (id i64, body text)
SELECT id, body FROM note WHERE brand = :brand AND id < :before ORDER BY id DESC LIMIT :limit;

--: count one -> (n i64) any-brand "counts what the test wrote"
SELECT count(*) AS n FROM note;

--: rename exec (brand i64, id i64, body text)
UPDATE note SET body = :body WHERE brand = :brand AND id = :id;

--: bump one (name text) -> (n i64)
INSERT INTO word(name, n) VALUES (:name, 1)
ON CONFLICT(name) DO UPDATE SET n = word.n + 1
RETURNING n;

--: words many -> (name text, n i64) unbounded "a handful in the test"
SELECT name, n FROM word ORDER BY name;
