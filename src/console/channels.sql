-- Accounts and how they do.

--: accounts many (brand i64) -> (id i64, channel text, network text, name text, key text, state i64, success_at i64, item_at i64,
--:   failures i64, error text, next_at i64, send_failures i64, send_error text, send_after i64, incident i64, since i64?)
SELECT a.id, a.channel, a.network, a.name, a.key, a.state, a.success_at, a.item_at, a.failures, a.error, a.next_at,
  a.send_failures, a.send_error, a.send_after, coalesce(i.kind, -1) AS incident, i.since
FROM account a LEFT JOIN incident i ON i.account = a.id AND i.ended_at = 0
WHERE a.brand = :brand ORDER BY a.name, a.id LIMIT 500;

-- Posts per account from an id on; ids carry their time.
--: posts_since many (brand i64, since i64) -> (account i64, n i64) unbounded "one row an account"
SELECT account, count(*) AS n FROM post WHERE brand = :brand AND id > :since GROUP BY account;

--: pulse one (brand i64, account i64) -> (channel text, state i64, success_at i64, attempt_at i64, next_at i64, item_at i64,
--:   items i64, refused i64, fetched i64, held_until i64, asked i64, served i64, failures i64, error text,
--:   send_failures i64, send_error text, send_after i64, send_asked i64, incident i64, since i64?)
SELECT a.channel, a.state, a.success_at, a.attempt_at, a.next_at, a.item_at, a.items, a.refused, a.fetched, a.held_until,
  a.asked, a.served, a.failures, a.error, a.send_failures, a.send_error, a.send_after, a.send_asked,
  coalesce(i.kind, -1) AS incident, i.since
FROM account a LEFT JOIN incident i ON i.account = a.id AND i.ended_at = 0
WHERE a.id = :account AND a.brand = :brand;

--: refused many (brand i64, account i64) -> (id i64, at i64, place text, what text)
SELECT id, at, place, what FROM refused WHERE account = :account AND brand = :brand ORDER BY id DESC LIMIT 50;

--: refused_raw one (brand i64, id i64) -> (place text, raw blob)
SELECT place, raw FROM refused WHERE id = :id AND brand = :brand;

--: deliveries many (brand i64, account i64) -> (at i64, attempt i64, result text, what text, case_id i64?, number i64?)
SELECT d.at, d.attempt, d.result, d.what, m.case_id, c.number
FROM delivery d LEFT JOIN message m ON m.id = d.message LEFT JOIN "case" c ON c.id = m.case_id
WHERE d.account = :account AND d.brand = :brand ORDER BY d.id DESC LIMIT 50;
