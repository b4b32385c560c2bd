"""birth.py - the first start and each upgrade, killed at any step: at the n-th write (whole or half
done), fsync, rename, truncation or opening of a file. The next start must come up by itself, with
every migration done once and the data that were there. The short form tries a spread of n, the
long one each; on PostgreSQL the kills fall at random moments."""

import os
import random
import subprocess
import time

import lab as lab_module
from lab import ENGINE, LONG, check
from shim import Shim, some

STEPS = [("write", "kill"), ("write", "tear"), ("sync", "kill"), ("truncate", "kill"),
         ("rename", "kill"), ("open", "kill")]
SHORT = 3  # how many n of each
PG_KILLS = 40 if LONG else 8


def make_old(lab, number):
    """An empty place, or a database of schema number as an older version left it."""
    lab.drop_data()
    if number:
        subprocess.run([os.environ["FAULT_SEED_PROGRAM"], lab.data, str(number)], env=lab.env,
                       check=True)


def schema_of(lab):
    with lab.snapshot() as db:
        lab_module.check_sound(db)
        return db.column("SELECT number FROM migration ORDER BY number")


def comes_up(lab, numbers, what):
    """The next start, by itself."""
    shim, lab.shim = lab.shim, None
    lab.start()
    lab.wait_ready()
    lab.kill()
    found = schema_of(lab)
    check(found == numbers, f"{what}: migrations {found}")
    lab.shim = shim


def life(lab, old, moment):
    """One start that is killed at moment(); True when it was killed before it was up."""
    make_old(lab, old)
    moment(lab)
    lab.start()
    while lab.server.poll() is None:
        try:
            up = lab.request("GET", "/healthz", timeout=5).status == 200
        except OSError:
            up = False
        if up:
            lab.kill()
            return False
        time.sleep(0.005)
    check(lab.server.returncode == -9, f"ended by itself: {lab.log_tail()}")
    return True


def kills_by_call(lab, old, numbers, chance):
    shim = lab.shim = Shim(lab.dir, lab.data)
    make_old(lab, old)
    before = {name: shim.count(name) for name, _ in STEPS}
    lab.start()
    lab.wait_ready()
    counts = {name: shim.count(name) - before[name] for name, _ in STEPS}
    lab.kill()
    killed = 0
    for name, action in STEPS:
        highest = max(1, counts[name])
        for n in range(1, highest + 1) if LONG else some(highest, SHORT, chance):
            what = f"schema {old}, {action} at {name} {n}"
            with lab_module.saying(what):
                killed += life(lab, old, lambda _: shim.arm(name, n, action=action))
                shim.disarm(name)
                comes_up(lab, numbers, what)
    print(f"from schema {old}: calls {counts}, {killed} kills before it was up", flush=True)


def kills_by_time(lab, old, numbers, chance):
    make_old(lab, old)
    lab.start()
    longest = lab.wait_ready()
    lab.kill()
    for _ in range(PG_KILLS):
        make_old(lab, old)
        lab.start()
        time.sleep(chance.uniform(0, longest))
        lab.kill()
        comes_up(lab, numbers, f"schema {old}")
    print(f"from schema {old}: {PG_KILLS} kills in the first {longest * 1000:.0f} ms", flush=True)


def body(lab):
    chance = random.Random(lab_module.seed_of_run())
    numbers = schema_of(lab)
    for old in range(numbers[-1]) if LONG else (0, 2):
        if ENGINE == "sqlite":
            kills_by_call(lab, old, numbers, chance)
        else:
            kills_by_time(lab, old, numbers, chance)


if __name__ == "__main__":
    lab_module.run("birth", body)
