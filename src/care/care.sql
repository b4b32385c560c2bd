--owns: case, case_number, note, draft
-- Cases and what agents do with them. States: domain/words.h (0 waiting, 1 answered, 2 snoozed, 3 closed).

--: by_thread one (brand i64, thread i64) -> (id i64, state i64, priority i64, kind i64, team i64, assignee i64,
--:   rank_why text, waiting_at i64, first_answered_at i64, problem i64, version i64)
SELECT id, state, priority, kind, team, assignee, rank_why, waiting_at, first_answered_at, problem, version
FROM "case" WHERE thread = :thread AND brand = :brand;

-- The same of the threads of posts. ids: a list of external ids as JSON.
--: of_posts many (brand i64, account i64, ids text) -> (thread i64, id i64, state i64, priority i64, rank_why text,
--:   waiting_at i64, first_answered_at i64, problem i64) unbounded "one for each id"
SELECT c.thread, c.id, c.state, c.priority, c.rank_why, c.waiting_at, c.first_answered_at, c.problem
FROM json_each(:ids) AS wanted CROSS JOIN post p CROSS JOIN "case" c
WHERE p.account = :account AND p.external_id = wanted.value AND p.brand = :brand AND c.thread = p.thread
  AND c.brand = :brand;

--: get one (brand i64, id i64) -> (id i64, number i64, thread i64, account i64, author i64, post i64, title text,
--:   state i64, team i64, assignee i64, priority i64, kind i64, tags text, waiting_at i64, due_at i64,
--:   due_is_first i64, rank_at i64, rank_why text, answered_at i64, first_answered_at i64, snoozed_until i64,
--:   problem i64, version i64)
SELECT id, number, thread, account, author, post, title, state, team, assignee, priority, kind, tags, waiting_at,
  due_at, due_is_first, rank_at, rank_why, answered_at, first_answered_at, snoozed_until, problem, version
FROM "case" WHERE id = :id AND brand = :brand;

--: next_number one (brand i64) -> (last i64)
INSERT INTO case_number (brand, last) VALUES (:brand, 1)
ON CONFLICT (brand) DO UPDATE SET last = case_number.last + 1 RETURNING last;

-- Many cases of one transaction: the first number by next_number, the last one here.
--: set_number exec (brand i64, last i64)
UPDATE case_number SET last = :last WHERE brand = :brand;

-- Who chose the team may not know yet that it is no more; then there is none.
--: insert exec (id i64, brand i64, number i64, thread i64, account i64, author i64, post i64, title text, words text,
--:   team i64, priority i64, kind i64, language i64, tags text, why text, rank_why text, now i64, waiting_at i64, due_at i64,
--:   rank_at i64, posts i64) rows
INSERT INTO "case" (id, brand, number, thread, account, author, post, title, words, state, team, priority, kind, language,
  tags, why, rank_why, opened_at, waiting_at, due_at, due_is_first, rank_at, posts)
VALUES (:id, :brand, :number, :thread, :account, :author, :post, :title, :words, 0,
  coalesce((SELECT t.id FROM team t WHERE t.id = :team AND t.brand = :brand), 0), :priority, :kind, :language,
  :tags, :why, :rank_why, :now, :waiting_at, :due_at, 1, :rank_at, :posts);

-- A further post that needs a reaction: it decides now. A case that waits already keeps its older clock.
--: wait_again exec (brand i64, id i64, post i64, kind i64, words text, rank_why text, waiting_at i64, due_at i64, rank_at i64)
UPDATE "case" SET posts = posts + 1, post = :post, kind = :kind, words = :words, rank_why = :rank_why,
  waiting_at = CASE WHEN state = 0 AND due_at <> 0 THEN waiting_at ELSE :waiting_at END,
  due_at = CASE WHEN state IN (0, 2) AND due_at <> 0 AND due_at < :due_at
    THEN due_at ELSE :due_at END,
  due_is_first = CASE WHEN first_answered_at = 0 THEN 1 ELSE 0 END,
  rank_at = CASE WHEN state = 0 AND rank_at < :rank_at THEN rank_at ELSE :rank_at END,
  state = 0, snoozed_until = 0, closed_at = 0, version = version + 1
WHERE id = :id AND brand = :brand;

-- A further post that needs nothing, or one of ours.
--: count_post exec (brand i64, id i64)
UPDATE "case" SET posts = posts + 1, version = version + 1 WHERE id = :id AND brand = :brand;

-- Nobody on it: two colleagues cannot take one case.
--: take exec (brand i64, id i64, agent i64)
UPDATE "case" SET assignee = :agent, version = version + 1
WHERE id = :id AND brand = :brand AND assignee = 0;

--: of_team one (brand i64, team i64) -> (n i64)
SELECT count(*) AS n FROM "case" WHERE brand = :brand AND state IN (0, 1, 2, 3) AND team = :team;
-- The cases of one team to another, some at a time. Their version stays: what somebody is writing is not outdated by it.
--: team_move exec (brand i64, team i64, other i64, limit i64)
UPDATE "case" SET team = :other WHERE brand = :brand AND id IN (
  SELECT id FROM "case" WHERE brand = :brand AND state IN (0, 1, 2, 3) AND team = :team LIMIT :limit);

--: assign exec (brand i64, id i64, assignee i64, team i64)
UPDATE "case" SET assignee = :assignee, version = version + 1,
  team = coalesce((SELECT t.id FROM team t WHERE t.id = :team AND t.brand = :brand), 0)
WHERE id = :id AND brand = :brand;

--: answered exec (brand i64, id i64, agent i64, now i64, state i64)
UPDATE "case" SET state = :state, assignee = CASE WHEN assignee = 0 THEN :agent ELSE assignee END, answered_at = :now,
  first_answered_at = CASE WHEN first_answered_at = 0 THEN :now ELSE first_answered_at END,
  closed_at = CASE WHEN :state = 3 THEN :now ELSE 0 END, due_at = 0, snoozed_until = 0, version = version + 1
WHERE id = :id AND brand = :brand;

-- The reply was taken back before it left: it waits on us again, with a clock worked out anew.
--: unanswered exec (brand i64, id i64, due_at i64, rank_at i64, first_answered_at i64)
UPDATE "case" SET state = 0, answered_at = 0, first_answered_at = :first_answered_at, closed_at = 0,
  due_at = :due_at, due_is_first = CASE WHEN :first_answered_at = 0 THEN 1 ELSE 0 END, rank_at = :rank_at,
  version = version + 1
WHERE id = :id AND brand = :brand;

--: close exec (brand i64, id i64, now i64)
UPDATE "case" SET state = 3, closed_at = :now, due_at = 0, snoozed_until = 0, version = version + 1
WHERE id = :id AND brand = :brand AND state <> 3;

--: reopen exec (brand i64, id i64, now i64, due_at i64, rank_at i64)
UPDATE "case" SET state = 0, closed_at = 0, snoozed_until = 0, waiting_at = :now, due_at = :due_at,
  due_is_first = CASE WHEN first_answered_at = 0 THEN 1 ELSE 0 END, rank_at = :rank_at, version = version + 1
WHERE id = :id AND brand = :brand AND state IN (1, 2, 3);

-- The clock goes on while it sleeps: snoozing hides work, it does not stop the customer's hour.
--: snooze exec (brand i64, id i64, until i64)
UPDATE "case" SET state = 2, snoozed_until = :until, version = version + 1
WHERE id = :id AND brand = :brand AND state IN (0, 1);

--: wake many (now i64) -> (id i64, brand i64, version i64) any-brand "one timer serves all brands"
--:   unbounded "at most 200 a turn by the inner LIMIT"
UPDATE "case" SET state = 0, snoozed_until = 0, rank_at = CASE WHEN due_at = 0 THEN :now ELSE rank_at END,
  version = version + 1
WHERE id IN (SELECT id FROM "case" WHERE state = 2 AND snoozed_until <= :now ORDER BY snoozed_until LIMIT 200)
RETURNING id, brand, version;

--: next_wake one () -> (snoozed_until i64) any-brand "one timer serves all brands"
SELECT snoozed_until FROM "case" WHERE state = 2 ORDER BY snoozed_until LIMIT 1;

--: set_rank exec (brand i64, id i64, priority i64, kind i64, due_at i64, rank_at i64, rank_why text)
UPDATE "case" SET priority = :priority, kind = :kind, due_at = :due_at, rank_why = :rank_why,
  rank_at = CASE WHEN problem <> 0 THEN 0 ELSE :rank_at END, version = version + 1
WHERE id = :id AND brand = :brand;

-- A message that failed or is unclear brings the case back to the top.
--: set_problem exec (brand i64, id i64, message i64)
UPDATE "case" SET problem = :message, state = 0, closed_at = 0, snoozed_until = 0, rank_at = 0, version = version + 1
WHERE id = :id AND brand = :brand;
-- Decided. A case that waits for another reason keeps its clock (due_at, rank_at), one that was answered has none.
--: clear_problem exec (brand i64, id i64, message i64, state i64, due_at i64, rank_at i64, now i64)
UPDATE "case" SET problem = 0, state = :state, due_at = :due_at, rank_at = :rank_at,
  closed_at = CASE WHEN :state = 3 THEN :now ELSE 0 END, version = version + 1
WHERE id = :id AND brand = :brand AND problem = :message;
-- Another message of the case that waits for a decision; a bounce can add one at any time.
--: next_problem one (brand i64, id i64) -> (message i64)
SELECT id AS message FROM message WHERE case_id = :id AND brand = :brand AND state IN (4, 5) ORDER BY id LIMIT 1;

--: note_add exec (id i64, brand i64, case_id i64, agent i64, text text, at i64)
INSERT INTO note (id, brand, case_id, agent, text, at) VALUES (:id, :brand, :case_id, :agent, :text, :at);

--: draft_get one (brand i64, agent i64, case_id i64, note i64) -> (text text, at i64)
SELECT text, at FROM draft WHERE agent = :agent AND case_id = :case_id AND note = :note AND brand = :brand;
--: draft_set exec (brand i64, agent i64, case_id i64, note i64, text text, at i64)
INSERT INTO draft (brand, agent, case_id, note, text, at) VALUES (:brand, :agent, :case_id, :note, :text, :at)
ON CONFLICT (agent, case_id, note) DO UPDATE SET text = excluded.text, at = excluded.at;
--: draft_clear exec (brand i64, agent i64, case_id i64, note i64)
DELETE FROM draft WHERE agent = :agent AND case_id = :case_id AND note = :note AND brand = :brand;

-- A case whose conversation is not kept any longer.
--: notes_remove exec (brand i64, case_id i64)
DELETE FROM note WHERE case_id = :case_id AND brand = :brand;
--: drafts_remove exec (brand i64, case_id i64)
DELETE FROM draft WHERE case_id = :case_id AND brand = :brand;
--: remove exec (brand i64, id i64)
DELETE FROM "case" WHERE id = :id AND brand = :brand;
