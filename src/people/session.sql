--owns: session, api_token
-- Browser sessions and bearer tokens. Only hashes of what the asker holds are kept.

--: find one (token blob, now i64) -> (id i64, agent i64, brand i64, seen_at i64, expires_at i64, name text,
--:   initials text, language text, theme text, disabled_at i64, role i64?)
--:   any-brand "the session says which brand; its role there comes with it"
SELECT s.id, s.agent, s.brand, s.seen_at, s.expires_at, a.name, a.initials, a.language, a.theme, a.disabled_at,
  (SELECT m.role + 1 FROM membership m WHERE m.agent = s.agent AND m.brand = s.brand) AS role
FROM session s JOIN agent a ON a.id = s.agent WHERE s.token = :token AND s.expires_at > :now;

--: insert exec (id i64, token blob, agent i64, brand i64, now i64, expires_at i64, client text)
--:   any-brand "a session belongs to an agent"
INSERT INTO session (id, token, agent, brand, created_at, seen_at, expires_at, client)
VALUES (:id, :token, :agent, :brand, :now, :now, :expires_at, :client);

--: seen exec (id i64, now i64, expires_at i64) any-brand "a session belongs to an agent"
UPDATE session SET seen_at = :now, expires_at = :expires_at WHERE id = :id;
--: set_brand exec (id i64, brand i64)
UPDATE session SET brand = :brand WHERE id = :id;
--: end exec (id i64) any-brand "a session belongs to an agent"
DELETE FROM session WHERE id = :id;
--: end_own exec (agent i64, id i64) any-brand "a session belongs to an agent"
DELETE FROM session WHERE id = :id AND agent = :agent;
--: end_all exec (agent i64, except i64) any-brand "a session belongs to an agent"
DELETE FROM session WHERE agent = :agent AND id <> :except;
--: expire exec (now i64) any-brand "all of them"
DELETE FROM session WHERE expires_at < :now;

--: token_find one (token blob) -> (id i64, brand i64, account i64, revoked_at i64) any-brand "the token says which brand"
SELECT id, brand, account, revoked_at FROM api_token WHERE token = :token;
--: token_add exec (id i64, brand i64, account i64, token blob, name text, now i64)
INSERT INTO api_token (id, brand, account, token, name, created_at)
VALUES (:id, :brand, :account, :token, :name, :now);
--: token_revoke_all exec (brand i64, account i64, now i64)
UPDATE api_token SET revoked_at = :now WHERE account = :account AND brand = :brand AND revoked_at = 0;

-- The data come from a backup: who was signed out since would be signed in again.
--: end_everyone exec () any-brand "after a restore, all of them"
DELETE FROM session;
