-- What commands show.

--: search many (match text, limit i64) -> (id i64, title text, text text) any-brand "command of the administrator"
SELECT p.id, p.title, p.text FROM post_search s JOIN post p ON p.id = s.rowid
WHERE post_search MATCH :match ORDER BY s.rowid DESC LIMIT :limit;

--: accounts many (brand i64) -> (key text, channel text, name text, state i64, items i64, success_at i64, error text)
SELECT key, channel, name, state, items, success_at, error FROM account WHERE brand = :brand ORDER BY key LIMIT 500;

-- A message of the demo that has just been sent, with the post it answers.
--: message_post one (brand i64, message i64) -> (post i64)
SELECT m.parent AS post FROM message m JOIN account a ON a.id = m.account
WHERE m.id = :message AND m.brand = :brand AND m.state = 3 AND a.channel = 'demo';

-- Who wrote a post, and what we answered last.
--: writer one (brand i64, post i64) -> (account i64, identity text, name text, title text, language i64, answer text)
SELECT p.account, a.identity, a.name, p.title, p.language, (
    SELECT o.external_id FROM post o WHERE o.thread = p.thread AND o.message <> 0 ORDER BY o.id DESC LIMIT 1) AS answer
FROM post p JOIN author a ON a.id = p.author WHERE p.id = :post AND p.brand = :brand;

-- --- what zuruf doctor looks at ---

--: accounts_all many () -> (id i64, brand i64, brand_key text, key text, state i64, success_at i64, failures i64, error text)
--:   any-brand "command of the administrator"
SELECT a.id, a.brand, b.key AS brand_key, a.key, a.state, a.success_at, a.failures, a.error
FROM account a JOIN brand b ON b.id = a.brand ORDER BY b.key, a.key LIMIT 500;

-- Failed or unclear (domain/words.h): work for a person.
--: in_doubt one () -> (n i64) any-brand "command of the administrator"
SELECT count(*) AS n FROM message WHERE state IN (4, 5);

-- Not yet tried although their time has come.
--: overdue one (before i64) -> (n i64) any-brand "command of the administrator"
SELECT count(*) AS n FROM message WHERE state = 0 AND not_before < :before AND attempt = 0;
