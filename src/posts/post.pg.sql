-- A term's place is its number, so that phrases mean the same as in SQLite's index.
--: search_add
INSERT INTO post_search (post, terms)
VALUES (:post, (SELECT coalesce(string_agg('''' || t.term || ''':' || t.place, ' '), '')::tsvector
  FROM unnest(string_to_array(:terms, ' ')) WITH ORDINALITY AS t (term, place)));

--: search_remove
DELETE FROM post_search WHERE post = :post;
