-- What is found, and in which order, is the schema's function's; the rest only shows it.
--: posts
SELECT p.id, p.title, p.text, p.language, p.kind, k.network, p.published_at, coalesce(a.name, g.name) AS person, c.id AS case_id, c.number,
  c.state, c.title AS case_title
FROM post p JOIN account k ON k.id = p.account
  LEFT JOIN author a ON a.id = p.author LEFT JOIN message m ON m.id = p.message LEFT JOIN agent g ON g.id = m.agent
  LEFT JOIN "case" c ON c.thread = p.thread
WHERE p.id = ANY (ARRAY(SELECT post_found(:match::tsquery, :brand, :before, :kind, :state, :network, :limit)))
ORDER BY p.id DESC;
