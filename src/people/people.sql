--owns: agent, membership, team_member, signin_link, audit, denial
-- Agents and what they may do.

--: agent_get one (agent i64) -> (id i64, email text, name text, initials text, language text, theme text, density text,
--:   single_keys i64, face text, disabled_at i64, version i64)
SELECT id, email, name, initials, language, theme, density, single_keys, face, disabled_at, version
FROM agent WHERE id = :agent;

--: agent_by_email one (email text) -> (id i64, name text, password text, disabled_at i64)
SELECT id, name, password, disabled_at FROM agent WHERE email = :email;

--: agent_password one (agent i64) -> (password text)
SELECT password FROM agent WHERE id = :agent;

--: agent_insert exec (id i64, email text, name text, initials text, password text, language text, face text, now i64)
INSERT INTO agent (id, email, name, initials, password, language, face, created_at)
VALUES (:id, :email, :name, :initials, :password, :language, :face, :now) ON CONFLICT (email) DO NOTHING;

--: agent_update exec (agent i64, name text, initials text, language text, theme text, density text, single_keys i64)
UPDATE agent SET name = :name, initials = :initials, language = :language, theme = :theme, density = :density,
  single_keys = :single_keys, version = version + 1
WHERE id = :agent;

--: agent_set_password exec (agent i64, password text)
UPDATE agent SET password = :password, version = version + 1 WHERE id = :agent;

--: agent_disable exec (agent i64, at i64)
UPDATE agent SET disabled_at = :at, version = version + 1 WHERE id = :agent;

--: agent_count one () -> (n i64)
SELECT count(*) AS n FROM agent;

-- Agents of a brand, for lists and menus.
--: agents many (brand i64) -> (id i64, email text, name text, initials text, face text, role i64, disabled_at i64)
SELECT a.id, a.email, a.name, a.initials, a.face, m.role, a.disabled_at FROM membership m JOIN agent a ON a.id = m.agent WHERE m.brand = :brand ORDER BY a.name LIMIT 1000;

--: role one (brand i64, agent i64) -> (role i64, disabled_at i64)
SELECT m.role, a.disabled_at FROM membership m JOIN agent a ON a.id = m.agent
WHERE m.agent = :agent AND m.brand = :brand;
--: brands_of many (agent i64) -> (brand i64, role i64, name text) any-brand "the asker's own brands"
SELECT m.brand, m.role, b.name FROM membership m JOIN brand b ON b.id = m.brand
WHERE m.agent = :agent ORDER BY b.name LIMIT 100;
--: role_set exec (brand i64, agent i64, role i64)
INSERT INTO membership (brand, agent, role) VALUES (:brand, :agent, :role)
ON CONFLICT (agent, brand) DO UPDATE SET role = excluded.role;
--: role_remove exec (brand i64, agent i64)
DELETE FROM membership WHERE agent = :agent AND brand = :brand;
--: administrators one (brand i64) -> (n i64)
SELECT count(*) AS n FROM membership m JOIN agent a ON a.id = m.agent
WHERE m.brand = :brand AND m.role = 3 AND a.disabled_at = 0;

--: team_join exec (brand i64, team i64, agent i64)
INSERT INTO team_member (brand, team, agent) VALUES (:brand, :team, :agent) ON CONFLICT DO NOTHING;
--: team_size one (brand i64, team i64) -> (n i64)
SELECT count(*) AS n FROM team_member WHERE team = :team AND brand = :brand;
--: team_join_as exec (brand i64, team i64, other i64)
INSERT INTO team_member (brand, team, agent)
SELECT m.brand, :team, m.agent FROM team_member m WHERE m.team = :other AND m.brand = :brand ON CONFLICT DO NOTHING;
--: team_clear exec (brand i64, team i64)
DELETE FROM team_member WHERE team = :team AND brand = :brand;
--: team_leave_all exec (brand i64, agent i64)
DELETE FROM team_member WHERE agent = :agent AND brand = :brand;

--: link_add exec (token blob, agent i64, expires_at i64)
INSERT INTO signin_link (token, agent, expires_at) VALUES (:token, :agent, :expires_at);
--: link_use one (token blob, now i64) -> (agent i64)
UPDATE signin_link SET used_at = :now WHERE token = :token AND used_at = 0 AND expires_at > :now RETURNING agent;
--: links_drop exec (agent i64)
DELETE FROM signin_link WHERE agent = :agent;
--: links_expire exec (now i64)
DELETE FROM signin_link WHERE expires_at < :now;

--: audit_add exec (id i64, brand i64, agent i64, at i64, what text, object i64, detail text)
INSERT INTO audit (id, brand, agent, at, what, object, detail)
VALUES (:id, :brand, :agent, :at, :what, :object, :detail);

-- Who was refused what: a line for each asker, act and hour (people/denial.h).
--: denial_add exec (id i64, brand i64, hour i64, agent i64, object i64, what text, place text, n i64, at i64)
INSERT INTO denial (id, brand, hour, agent, object, what, place, n, last_at)
VALUES (:id, :brand, :hour, :agent, :object, :what, :place, :n, :at)
ON CONFLICT (hour, brand, agent, object, what, place)
DO UPDATE SET n = denial.n + excluded.n, last_at = excluded.last_at;
--: denials_expire exec (before i64) any-brand "of all brands, by time"
DELETE FROM denial WHERE hour < :before;

-- The data come from a backup: a link that was used since would open again.
--: links_end exec () any-brand "after a restore, all of them"
DELETE FROM signin_link;

-- What concerns all brands is for those who administer each of them (3: domain/words.h, ROLE_ADMINISTRATOR).
--: brands_beyond one (agent i64) -> (n i64) any-brand "counts brands, whose they are does not matter"
SELECT count(*) AS n FROM brand b WHERE NOT EXISTS (
  SELECT 1 FROM membership m WHERE m.brand = b.id AND m.agent = :agent AND m.role = 3);

-- The same people, with one of their brands, to be told of something.
--: house_administrators many () -> (brand i64, email text, language text) any-brand "of all brands"
SELECT min(m.brand) AS brand, a.email, a.language FROM membership m JOIN agent a ON a.id = m.agent
WHERE m.role = 3 AND a.disabled_at = 0 GROUP BY a.id, a.email, a.language
HAVING count(*) = (SELECT count(*) FROM brand) ORDER BY a.id LIMIT 10;

-- Who is told when something is wrong.
--: administrator_mails many (brand i64) -> (email text, language text)
SELECT a.email, a.language FROM membership m JOIN agent a ON a.id = m.agent
WHERE m.brand = :brand AND m.role = 3 AND a.disabled_at = 0 ORDER BY a.id LIMIT 10;
