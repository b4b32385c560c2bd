--: search
SELECT p.id, p.title, p.text FROM post p
WHERE p.id = ANY (ARRAY(SELECT post_found(:match::tsquery, 0, 9223372036854775807, -1, -1, '', :limit)))
ORDER BY p.id DESC;
