--: search
SELECT p.id, p.title, p.text FROM post_search s JOIN post p ON p.id = s.post
WHERE s.terms @@ :match::tsquery ORDER BY s.post DESC LIMIT :limit;
