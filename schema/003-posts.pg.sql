-- In place of SQLite's post_search: the terms of post_terms with their places.
CREATE TABLE post_search (
  post bigint PRIMARY KEY,
  terms tsvector NOT NULL
);
CREATE INDEX post_search_terms ON post_search USING gin (terms);
