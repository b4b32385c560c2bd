-- What commands show.

--: search many (match text, limit i64) -> (id i64, title text, text text) any-brand "command of the administrator"
SELECT p.id, p.title, p.text FROM post_search s JOIN post p ON p.id = s.rowid
WHERE post_search MATCH :match ORDER BY s.rowid DESC LIMIT :limit;

--: accounts many (brand i64) -> (key text, channel text, name text, state i64, items i64, success_at i64, error text)
SELECT key, channel, name, state, items, success_at, error FROM account WHERE brand = :brand ORDER BY key LIMIT 500;
