-- What the settings pages list: the audit log, sessions of an agent, members of a brand.

-- Newest first; before: the id where the last page ended.
--: audit many (brand i64, before i64, limit i64) -> (id i64, at i64, what text, object i64, detail text, agent_name text?,
--:   object_name text?, number i64?, title text?)
SELECT u.id, u.at, u.what, u.object, u.detail, a.name AS agent_name, o.name AS object_name, c.number, c.title
FROM audit u LEFT JOIN agent a ON a.id = u.agent LEFT JOIN agent o ON o.id = u.object
  LEFT JOIN "case" c ON c.id = u.object AND c.brand = u.brand
WHERE u.brand = :brand AND u.id < :before ORDER BY u.id DESC LIMIT :limit;

-- Who was refused what, in the same order; stands among the others.
--: denials many (brand i64, before i64, limit i64) -> (id i64, what text, place text, n i64, last_at i64, agent_name text?,
--:   object_name text?, account_name text?)
SELECT d.id, d.what, d.place, d.n, d.last_at, a.name AS agent_name, o.name AS object_name, k.name AS account_name
FROM denial d LEFT JOIN agent a ON a.id = d.agent LEFT JOIN agent o ON o.id = d.object
  LEFT JOIN account k ON k.id = d.object AND k.brand = d.brand
WHERE d.brand = :brand AND d.id < :before ORDER BY d.id DESC LIMIT :limit;

--: sessions many (agent i64) -> (id i64, seen_at i64, created_at i64, client text) any-brand "the asker's own sessions"
SELECT id, seen_at, created_at, client FROM session WHERE agent = :agent ORDER BY seen_at DESC LIMIT 50;

--: members many (brand i64) -> (agent i64, team i64)
SELECT agent, team FROM team_member WHERE brand = :brand ORDER BY team, agent LIMIT 10000;

-- Somebody of this brand: role + 1 there, in how many brands altogether.
--: member one (brand i64, agent i64) -> (id i64, email text, name text, initials text, disabled_at i64, role i64, brands i64,
--:   has_password i64)
SELECT a.id, a.email, a.name, a.initials, a.disabled_at, m.role, (
    SELECT count(*) FROM membership o WHERE o.agent = a.id) AS brands, 
  CASE WHEN a.password <> '' THEN 1 ELSE 0 END AS has_password
FROM membership m JOIN agent a ON a.id = m.agent WHERE m.brand = :brand AND m.agent = :agent;

-- How many posts lie before an id, counted up to a number.
--: older_posts one (brand i64, before i64, most i64) -> (n i64)
SELECT count(*) AS n FROM (SELECT id FROM post WHERE brand = :brand AND id < :before ORDER BY id LIMIT :most) AS o;
