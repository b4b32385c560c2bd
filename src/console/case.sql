-- One case with everything that its page shows.

--: head one (brand i64, id i64) -> (id i64, version i64, number i64, thread i64, account i64, author i64, post i64,
--:   title text, state i64, team i64, assignee i64, priority i64, kind i64, tags text, why text, rank_why text,
--:   opened_at i64, waiting_at i64, due_at i64, due_is_first i64, snoozed_until i64, problem i64, channel text,
--:   network text, account_name text, is_public i64, text_limit i64, person text?, identity text?, agent_name text?,
--:   agent_face text?, agent_initials text?)
SELECT c.id, c.version, c.number, c.thread, c.account, c.author, c.post, c.title, c.state, c.team, c.assignee,
  c.priority, c.kind, c.tags, c.why, c.rank_why, c.opened_at, c.waiting_at, c.due_at, c.due_is_first,
  c.snoozed_until, c.problem, k.channel, k.network, k.name AS account_name, k.is_public, k.text_limit,
  a.name AS person, a.identity, g.name AS agent_name, g.face AS agent_face, g.initials AS agent_initials
FROM "case" c JOIN account k ON k.id = c.account LEFT JOIN author a ON a.id = c.author
  LEFT JOIN agent g ON g.id = c.assignee
WHERE c.id = :id AND c.brand = :brand;

-- The newest posts of a thread, with who wrote them and, for ours, which agent.
--: posts many (brand i64, thread i64) -> (id i64, author i64, flags i64, published_at i64, reach i64, language i64,
--:   relevance i64, reaction i64, request i64, kind i64, sentiment i64, judged text, title text, text text,
--:   quoted text, url text, person text?, identity text?, message i64, agent_name text?, agent_face text?,
--:   agent_initials text?)
SELECT p.id, p.author, p.flags, p.published_at, p.reach, p.language, p.relevance, p.reaction, p.request, p.kind,
  p.sentiment, p.judged, p.title, p.text, p.quoted, p.url, a.name AS person, a.identity, p.message,
  g.name AS agent_name, g.face AS agent_face, g.initials AS agent_initials
FROM post p LEFT JOIN author a ON a.id = p.author LEFT JOIN message m ON m.id = p.message
  LEFT JOIN agent g ON g.id = m.agent
WHERE p.thread = :thread AND p.brand = :brand ORDER BY p.id DESC LIMIT 200;

--: attachments many (brand i64, thread i64) -> (id i64, post i64, name text, type text, size i64)
SELECT f.id, f.post, f.name, f.type, f.size FROM post p JOIN attachment f ON f.post = p.id
WHERE p.thread = :thread AND p.brand = :brand ORDER BY f.id LIMIT 200;

--: corrected many (brand i64, thread i64) -> (post i64, fact i64)
SELECT DISTINCT x.post, x.fact FROM post p JOIN correction x ON x.post = p.id
WHERE p.thread = :thread AND p.brand = :brand LIMIT 500;

--: notes many (brand i64, case_id i64) -> (id i64, text text, at i64, agent_name text?, agent_face text?,
--:   agent_initials text?)
SELECT n.id, n.text, n.at, g.name AS agent_name, g.face AS agent_face, g.initials AS agent_initials
FROM note n LEFT JOIN agent g ON g.id = n.agent WHERE n.case_id = :case_id AND n.brand = :brand
ORDER BY n.id DESC LIMIT 200;

-- Messages that somebody should know of: on their way, failed, unclear. One that came back is a post already.
--: messages many (brand i64, case_id i64) -> (id i64, text text, state i64, not_before i64, attempt i64, what text,
--:   post i64, created_at i64, send_after i64, send_asked i64, send_error text, agent_name text?, agent_face text?, agent_initials text?)
SELECT m.id, m.text, m.state, m.not_before, m.attempt, m.what, m.post, m.created_at, a.send_after, a.send_asked,
  a.send_error, g.name AS agent_name, g.face AS agent_face, g.initials AS agent_initials
FROM message m JOIN account a ON a.id = m.account LEFT JOIN agent g ON g.id = m.agent
WHERE m.case_id = :case_id AND m.brand = :brand AND m.state NOT IN (3, 6) ORDER BY m.id DESC LIMIT 50;

--: events many (brand i64, object i64) -> (at i64, what text, detail text, agent_name text?)
SELECT e.at, e.what, e.detail, g.name AS agent_name FROM audit e LEFT JOIN agent g ON g.id = e.agent
WHERE e.brand = :brand AND e.object = :object ORDER BY e.id DESC LIMIT 200;

--: earlier many (brand i64, author i64, id i64) -> (id i64, title text, state i64, opened_at i64)
SELECT id, title, state, opened_at FROM "case" WHERE author = :author AND brand = :brand AND id <> :id
ORDER BY id DESC LIMIT 20;

--: author_posts one (brand i64, author i64) -> (n i64, first_at i64?)
SELECT count(*) AS n, min(published_at) AS first_at FROM post WHERE author = :author AND brand = :brand;

-- The agent's own message that can still be taken back.
--: undo one (brand i64, agent i64, now i64) -> (id i64, case_id i64, not_before i64, person text?)
SELECT m.id, m.case_id, m.not_before, a.name AS person FROM message m JOIN "case" c ON c.id = m.case_id
  LEFT JOIN author a ON a.id = c.author
WHERE m.state = 0 AND m.attempt = 0 AND m.not_before > :now AND m.brand = :brand AND m.agent = :agent
ORDER BY m.id DESC LIMIT 1;

--: post_case one (brand i64, post i64) -> (case_id i64?, thread i64)
SELECT c.id AS case_id, p.thread FROM post p LEFT JOIN "case" c ON c.thread = p.thread
WHERE p.id = :post AND p.brand = :brand;
