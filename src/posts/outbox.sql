--owns: message, delivery
-- Where messages wait. States and their order: domain/words.h; the way of a message: flow/deliver.h.

--: insert exec (id i64, brand i64, account i64, thread i64, case_id i64, parent i64, agent i64, key text, text text,
--:   not_before i64, close_after i64, now i64)
INSERT INTO message (id, brand, account, thread, case_id, parent, agent, key, text, state, not_before, close_after,
  created_at)
VALUES (:id, :brand, :account, :thread, :case_id, :parent, :agent, :key, :text, 0, :not_before, :close_after, :now);

--: get one (brand i64, id i64) -> (id i64, account i64, thread i64, case_id i64, parent i64, agent i64, key text,
--:   text text, state i64, not_before i64, attempt i64, owner i64, close_after i64, created_at i64, external_id text, post i64, version i64)
SELECT id, account, thread, case_id, parent, agent, key, text, state, not_before, attempt, owner, close_after,
  created_at, external_id, post, version
FROM message WHERE id = :id AND brand = :brand;

-- Of each account that is not paused and whose answers are not held back, the message that is due the longest; of all brands, those whose
-- other side is well first. A message waits while an older one of its case is not settled, so that order holds: also
-- behind one that failed or is unclear, until a person has decided about it.
--: due many (now i64, limit i64) -> (id i64, brand i64, account i64, ill i64) any-brand "one sender serves all brands"
SELECT m.id, m.brand, m.account, a.send_failures AS ill FROM account a JOIN message m ON m.id = (
  SELECT w.id FROM message w WHERE w.account = a.id AND w.state = 0 AND w.not_before <= :now AND NOT EXISTS (
    SELECT 1 FROM message o WHERE o.case_id = w.case_id AND o.id < w.id AND o.state IN (0, 1, 2, 4, 5))
  ORDER BY w.not_before LIMIT 1)
WHERE a.send_after <= :now AND a.state <> 1
ORDER BY CASE WHEN a.send_failures > 0 THEN 1 ELSE 0 END, m.not_before LIMIT :limit;

--: next_due one () -> (at i64) any-brand "one sender serves all brands"
SELECT CASE WHEN a.send_after > m.not_before THEN a.send_after ELSE m.not_before END AS at
FROM account a JOIN message m ON m.id = (
  SELECT w.id FROM message w WHERE w.account = a.id AND w.state = 0 AND NOT EXISTS (
    SELECT 1 FROM message o WHERE o.case_id = w.case_id AND o.id < w.id AND o.state IN (0, 1, 2, 4, 5))
  ORDER BY w.not_before LIMIT 1)
WHERE a.state <> 1
ORDER BY 1 LIMIT 1;

-- The clock was set back (flow/step.c): what waits keeps its wait. And the newest message, to see that it was.
--: clock_back exec (now i64, by i64) any-brand "one clock for all brands"
UPDATE message SET not_before = not_before - :by WHERE state = 0 AND not_before > :now;

--: newest one () -> (created_at i64) any-brand "one clock for all brands"
SELECT created_at FROM message ORDER BY id DESC LIMIT 1;

-- As it was when it was listed as due: not one that another sender has tried meanwhile, and no other of its case on
-- its way (of two nodes, one may not have seen yet what the other claims).
--: claim exec (brand i64, id i64, owner i64, attempt i64, now i64)
UPDATE message SET state = 1, owner = :owner, attempt = attempt + 1, version = version + 1
WHERE id = :id AND brand = :brand AND state = 0 AND attempt = :attempt AND not_before <= :now AND NOT EXISTS (
  SELECT 1 FROM message o WHERE o.case_id = message.case_id AND o.id <> message.id AND (
    o.state IN (1, 2) OR (o.id < message.id AND o.state IN (0, 4, 5))))
  AND NOT EXISTS (SELECT 1 FROM account a WHERE a.id = message.account AND (a.send_after > :now OR a.state = 1));

-- From here on the peer may act on it.
--: mark_sending exec (brand i64, id i64, owner i64)
UPDATE message SET state = 2, version = version + 1
WHERE id = :id AND brand = :brand AND state = 1 AND owner = :owner;

--: settle exec (brand i64, id i64, owner i64, state i64, not_before i64, external_id text, post i64, what text,
--:   sent_at i64)
UPDATE message SET state = :state, not_before = :not_before, external_id = :external_id, post = :post, what = :what,
  sent_at = :sent_at, owner = 0, version = version + 1
WHERE id = :id AND brand = :brand AND state IN (1, 2) AND owner = :owner;

-- Somebody wants it tried again at once: one message, or with 0 all of the account.
--: hasten exec (brand i64, account i64, message i64, now i64)
UPDATE message SET not_before = :now, version = version + 1
WHERE account = :account AND brand = :brand AND state = 0 AND attempt > 0 AND not_before > :now
  AND (id = :message OR :message = 0);

--: recall exec (brand i64, id i64)
UPDATE message SET state = 6, version = version + 1 WHERE id = :id AND brand = :brand AND state = 0 AND attempt = 0;

-- A person decided: send again (a new try with the same key), or it did arrive, or let it be.
--: requeue exec (brand i64, id i64, now i64)
UPDATE message SET state = 0, not_before = :now, what = '', version = version + 1
WHERE id = :id AND brand = :brand AND state IN (4, 5);
--: settle_by_hand exec (brand i64, id i64, state i64, post i64, now i64)
UPDATE message SET state = :state, sent_at = CASE WHEN :state = 3 THEN :now ELSE 0 END, post = :post, version = version + 1
WHERE id = :id AND brand = :brand AND state IN (4, 5);

-- Claims of runs whose node is dead by the database's clock (store/lease.h).
--: orphans many (now i64, limit i64) -> (id i64, brand i64, case_id i64, account i64, owner i64, state i64)
--:   any-brand "one job serves all brands"
SELECT m.id, m.brand, m.case_id, m.account, m.owner, m.state FROM message m
WHERE m.state IN (1, 2) AND NOT EXISTS (
  SELECT 1 FROM lease n WHERE n.owner = m.owner AND n.slot >= 0 AND n.until > :now)
LIMIT :limit;

--: take_over exec (brand i64, id i64, owner i64, before i64, state i64, what text)
UPDATE message SET state = :state, owner = 0, what = CASE WHEN :what = '' THEN what ELSE :what END,
  version = version + 1
WHERE id = :id AND brand = :brand AND state = :before AND owner = :owner;

-- An answer that was given elsewhere: it never waits to be sent.
--: recorded exec (brand i64, id i64, post i64, at i64)
UPDATE message SET state = 3, post = :post, sent_at = :at, version = version + 1
WHERE id = :id AND brand = :brand AND state = 0;

-- Other replies of the case that have left or will, written since.
--: others one (brand i64, case_id i64, id i64, since i64) -> (n i64)
SELECT count(*) AS n FROM message
WHERE case_id = :case_id AND brand = :brand AND id <> :id AND created_at >= :since AND state IN (0, 1, 2, 3);

--: delivery_add exec (id i64, brand i64, account i64, message i64, at i64, attempt i64, result text, what text)
INSERT INTO delivery (id, brand, account, message, at, attempt, result, what)
VALUES (:id, :brand, :account, :message, :at, :attempt, :result, :what);

-- The message that carried this key: a bounce names it.
--: by_key one (brand i64, key text) -> (id i64, case_id i64, state i64)
SELECT id, case_id, state FROM message WHERE key = :key AND brand = :brand;

--: bounced exec (brand i64, id i64, what text)
UPDATE message SET state = 4, what = :what, version = version + 1
WHERE id = :id AND brand = :brand AND state IN (3, 5);

-- The data come from a backup: what waited then may have left since, or have been taken back.
--: waiting many () -> (id i64, brand i64, case_id i64) any-brand "after a restore, all brands"
--:   unbounded "what was written in the last seconds before a backup"
SELECT id, brand, case_id FROM message WHERE state IN (0, 1, 2);
--: doubt exec (brand i64, id i64, what text)
UPDATE message SET state = 5, owner = 0, what = :what, version = version + 1
WHERE id = :id AND brand = :brand AND state IN (0, 1, 2);

-- Of a case whose conversation is not kept any longer.
--: deliveries_remove exec (brand i64, case_id i64)
DELETE FROM delivery WHERE brand = :brand
  AND message IN (SELECT id FROM message WHERE case_id = :case_id AND brand = :brand);
--: messages_remove exec (brand i64, case_id i64)
DELETE FROM message WHERE case_id = :case_id AND brand = :brand;
