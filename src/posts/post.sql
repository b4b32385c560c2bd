--owns: post, thread_ref, post_terms, post_search, attachment, attachment_chunk, refused, correction
-- Posts as they come in. Within an account the external id is unique, so duplicates die on insert.

-- ids: a list of external ids as JSON.
--: find many (brand i64, account i64, ids text) -> (external_id text, id i64, thread i64, author i64, message i64,
--:   extra text, title text, text text, identity text?) unbounded "one for each id"
SELECT p.external_id, p.id, p.thread, p.author, p.message, p.extra, p.title, p.text, a.identity
FROM json_each(:ids) AS wanted CROSS JOIN post p LEFT JOIN author a ON a.id = p.author
WHERE p.account = :account AND p.external_id = wanted.value AND p.brand = :brand;

-- Mails of the brand's other mailboxes under one of two ids.
--: find_elsewhere many (brand i64, account i64, external_id text, other_id text) -> (id i64, author i64, title text, text text)
SELECT p.id, p.author, p.title, p.text FROM account k JOIN post p ON p.account = k.id
WHERE k.brand = :brand AND k.channel = 'mail' AND k.id <> :account AND p.external_id IN (:external_id, :other_id)
  AND p.brand = :brand ORDER BY p.id LIMIT 100;

-- The first post of a thread, and who may know of it.
--: root one (brand i64, thread i64) -> (author i64, message i64, extra text, identity text?)
SELECT p.author, p.message, p.extra, a.identity FROM post p LEFT JOIN author a ON a.id = p.author
WHERE p.id = :thread AND p.brand = :brand;

--: insert exec (id i64, brand i64, account i64, external_id text, thread i64, parent i64, author i64, message i64,
--:   flags i64, published_at i64, received_at i64, reach i64, language i64, relevance i64, reaction i64, request i64,
--:   kind i64, sentiment i64, offence i64, judged text, title text, text text, quoted text, url text, extra text) rows
INSERT INTO post (id, brand, account, external_id, thread, parent, author, message, flags, published_at,
  received_at, reach, language, relevance, reaction, request, kind, sentiment, offence, judged, title, text,
  quoted, url, extra)
VALUES (:id, :brand, :account, :external_id, :thread, :parent, :author, :message, :flags, :published_at,
  :received_at, :reach, :language, :relevance, :reaction, :request, :kind, :sentiment, :offence, :judged, :title,
  :text, :quoted, :url, :extra)
ON CONFLICT (account, external_id) DO NOTHING;

--: get one (brand i64, id i64) -> (id i64, account i64, external_id text, thread i64, author i64, flags i64,
--:   published_at i64, reach i64, language i64, relevance i64, reaction i64, request i64, kind i64, sentiment i64,
--:   offence i64, judged text, title text, text text)
SELECT id, account, external_id, thread, author, flags, published_at, reach, language, relevance, reaction,
  request, kind, sentiment, offence, judged, title, text
FROM post WHERE id = :id AND brand = :brand;

-- External ids of a thread, oldest first: what a mail names as References.
--: thread_ids many (brand i64, thread i64) -> (external_id text)
SELECT external_id FROM post WHERE thread = :thread AND brand = :brand ORDER BY id LIMIT 50;

--: thread_refs many (account i64, ids text) -> (external_id text, thread i64) unbounded "one for each id"
SELECT r.external_id, r.thread FROM json_each(:ids) AS wanted CROSS JOIN thread_ref r
WHERE r.account = :account AND r.external_id = wanted.value;

--: thread_ref_add exec (account i64, external_id text, thread i64)
INSERT INTO thread_ref (account, external_id, thread) VALUES (:account, :external_id, :thread)
ON CONFLICT DO NOTHING;

--: terms_add exec (post i64, analyser i64, terms text) rows
INSERT INTO post_terms (post, analyser, terms) VALUES (:post, :analyser, :terms);

-- For making the index anew.
--: terms_after many (after i64, limit i64) -> (post i64, terms text)
SELECT post, terms FROM post_terms WHERE post > :after ORDER BY post LIMIT :limit;

--: search_add exec (post i64, terms text) rows
INSERT INTO post_search (rowid, terms) VALUES (:post, :terms);

--: attachment_add exec (id i64, brand i64, post i64, name text, type text, size i64)
INSERT INTO attachment (id, brand, post, name, type, size) VALUES (:id, :brand, :post, :name, :type, :size);

--: chunk_add exec (attachment i64, n i64, data blob)
INSERT INTO attachment_chunk (attachment, n, data) VALUES (:attachment, :n, :data);

--: attachment_get one (brand i64, id i64) -> (post i64, name text, type text, size i64)
SELECT post, name, type, size FROM attachment WHERE id = :id AND brand = :brand;

--: chunks many (attachment i64) -> (data blob) unbounded "capped by ITEM_ATTACHMENT_MAX when stored"
SELECT data FROM attachment_chunk WHERE attachment = :attachment ORDER BY n;

--: refused_add exec (id i64, brand i64, account i64, at i64, place text, what text, raw blob)
INSERT INTO refused (id, brand, account, at, place, what, raw)
VALUES (:id, :brand, :account, :at, :place, :what, :raw);

-- Only the newest thousand of an account are kept.
--: refused_trim exec (brand i64, account i64)
DELETE FROM refused WHERE account = :account AND brand = :brand AND id <= (
  SELECT id FROM refused WHERE account = :account AND brand = :brand ORDER BY id DESC LIMIT 1 OFFSET 1000);

--: set_facts exec (brand i64, id i64, language i64, relevance i64, reaction i64, request i64, kind i64,
--:   sentiment i64, offence i64)
UPDATE post SET language = :language, relevance = :relevance, reaction = :reaction, request = :request,
  kind = :kind, sentiment = :sentiment, offence = :offence
WHERE id = :id AND brand = :brand;

--: set_judged exec (brand i64, id i64, judged text)
UPDATE post SET judged = :judged WHERE id = :id AND brand = :brand;

--: correction_add exec (id i64, brand i64, post i64, agent i64, fact i64, before i64, after i64, at i64)
INSERT INTO correction (id, brand, post, agent, fact, before, after, at)
VALUES (:id, :brand, :post, :agent, :fact, :before, :after, :at);

-- What is not kept any longer goes conversation by conversation (flow/retain.c). Posts before an id, oldest first; ended:
-- the conversation has no later post, and nothing of it waits: no case to be worked on, no message on its way.
--: old many (brand i64, before i64, after i64, limit i64) -> (id i64, thread i64, author i64, ended i64)
SELECT p.id, p.thread, p.author, CASE WHEN
    NOT EXISTS (SELECT 1 FROM post n WHERE n.thread = p.thread AND n.id >= :before)
    AND NOT EXISTS (SELECT 1 FROM "case" c WHERE c.thread = p.thread AND (c.state IN (0, 2) OR c.problem <> 0))
    AND NOT EXISTS (SELECT 1 FROM "case" c JOIN message m ON m.case_id = c.id
      WHERE c.thread = p.thread AND m.state IN (0, 1, 2, 4, 5))
  THEN 1 ELSE 0 END AS ended
FROM post p WHERE p.brand = :brand AND p.id < :before AND p.id > :after ORDER BY p.id LIMIT :limit;

-- The same question again, inside the transaction that deletes: 0, nothing speaks against it.
--: thread_needed one (brand i64, thread i64, before i64) -> (n i64)
SELECT (SELECT count(*) FROM post n WHERE n.thread = :thread AND n.brand = :brand AND n.id >= :before)
  + (SELECT count(*) FROM "case" c WHERE c.thread = :thread AND (c.state IN (0, 2) OR c.problem <> 0))
  + (SELECT count(*) FROM "case" c JOIN message m ON m.case_id = c.id
     WHERE c.thread = :thread AND m.state IN (0, 1, 2, 4, 5)) AS n;

--: thread_rest one (brand i64, thread i64) -> (id i64)
SELECT id FROM post WHERE thread = :thread AND brand = :brand ORDER BY id LIMIT 1;

-- The index needs the terms to forget them, so it comes first.
--: search_remove exec (post i64)
DELETE FROM post_search WHERE rowid = :post;
--: terms_remove exec (post i64)
DELETE FROM post_terms WHERE post = :post;
--: chunks_remove exec (brand i64, post i64)
DELETE FROM attachment_chunk WHERE attachment IN (SELECT id FROM attachment WHERE post = :post AND brand = :brand);
--: attachments_remove exec (brand i64, post i64)
DELETE FROM attachment WHERE post = :post AND brand = :brand;
--: corrections_remove exec (brand i64, post i64)
DELETE FROM correction WHERE post = :post AND brand = :brand;
--: remove exec (brand i64, id i64)
DELETE FROM post WHERE id = :id AND brand = :brand;
--: thread_refs_remove exec (thread i64)
DELETE FROM thread_ref WHERE thread = :thread;
--: refused_forget exec (brand i64, before i64)
DELETE FROM refused WHERE account IN (SELECT id FROM account WHERE brand = :brand) AND id < :before AND brand = :brand;
