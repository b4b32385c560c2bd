-- In place of SQLite's post_search: the terms of post_terms with their places.
CREATE TABLE post_search (
  post bigint PRIMARY KEY,
  terms tsvector NOT NULL
);
CREATE INDEX post_search_terms ON post_search USING gin (terms);
-- With the usual statistics a rare word looks a hundred times as frequent as it is, and a walk over all posts cheap.
ALTER TABLE post_search ALTER COLUMN terms SET STATISTICS 1000;

-- The newest posts that hold what is asked for. Whether the index of terms or a walk back from the newest is quicker
-- depends on how rare the words are: only a plan that sees them can tell, and other statements' plans do not look.
-- $1 what is asked for, $2 brand, $3 ids below, $4 kind, $5 state, $6 network, $7 how many: brand 0, kind and state -1 and
-- an empty network mean any; state 9: no case.
CREATE FUNCTION post_found(tsquery, bigint, bigint, bigint, bigint, text, bigint) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE ROWS 30 SET plan_cache_mode = force_custom_plan AS $$
BEGIN
  RETURN QUERY SELECT s.post FROM post_search s JOIN post p ON p.id = s.post JOIN account k ON k.id = p.account
    LEFT JOIN "case" c ON c.thread = p.thread
  WHERE s.terms @@ $1 AND s.post < $3 AND ($2 = 0 OR p.brand = $2) AND ($4 < 0 OR p.kind = $4)
    AND ($6 = '' OR k.network = $6) AND ($5 < 0 OR c.state = $5 OR ($5 = 9 AND c.id IS NULL))
  ORDER BY s.post DESC LIMIT $7;
END $$;
