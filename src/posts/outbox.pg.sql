-- PostgreSQL would read every message to join the one that each account's subquery names; LATERAL asks an account at a
-- time. SQLite has no such word.

--: due
SELECT m.id, m.brand, m.account, a.send_failures AS ill FROM account a CROSS JOIN LATERAL (
  SELECT w.id, w.brand, w.account, w.not_before FROM message w
  WHERE w.account = a.id AND w.state = 0 AND w.not_before <= :now AND NOT EXISTS (
    SELECT 1 FROM message o WHERE o.case_id = w.case_id AND o.id < w.id AND o.state IN (0, 1, 2, 4, 5))
  ORDER BY w.not_before LIMIT 1) m
WHERE a.send_after <= :now AND a.state <> 1
ORDER BY CASE WHEN a.send_failures > 0 THEN 1 ELSE 0 END, m.not_before LIMIT :limit;

--: next_due
SELECT CASE WHEN a.send_after > m.not_before THEN a.send_after ELSE m.not_before END AS at
FROM account a CROSS JOIN LATERAL (
  SELECT w.not_before FROM message w WHERE w.account = a.id AND w.state = 0 AND NOT EXISTS (
    SELECT 1 FROM message o WHERE o.case_id = w.case_id AND o.id < w.id AND o.state IN (0, 1, 2, 4, 5))
  ORDER BY w.not_before LIMIT 1) m
WHERE a.state <> 1
ORDER BY 1 LIMIT 1;
