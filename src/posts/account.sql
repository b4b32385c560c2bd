--owns: account
-- Accounts and their pulse.

--: get one (brand i64, id i64) -> (id i64, brand i64, key text, channel text, network text, name text, is_public i64,
--:   allow_private i64, text_limit i64, settings text, secrets blob?, state i64, cursor text, failures i64,
--:   asked i64, send_failures i64, version i64)
SELECT id, brand, key, channel, network, name, is_public, allow_private, text_limit, settings, secrets, state,
  cursor, failures, asked, send_failures, version
FROM account WHERE id = :id AND brand = :brand;

--: by_key one (brand i64, key text) -> (id i64)
SELECT id FROM account WHERE brand = :brand AND key = :key;

-- A command names an account by its key alone; two brands may use the same one.
--: by_key_any many (key text) -> (id i64, brand i64, brand_key text) any-brand "commands of the administrator"
SELECT a.id, a.brand, b.key AS brand_key FROM account a JOIN brand b ON b.id = a.brand WHERE a.key = :key LIMIT 2;

-- Accounts of all brands that are due and that no living node polls (store/lease.h), for the poller; those whose other
-- side is well first.
--: due many (now i64, at i64, limit i64) -> (id i64, brand i64, failures i64) any-brand "one poller serves all brands"
SELECT a.id, a.brand, a.failures FROM account a WHERE a.state = 0 AND a.next_at <= :now AND NOT EXISTS (
  SELECT 1 FROM lease l JOIN lease n ON n.owner = l.owner AND n.slot >= 0
  WHERE l.name = 'account:' || a.id AND l.until > :at AND n.until > :at)
ORDER BY CASE WHEN a.failures > 0 THEN 1 ELSE 0 END, a.next_at LIMIT :limit;

-- Still due, asked by who has its lease now.
--: is_due one (id i64, now i64) -> (id i64) any-brand "one poller serves all brands"
SELECT id FROM account WHERE id = :id AND state = 0 AND next_at <= :now;

--: insert exec (id i64, brand i64, key text, channel text, network text, name text, is_public i64, allow_private i64,
--:   text_limit i64, settings text, secrets blob?, now i64)
INSERT INTO account (id, brand, key, channel, network, name, is_public, allow_private, text_limit, settings, secrets,
  created_at)
VALUES (:id, :brand, :key, :channel, :network, :name, :is_public, :allow_private, :text_limit, :settings, :secrets,
  :now)
ON CONFLICT (brand, key) DO NOTHING;

--: update exec (brand i64, id i64, name text, network text, is_public i64, allow_private i64, text_limit i64,
--:   settings text, secrets blob?, version i64)
UPDATE account SET name = :name, network = :network, is_public = :is_public, allow_private = :allow_private,
  text_limit = :text_limit, settings = :settings, secrets = :secrets, version = version + 1, next_at = 0, held_until = 0,
  asked = asked + 1, failures = 0, denied = 0, send_after = 0, send_asked = 0, send_failures = 0, send_error = ''
WHERE id = :id AND brand = :brand AND version = :version;

--: set_state exec (brand i64, id i64, state i64)
UPDATE account SET state = :state, version = version + 1, next_at = 0, asked = asked + 1, failures = 0, denied = 0, error = '',
  send_after = 0, send_asked = 0, send_failures = 0, send_error = ''
WHERE id = :id AND brand = :brand;

-- What came of an answer, when it tells of the other side as a whole: held back with all others of the account, or well.
-- failures: as they were when it was tried, and one more, so that several tries at a time count once.
--: send_ill exec (brand i64, id i64, after i64, asked i64, failures i64, error text)
UPDATE account SET send_asked = CASE WHEN :after > send_after THEN :asked ELSE send_asked END,
  send_after = CASE WHEN :after > send_after THEN :after ELSE send_after END,
  send_failures = CASE WHEN :failures > send_failures THEN :failures ELSE send_failures END, send_error = :error
WHERE id = :id AND brand = :brand;
--: send_well exec (brand i64, id i64)
UPDATE account SET send_after = 0, send_asked = 0, send_failures = 0, send_error = ''
WHERE id = :id AND brand = :brand AND send_failures > 0;
-- Somebody wants them tried at once; not while the other side has asked us to wait.
--: send_free exec (brand i64, id i64, now i64)
UPDATE account SET send_after = CASE WHEN send_after > :now THEN :now ELSE send_after END
WHERE id = :id AND brand = :brand AND (send_asked = 0 OR send_after <= :now);

-- The cursor moves only from where the poll began: a poll that was overtaken saves nothing.
--: save_cursor exec (brand i64, id i64, before text, cursor text)
UPDATE account SET cursor = :cursor WHERE id = :id AND brand = :brand AND cursor = :before;

--: save_settings exec (brand i64, id i64, settings text)
UPDATE account SET settings = :settings, version = version + 1 WHERE id = :id AND brand = :brand;

--: next_due one () -> (next_at i64) any-brand "one poller serves all brands"
SELECT next_at FROM account WHERE state = 0 ORDER BY next_at LIMIT 1;

-- The clock was set back (flow/step.c): what waits keeps its wait. And the last attempt, to see that it was.
--: clock_back exec (now i64, by i64) any-brand "one clock for all brands"
UPDATE account SET next_at = CASE WHEN next_at > :now THEN next_at - :by ELSE next_at END,
  attempt_at = CASE WHEN attempt_at > :now THEN attempt_at - :by ELSE attempt_at END,
  held_until = CASE WHEN held_until > :now THEN held_until - :by ELSE held_until END,
  send_after = CASE WHEN send_after > :now THEN send_after - :by ELSE send_after END
WHERE next_at > :now OR attempt_at > :now OR held_until > :now OR send_after > :now;

--: last_attempt one () -> (attempt_at i64) any-brand "one clock for all brands"
SELECT attempt_at FROM account ORDER BY attempt_at DESC LIMIT 1;

-- Nothing to poll before then; says nothing of its health.
--: schedule exec (brand i64, id i64, next_at i64)
UPDATE account SET next_at = :next_at WHERE id = :id AND brand = :brand;

-- Somebody wants news at once: due when the gap since the last attempt has passed.
--: ask_fetch one (brand i64, id i64, now i64, gap i64) -> (asked i64)
UPDATE account SET asked = asked + 1, next_at = CASE WHEN attempt_at + :gap > :now THEN attempt_at + :gap ELSE :now END
WHERE id = :id AND brand = :brand AND state = 0 AND held_until <= :now RETURNING asked;

--: fetch_state one (brand i64, id i64) -> (state i64, asked i64, served i64, attempt_at i64, fetched i64, held_until i64,
--:   error text)
SELECT state, asked, served, attempt_at, fetched, held_until, error FROM account WHERE id = :id AND brand = :brand;

-- The end of a poll. asked: as it was when the poll began; who asked later is served by another one, at again, unless
-- the other side asked us to wait.
--: pulse_well exec (brand i64, id i64, at i64, next_at i64, asked i64, again i64)
UPDATE account SET success_at = :at, attempt_at = :at, next_at = CASE WHEN asked > :asked THEN :again ELSE :next_at END,
  served = :asked, held_until = 0, fetched = 0, failures = 0, denied = 0, error = ''
WHERE id = :id AND brand = :brand;

--: pulse_ill exec (brand i64, id i64, at i64, next_at i64, asked i64, again i64, held_until i64, error text, denied i64,
--:   state i64)
UPDATE account SET attempt_at = :at, served = :asked,
  next_at = CASE WHEN asked > :asked AND :held_until = 0 THEN :again ELSE :next_at END,
  held_until = :held_until, fetched = 0, failures = failures + 1, error = :error,
  denied = :denied,
  state = CASE WHEN state = 0 THEN :state ELSE state END
WHERE id = :id AND brand = :brand;

--: pulse_items exec (brand i64, id i64, at i64, items i64, refused i64)
UPDATE account SET item_at = CASE WHEN :items > 0 THEN :at ELSE item_at END, items = items + :items, fetched = :items,
  refused = refused + :refused, success_at = CASE WHEN :items > 0 THEN :at ELSE success_at END
WHERE id = :id AND brand = :brand;

-- Accounts that may send mail of the program itself, the healthiest first.
--: senders many (brand i64, channel text) -> (id i64)
SELECT id FROM account WHERE brand = :brand AND channel = :channel AND state = 0 ORDER BY failures, id LIMIT 5;
