-- Search over the posts of a brand.

-- Newest first; before: the id where the last page ended. kind and state -1 and an empty network mean any; state 9: no case.
--: posts many (brand i64, match text, before i64, kind i64, state i64, network text, limit i64) -> (id i64, title text, text text,
--:   language i64, kind i64, network text, published_at i64, person text?, case_id i64?, number i64?, state i64?,
--:   case_title text?)
SELECT p.id, p.title, p.text, p.language, p.kind, k.network, p.published_at, coalesce(a.name, g.name) AS person, c.id AS case_id, c.number,
  c.state, c.title AS case_title
FROM post_search s JOIN post p ON p.id = s.rowid JOIN account k ON k.id = p.account
  LEFT JOIN author a ON a.id = p.author LEFT JOIN message m ON m.id = p.message LEFT JOIN agent g ON g.id = m.agent
  LEFT JOIN "case" c ON c.thread = p.thread
WHERE post_search MATCH :match AND s.rowid < :before AND p.brand = :brand AND (:kind < 0 OR p.kind = :kind)
  AND (:network = '' OR k.network = :network)
  AND (:state < 0 OR c.state = :state OR (:state = 9 AND c.id IS NULL))
ORDER BY s.rowid DESC LIMIT :limit;

-- Accounts of a network, or all: where to look, and how many posts came by each.
--: accounts many (brand i64, network text, limit i64) -> (id i64, items i64)
SELECT id, items FROM account WHERE brand = :brand AND (:network = '' OR network = :network) ORDER BY id LIMIT :limit;

--: case_numbered one (brand i64, number i64) -> (id i64)
SELECT id FROM "case" WHERE brand = :brand AND number = :number;

--: networks many (brand i64) -> (network text)
SELECT DISTINCT network FROM account WHERE brand = :brand ORDER BY network LIMIT 50;

--: thread_post one (brand i64, id i64) -> (id i64, title text, text text, case_id i64?)
SELECT p.id, p.title, p.text, c.id AS case_id FROM post p LEFT JOIN "case" c ON c.thread = p.thread
WHERE p.id = :id AND p.brand = :brand;
