-- What the desk shows: lists of cases, one case, the rail.

-- A view: all cases in one state. kind -1 and assignee -1 mean any; (after_rank, after_id) is where the last page ended.
--: list many (brand i64, state i64, kind i64, nobody i64, after_rank i64, after_id i64, limit i64)
--:   -> (id i64, version i64, title text, state i64, kind i64, team i64, assignee i64, priority i64, due_at i64,
--:   waiting_at i64, rank_at i64, rank_why text, problem i64, network text, person text?, identity text?, text text,
--:   language i64, request i64, reach i64, words text, agent_name text?, agent_face text?, agent_initials text?)
SELECT c.id, c.version, c.title, c.state, c.kind, c.team, c.assignee, c.priority, c.due_at, c.waiting_at, c.rank_at,
  c.rank_why, c.problem, k.network, a.name AS person, a.identity, substr(p.text, 1, 400) AS text, p.language, p.request, p.reach, c.words,
  g.name AS agent_name, g.face AS agent_face, g.initials AS agent_initials
FROM "case" c JOIN post p ON p.id = c.post JOIN account k ON k.id = c.account
  LEFT JOIN author a ON a.id = c.author LEFT JOIN agent g ON g.id = c.assignee
WHERE c.brand = :brand AND c.state = :state AND (c.rank_at, c.id) > (:after_rank, :after_id)
  AND (:kind < 0 OR c.kind = :kind) AND (:nobody = 0 OR c.assignee = 0)
ORDER BY c.rank_at, c.id LIMIT :limit;

--: list_team many (brand i64, state i64, team i64, kind i64, nobody i64, after_rank i64, after_id i64, limit i64)
--:   -> (id i64, version i64, title text, state i64, kind i64, team i64, assignee i64, priority i64, due_at i64,
--:   waiting_at i64, rank_at i64, rank_why text, problem i64, network text, person text?, identity text?, text text,
--:   language i64, request i64, reach i64, words text, agent_name text?, agent_face text?, agent_initials text?)
SELECT c.id, c.version, c.title, c.state, c.kind, c.team, c.assignee, c.priority, c.due_at, c.waiting_at, c.rank_at,
  c.rank_why, c.problem, k.network, a.name AS person, a.identity, substr(p.text, 1, 400) AS text, p.language, p.request, p.reach, c.words,
  g.name AS agent_name, g.face AS agent_face, g.initials AS agent_initials
FROM "case" c JOIN post p ON p.id = c.post JOIN account k ON k.id = c.account
  LEFT JOIN author a ON a.id = c.author LEFT JOIN agent g ON g.id = c.assignee
WHERE c.brand = :brand AND c.state = :state AND c.team = :team AND (c.rank_at, c.id) > (:after_rank, :after_id)
  AND (:kind < 0 OR c.kind = :kind) AND (:nobody = 0 OR c.assignee = 0)
ORDER BY c.rank_at, c.id LIMIT :limit;

--: list_mine many (brand i64, state i64, agent i64, kind i64, after_rank i64, after_id i64, limit i64)
--:   -> (id i64, version i64, title text, state i64, kind i64, team i64, assignee i64, priority i64, due_at i64,
--:   waiting_at i64, rank_at i64, rank_why text, problem i64, network text, person text?, identity text?, text text,
--:   language i64, request i64, reach i64, words text, agent_name text?, agent_face text?, agent_initials text?)
SELECT c.id, c.version, c.title, c.state, c.kind, c.team, c.assignee, c.priority, c.due_at, c.waiting_at, c.rank_at,
  c.rank_why, c.problem, k.network, a.name AS person, a.identity, substr(p.text, 1, 400) AS text, p.language, p.request, p.reach, c.words,
  g.name AS agent_name, g.face AS agent_face, g.initials AS agent_initials
FROM "case" c JOIN post p ON p.id = c.post JOIN account k ON k.id = c.account
  LEFT JOIN author a ON a.id = c.author LEFT JOIN agent g ON g.id = c.assignee
WHERE c.brand = :brand AND c.assignee = :agent AND c.state = :state AND (c.rank_at, c.id) > (:after_rank, :after_id)
  AND (:kind < 0 OR c.kind = :kind)
ORDER BY c.rank_at, c.id LIMIT :limit;

-- The one row of a case, for live updates.
--: row one (brand i64, id i64)
--:   -> (id i64, version i64, title text, state i64, kind i64, team i64, assignee i64, priority i64, due_at i64,
--:   waiting_at i64, rank_at i64, rank_why text, problem i64, network text, person text?, identity text?, text text,
--:   language i64, request i64, reach i64, words text, agent_name text?, agent_face text?, agent_initials text?)
SELECT c.id, c.version, c.title, c.state, c.kind, c.team, c.assignee, c.priority, c.due_at, c.waiting_at, c.rank_at,
  c.rank_why, c.problem, k.network, a.name AS person, a.identity, substr(p.text, 1, 400) AS text, p.language, p.request, p.reach, c.words,
  g.name AS agent_name, g.face AS agent_face, g.initials AS agent_initials
FROM "case" c JOIN post p ON p.id = c.post JOIN account k ON k.id = c.account
  LEFT JOIN author a ON a.id = c.author LEFT JOIN agent g ON g.id = c.assignee
WHERE c.id = :id AND c.brand = :brand;

-- How many open cases there are of each sort: what chips, views and teams count.
--: tally many (brand i64) -> (state i64, kind i64, team i64, assignee i64, n i64)
SELECT state, kind, team, assignee, count(*) AS n FROM "case" INDEXED BY case_tally WHERE brand = :brand AND state < 3
GROUP BY state, kind, team, assignee LIMIT 20000;

-- Accounts that need somebody, and nobody knows of it.
--: ill_accounts one (brand i64, now i64) -> (n i64)
SELECT count(*) AS n FROM incident WHERE brand = :brand AND ended_at = 0 AND fine_until <= :now;

-- Who was seen within the last minutes.
--: on_duty many (brand i64, since i64) -> (name text, face text, initials text)
SELECT a.name, a.face, a.initials FROM membership m JOIN agent a ON a.id = m.agent
WHERE m.brand = :brand AND a.disabled_at = 0 AND EXISTS (
  SELECT 1 FROM session s WHERE s.agent = a.id AND s.seen_at > :since) ORDER BY a.name LIMIT 8;

--: me one (brand i64, agent i64) -> (name text, face text, initials text, density text, single_keys i64)
SELECT a.name, a.face, a.initials, a.density, a.single_keys FROM agent a JOIN membership m ON m.agent = a.id
WHERE a.id = :agent AND m.brand = :brand;

--: other_brands many (brand i64, agent i64) -> (id i64, name text)
SELECT b.id, b.name FROM membership m JOIN brand b ON b.id = m.brand WHERE m.agent = :agent AND m.brand <> :brand
ORDER BY b.name LIMIT 50;
