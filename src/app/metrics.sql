-- What /metrics shows. Each statement costs the same however many posts there are.

--: accounts many (limit i64) -> (brand text, key text, channel text, state i64, success_at i64, item_at i64, next_at i64,
--:   failures i64) any-brand "the operator watches all brands"
SELECT b.key AS brand, a.key, a.channel, a.state, a.success_at, a.item_at, a.next_at, a.failures
FROM account a JOIN brand b ON b.id = a.brand ORDER BY b.key, a.key LIMIT :limit;

-- Each is counted up to most; those of a day ago and before, answered and left open, only grow.
--: cases many (now i64, soon i64, day_ago i64, most i64, limit i64) -> (brand text, waiting i64, answered i64, snoozed i64,
--:   late i64, soon i64, problem i64) any-brand "the operator watches all brands"
SELECT b.key AS brand,
  (SELECT count(*) FROM (SELECT 1 FROM "case" c WHERE c.brand = b.id AND c.state = 0 LIMIT :most) x) AS waiting,
  (SELECT count(*) FROM (SELECT 1 FROM "case" c WHERE c.brand = b.id AND c.state = 1 AND c.answered_at > :day_ago
    LIMIT :most) x) AS answered,
  (SELECT count(*) FROM (SELECT 1 FROM "case" c WHERE c.brand = b.id AND c.state = 2 LIMIT :most) x) AS snoozed,
  (SELECT count(*) FROM (SELECT 1 FROM "case" c WHERE c.brand = b.id AND c.state = 0 AND c.due_at > 0 AND c.due_at <= :now
    LIMIT :most) x) AS late,
  (SELECT count(*) FROM (SELECT 1 FROM "case" c WHERE c.brand = b.id AND c.state = 0 AND c.due_at > :now AND c.due_at <= :soon
    LIMIT :most) x) AS soon,
  (SELECT count(*) FROM (SELECT 1 FROM "case" c WHERE c.brand = b.id AND c.problem <> 0 LIMIT :most) x) AS problem
FROM brand b ORDER BY b.key LIMIT :limit;

-- Sent and recalled ones are history; these are few.
--: outbox one () -> (queued i64, claimed i64, sending i64, failed i64, unclear i64, oldest i64) any-brand
--:   "the operator watches all brands"
SELECT
  (SELECT count(*) FROM message WHERE state = 0) AS queued,
  (SELECT count(*) FROM message WHERE state = 1) AS claimed,
  (SELECT count(*) FROM message WHERE state = 2) AS sending,
  (SELECT count(*) FROM message WHERE state = 4) AS failed,
  (SELECT count(*) FROM message WHERE state = 5) AS unclear,
  coalesce((SELECT not_before FROM message WHERE state = 0 ORDER BY not_before LIMIT 1), 0) AS oldest;

--: nodes one (now i64) -> (n i64)
SELECT count(*) AS n FROM lease WHERE slot >= 0 AND until > :now;

-- The newest file of the schema that was run.
--: version one () -> (number i64)
SELECT coalesce(max(number), 0) AS number FROM migration;

--: incidents many (limit i64) -> (brand text, key text, kind i64, fine_until i64) any-brand "the operator watches all brands"
SELECT b.key AS brand, a.key, i.kind, i.fine_until FROM incident i JOIN account a ON a.id = i.account
JOIN brand b ON b.id = i.brand WHERE i.ended_at = 0 ORDER BY i.id LIMIT :limit;
