--owns: rhythm, incident
-- Watching the accounts: rhythms and incidents. An account has one open incident at most: the gravest.

-- All accounts with what watching needs to know, page by page.
--: accounts many (after i64, limit i64) -> (id i64, brand i64, key text, channel text, state i64, success_at i64,
--:   next_at i64, item_at i64, items i64, failures i64, denied i64, error text, send_failures i64, send_error text, created_at i64, rhythm blob?,
--:   seen i64?, incident i64?, kind i64?, opened_at i64?) any-brand "one job watches all brands"
SELECT a.id, a.brand, a.key, a.channel, a.state, a.success_at, a.next_at, a.item_at, a.items, a.failures, a.denied,
  a.error, a.send_failures, a.send_error, a.created_at, r.state AS rhythm, r.items AS seen, i.id AS incident, i.kind, i.opened_at
FROM account a LEFT JOIN rhythm r ON r.account = a.id LEFT JOIN incident i ON i.account = a.id AND i.ended_at = 0
WHERE a.id > :after ORDER BY a.id LIMIT :limit;

--: rhythm_get one (brand i64, account i64) -> (items i64, state blob)
SELECT items, state FROM rhythm WHERE account = :account AND brand = :brand;

--: rhythm_put exec (brand i64, account i64, items i64, state blob)
INSERT INTO rhythm (account, brand, items, state) VALUES (:account, :brand, :items, :state)
ON CONFLICT (account) DO UPDATE SET items = excluded.items, state = excluded.state;

--: open exec (id i64, brand i64, account i64, kind i64, since i64, usual i64, what text, now i64, tell_at i64)
INSERT INTO incident (id, brand, account, kind, since, usual, what, opened_at, tell_at)
VALUES (:id, :brand, :account, :kind, :since, :usual, :what, :now, :tell_at);

-- The same trouble so soon again is the same incident.
--: reopen exec (brand i64, account i64, kind i64, after i64, what text)
UPDATE incident SET ended_at = 0, what = :what WHERE id = (
  SELECT id FROM incident WHERE account = :account AND brand = :brand ORDER BY id DESC LIMIT 1)
AND brand = :brand AND kind = :kind AND ended_at > :after;

-- It turned out to be another trouble: the mail about it still goes out once.
--: change exec (brand i64, id i64, kind i64, what text)
UPDATE incident SET kind = :kind, what = :what, usual = 0 WHERE id = :id AND brand = :brand AND ended_at = 0;

-- quiet: nobody needs to be told of the end, as when somebody paused the account.
--: end exec (brand i64, id i64, now i64, tell_at i64, quiet i64)
UPDATE incident SET ended_at = :now, tell_at = :tell_at,
  told = CASE WHEN told = 0 OR :quiet = 1 THEN 2 ELSE told END
WHERE id = :id AND brand = :brand AND ended_at = 0;

--: fine exec (brand i64, account i64, agent i64, until i64)
UPDATE incident SET fine_until = :until, fine_by = :agent WHERE account = :account AND brand = :brand AND ended_at = 0;

--: open_of one (brand i64, account i64) -> (id i64, kind i64, since i64, usual i64, what text, opened_at i64,
--:   fine_until i64)
SELECT id, kind, since, usual, what, opened_at, fine_until FROM incident
WHERE account = :account AND brand = :brand AND ended_at = 0;

--: open_list many (brand i64) -> (account i64, name text, channel text, network text, kind i64, since i64, usual i64,
--:   what text, opened_at i64, fine_until i64)
SELECT i.account, a.name, a.channel, a.network, i.kind, i.since, i.usual, i.what, i.opened_at, i.fine_until
FROM incident i JOIN account a ON a.id = i.account WHERE i.brand = :brand AND i.ended_at = 0 ORDER BY i.opened_at LIMIT 100;

--: last many (brand i64, account i64) -> (kind i64, since i64, opened_at i64, ended_at i64)
SELECT kind, since, opened_at, ended_at FROM incident WHERE account = :account AND brand = :brand ORDER BY id DESC LIMIT 10;

-- What is to be told by mail: beginnings that last for a while and that nobody calls fine, and ends of what was told.
--: to_tell many (now i64) -> (id i64, brand i64, account i64, name text, kind i64, since i64, usual i64, what text,
--:   opened_at i64, ended_at i64, tries i64) any-brand "one mailer serves all brands"
SELECT i.id, i.brand, i.account, a.name, i.kind, i.since, i.usual, i.what, i.opened_at, i.ended_at, i.tries
FROM incident i JOIN account a ON a.id = i.account
WHERE i.told < 2 AND i.tell_at <= :now AND i.fine_until <= :now AND (i.ended_at > 0 OR i.told = 0)
ORDER BY i.tell_at LIMIT 100;

-- Mine for a while: another node tells something else.
--: claim exec (brand i64, id i64, now i64, until i64)
UPDATE incident SET tell_at = :until, tries = tries + 1 WHERE id = :id AND brand = :brand AND tell_at <= :now AND told < 2;

-- told: 1 it began, 2 its end or nothing more.
--: told exec (brand i64, id i64, told i64)
UPDATE incident SET told = :told, tell_at = 0, tries = 0 WHERE id = :id AND brand = :brand AND told < :told;

-- What was told by mail since a moment, beginnings and ends: the brake against a flood.
--: told_lately one (brand i64, since i64) -> (n i64)
SELECT (SELECT count(*) FROM incident WHERE brand = :brand AND told > 0 AND opened_at > :since) +
  (SELECT count(*) FROM incident WHERE brand = :brand AND told = 2 AND ended_at > :since) AS n;
