--: posts
SELECT p.id, p.title, p.text, p.language, p.kind, k.network, p.published_at, coalesce(a.name, g.name) AS person, c.id AS case_id, c.number,
  c.state, c.title AS case_title
FROM post_search s JOIN post p ON p.id = s.post JOIN account k ON k.id = p.account
  LEFT JOIN author a ON a.id = p.author LEFT JOIN message m ON m.id = p.message LEFT JOIN agent g ON g.id = m.agent
  LEFT JOIN "case" c ON c.thread = p.thread
WHERE s.terms @@ :match::tsquery AND s.post < :before AND p.brand = :brand AND (:kind < 0 OR p.kind = :kind)
  AND (:network = '' OR k.network = :network)
  AND (:state < 0 OR c.state = :state OR (:state = 9 AND c.id IS NULL))
ORDER BY s.post DESC LIMIT :limit;
