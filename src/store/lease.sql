--owns: lease
-- Leases: src/store/lease.h. :now is the database's moment.

-- A lease is free when it has ended, was given back, or its owner's node is no more.
--: take one (name text, slot i64, owner i64, until i64, now i64) -> (epoch i64)
INSERT INTO lease (name, slot, owner, epoch, until) VALUES (:name, :slot, :owner, 1, :until)
ON CONFLICT (name) DO UPDATE SET slot = excluded.slot, owner = excluded.owner, epoch = lease.epoch + 1,
  until = excluded.until
WHERE lease.until <= :now OR NOT EXISTS (
  SELECT 1 FROM lease n WHERE n.owner = lease.owner AND n.slot >= 0 AND n.until > :now)
RETURNING epoch;

-- One that has ended is not renewed: somebody may have acted on its end already.
--: renew exec (name text, owner i64, epoch i64, until i64, now i64)
UPDATE lease SET until = :until WHERE name = :name AND owner = :owner AND epoch = :epoch AND until > :now;

--: release exec (name text, owner i64, epoch i64)
UPDATE lease SET until = 0 WHERE name = :name AND owner = :owner AND epoch = :epoch;

--: get one (name text) -> (owner i64, epoch i64, until i64)
SELECT owner, epoch, until FROM lease WHERE name = :name;

-- The slots that were ever taken.
--: slots many () -> (slot i64, until i64)
SELECT slot, until FROM lease WHERE slot >= 0 ORDER BY slot LIMIT 256;

-- Is the node of this run alive?
--: alive one (owner i64, now i64) -> (slot i64)
SELECT slot FROM lease WHERE owner = :owner AND slot >= 0 AND until > :now;

-- One process has the file for itself: what others held has ended.
--: end_all exec ()
UPDATE lease SET until = 0 WHERE until > 0;
