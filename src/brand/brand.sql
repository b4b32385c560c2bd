--owns: brand, brand_name, team, hours, holiday, target, routing_rule
-- Whom we speak for.

--: get one (brand i64) -> (id i64, key text, name text, subtitle text, language text, timezone text, signature text,
--:   address text, retention_days i64, version i64)
SELECT id, key, name, subtitle, language, timezone, signature, address, retention_days, version
FROM brand WHERE id = :brand;

--: by_key one (key text) -> (id i64)
SELECT id FROM brand WHERE key = :key;

--: list many () -> (id i64, key text, name text)
SELECT id, key, name FROM brand ORDER BY name LIMIT 500;

--: insert exec (id i64, key text, name text, subtitle text, language text, timezone text, signature text, now i64)
INSERT INTO brand (id, key, name, subtitle, language, timezone, signature, created_at)
VALUES (:id, :key, :name, :subtitle, :language, :timezone, :signature, :now) ON CONFLICT (key) DO NOTHING;

--: update exec (brand i64, name text, subtitle text, language text, timezone text, signature text, address text,
--:   retention_days i64, now i64, version i64)
UPDATE brand SET name = :name, subtitle = :subtitle, language = :language, timezone = :timezone,
  signature = :signature, address = :address,
  retention_set_at = CASE WHEN retention_days <> :retention_days THEN :now ELSE retention_set_at END,
  retention_days = :retention_days, version = version + 1
WHERE id = :brand AND version = :version;

-- The next brand that does not keep posts for ever, in the order of their ids.
--: forgetful one (after i64, set_before i64) -> (id i64, retention_days i64)
SELECT id, retention_days FROM brand WHERE id > :after AND retention_days > 0 AND retention_set_at < :set_before
ORDER BY id LIMIT 1;

--: names many (brand i64) -> (name text)
SELECT name FROM brand_name WHERE brand = :brand ORDER BY name LIMIT 200;
--: name_add exec (brand i64, name text)
INSERT INTO brand_name (brand, name) VALUES (:brand, :name) ON CONFLICT DO NOTHING;
--: names_clear exec (brand i64)
DELETE FROM brand_name WHERE brand = :brand;

--: teams many (brand i64) -> (id i64, name text, icon text, position i64)
SELECT id, name, icon, position FROM team WHERE brand = :brand ORDER BY position, id LIMIT 200;
--: team_insert exec (id i64, brand i64, name text, icon text, position i64)
INSERT INTO team (id, brand, name, icon, position) VALUES (:id, :brand, :name, :icon, :position)
ON CONFLICT (brand, name) DO NOTHING;
--: team_update exec (brand i64, id i64, name text, icon text)
UPDATE team SET name = :name, icon = :icon WHERE id = :id AND brand = :brand;
--: team_delete exec (brand i64, id i64)
DELETE FROM team WHERE id = :id AND brand = :brand;

--: hours many (brand i64) -> (weekday i64, from_minute i64, to_minute i64)
SELECT weekday, from_minute, to_minute FROM hours WHERE brand = :brand ORDER BY weekday, from_minute LIMIT 100;
--: hours_clear exec (brand i64)
DELETE FROM hours WHERE brand = :brand;
--: hours_add exec (brand i64, weekday i64, from_minute i64, to_minute i64)
INSERT INTO hours (brand, weekday, from_minute, to_minute) VALUES (:brand, :weekday, :from_minute, :to_minute)
ON CONFLICT DO NOTHING;

--: holidays many (brand i64) -> (day i64, name text)
SELECT day, name FROM holiday WHERE brand = :brand ORDER BY day LIMIT 1000;
--: holiday_add exec (brand i64, day i64, name text)
INSERT INTO holiday (brand, day, name) VALUES (:brand, :day, :name)
ON CONFLICT (brand, day) DO UPDATE SET name = excluded.name;
--: holiday_remove exec (brand i64, day i64)
DELETE FROM holiday WHERE brand = :brand AND day = :day;

--: holidays_clear exec (brand i64)
DELETE FROM holiday WHERE brand = :brand;

--: targets many (brand i64) -> (kind i64, priority i64, first_ms i64, next_ms i64)
SELECT kind, priority, first_ms, next_ms FROM target WHERE brand = :brand ORDER BY kind, priority LIMIT 100;
--: target_set exec (brand i64, kind i64, priority i64, first_ms i64, next_ms i64)
INSERT INTO target (brand, kind, priority, first_ms, next_ms) VALUES (:brand, :kind, :priority, :first_ms, :next_ms)
ON CONFLICT (brand, kind, priority) DO UPDATE SET first_ms = excluded.first_ms, next_ms = excluded.next_ms;

--: rules many (brand i64) -> (id i64, position i64, name text, conditions text, effects text, enabled i64, version i64)
SELECT id, position, name, conditions, effects, enabled, version FROM routing_rule
WHERE brand = :brand ORDER BY position, id LIMIT 500;
--: rule_get one (brand i64, id i64) -> (id i64, position i64, name text, conditions text, effects text, enabled i64,
--:   version i64)
SELECT id, position, name, conditions, effects, enabled, version FROM routing_rule
WHERE id = :id AND brand = :brand;
--: rule_insert exec (id i64, brand i64, position i64, name text, conditions text, effects text, enabled i64)
INSERT INTO routing_rule (id, brand, position, name, conditions, effects, enabled)
VALUES (:id, :brand, :position, :name, :conditions, :effects, :enabled);
--: rule_update exec (brand i64, id i64, name text, conditions text, effects text, enabled i64, version i64)
UPDATE routing_rule SET name = :name, conditions = :conditions, effects = :effects, enabled = :enabled,
  version = version + 1
WHERE id = :id AND brand = :brand AND version = :version;
--: rule_place exec (brand i64, id i64, position i64)
UPDATE routing_rule SET position = :position WHERE id = :id AND brand = :brand;
--: rule_delete exec (brand i64, id i64)
DELETE FROM routing_rule WHERE id = :id AND brand = :brand;
