"""nth.py - makes the n-th call of the system fail, for each class of calls and n = 1, 2, ..., at the
start of the server and while it works. It must not crash, lose nothing that it acknowledged, and
go on by itself; after a failed fsync it must not acknowledge until it has been started anew. The
short form tries a spread of n with chance in it, the long one every n up to a clean run. On
PostgreSQL the calls are those towards the database (recv, send, connect) in place of its file's.
FAULTS_CLASSES="write sync" tries these alone."""

import collections
import os
import random
import time
import urllib.parse

import lab as lab_module
from ledger import Ledger, REFUSED
from lab import ENGINE, LONG, check
from peers import Peers
from shim import CLASSES, Shim, some

SECRET = "a secret of the test"
# how many n the short form tries, at the start and at work
SHORT = {"open": (2, 3), "read": (1, 3), "write": (2, 5), "sync": (1, 3), "rename": (1, 0),
         "truncate": (1, 1), "accept": (1, 2), "malloc": (2, 6), "mmap": (2, 2), "resolve": (1, 1)}
if ENGINE == "postgresql":
    SHORT = {"malloc": (0, 2), "accept": (0, 1), "recv": (1, 3), "send": (1, 3), "connect": (1, 0)}
LONGEST = {"read": 400, "malloc": 1500, "open": 400, "mmap": 200}  # of the long form
DEATHS = {"malloc"}  # classes that may end the process, by itself and with a word
FRESH = ("open", "mmap", "resolve")  # are called most when something is done for the first time
LINES = ("recv", "send", "connect")


class World:
    def __init__(self, lab):
        self.lab = lab
        self.peers = Peers(1, SECRET)
        self.peers.calm = True
        with self.peers.lock:
            self.peers.feeds["news"] = 5
        lab.add_api_account("api", f"url=http://localhost:{self.peers.webhook_port}/hook",
                            f"secret={SECRET}")
        lab.command("channel", "add", "feed", "news", "--allow-private",
                    f"url=http://localhost:{self.peers.feed_port}/news")
        lab.shim = Shim(lab.dir, lab.data, port=lab.pg and urllib.parse.urlsplit(lab.pg).port)
        self.ledger = Ledger(lab, self.peers)
        self.tried = collections.Counter()
        self.ended = collections.Counter()
        self.told = 0  # rounds in which a client was told of a failed fsync

    def up(self):
        self.lab.start()
        self.lab.wait_ready()

    def down(self):
        """Stops it; what was promised is there and whole."""
        self.lab.stop()
        self.look_inside(ENGINE == "sqlite")  # what another server keeps is its own matter

    def look_inside(self, sound=True):
        with self.lab.snapshot() as db:
            if sound:
                lab_module.check_sound(db)
            self.ledger.verify(db)
            self.ledger.verify_peer(db)

    def alive(self):
        return self.lab.server.poll() is None

    def check_end(self, name, n):
        """It ended by itself: with a word and an exit code, not by a signal."""
        code = self.lab.server.wait()
        check(code == 1, f"{name} {n}: ended with {code}: {self.lab.log_tail()}")
        self.ended[name] += 1


def work(world, strict):
    """A little of everything. strict: all of it must go well. True if a request was refused."""
    ledger, refused = world.ledger, False
    allowed = () if strict else (*REFUSED, None)
    for what, status, well in (
            ("posts", ledger.post(3), (201,)), ("desk", ledger.look("/desk"), (200,)),
            ("reply", ledger.reply(), (204,)),
            ("search", ledger.look("/desk/search?q=Rechnung"), (200,)),
            ("posts", ledger.post(1), (201,))):
        check(status in well or status in allowed,
              f"{what} answers {status}: {world.lab.log_tail()}")
        refused |= status not in well
    return refused


def one_at_work(world, name, n):
    """False: this n was not reached any more, so all went well."""
    shim = world.lab.shim
    shim.arm(name, n)
    refused = work(world, False)
    hits = shim.hits(name)
    shim.disarm(name)
    world.tried[name] += hits
    if not world.alive():
        check(name in DEATHS, f"{name} {n}: the server is gone: {world.lab.log_tail()}")
        world.check_end(name, n)
        world.look_inside()
        world.up()
    elif name == "sync" and hits:
        world.told += refused
        after_failed_fsync(world, n)
    elif name == "malloc" or name in LINES:
        lab_module.wait_until(lambda: not work(world, False), 10, "it does not go on")
    # a thread that serves nobody may be held up between the refusal and its asking for the reserve:
    # what is refused for its sake is refused then
    if name != "malloc":
        work(world, True)
    return hits > 0


def after_failed_fsync(world, n):
    """Nothing is acknowledged until the next start; reading goes on. Whose fsync it was is chance: that
    of a sender's note concerns nobody who waits for an answer."""
    ledger = world.ledger
    for _ in range(3):
        check(ledger.post() in REFUSED, f"sync {n}: acknowledges after a failed fsync")
    check(ledger.look("/desk") == 200, f"sync {n}: the desk cannot be read any more")
    check(world.lab.request("GET", "/readyz").status == 503, f"sync {n}: still says it is ready")
    world.down()
    world.up()


def one_at_start(world, name, n):
    shim = world.lab.shim
    shim.arm(name, n)
    world.lab.start()
    until = time.monotonic() + 60
    while world.alive() and time.monotonic() < until:
        if world.ledger.look("/healthz") == 200:
            break
        time.sleep(0.01)
    hits = shim.hits(name)
    shim.disarm(name)
    world.tried[name] += hits
    if world.alive():
        work(world, name not in ("sync", "malloc", *LINES) or not hits)
        if name in DEATHS and hits:  # it answers before the last part of its start, which may end it
            world.lab.server.terminate()
            code = world.lab.server.wait(60)
            check(code in (0, 1), f"{name} {n}: ended with {code}: {world.lab.log_tail()}")
            world.ended[name] += code
        else:
            world.lab.stop()
    else:
        world.check_end(name, n)
    world.up()
    work(world, True)
    world.down()
    return hits > 0


def numbers(name, phase, measured, chance):
    if LONG:
        return range(1, LONGEST.get(name, 300) + 1)
    n = SHORT[name][phase]
    return some(max(1, measured[name]), n, chance) if n else []


def measure(world):
    """How many calls of each class a start and a round of work make."""
    shim = world.lab.shim
    before = {c: shim.count(c) for c in CLASSES}
    world.up()
    started = {c: shim.count(c) for c in CLASSES}
    work(world, True)
    done = {c: shim.count(c) for c in CLASSES}
    return ({c: started[c] - before[c] for c in CLASSES},
            {c: done[c] - started[c] for c in CLASSES})


def try_each(world, classes, phase, measured, chance):
    one, when = ((one_at_start, "at the start"), (one_at_work, "at work"))[phase]
    for name in classes:
        last = misses = 0
        for n in numbers(name, phase, measured, chance):
            with lab_module.saying(f"{name} {n} {when}"):
                if LONG and phase == 1 and name in FRESH:
                    world.down()
                    world.up()
                if one(world, name, n):
                    last, misses = n, 0
                else:
                    misses += 1
            if LONG and misses == (5 if name in FRESH else 1):
                break
        print(f"{name} {when}: {'every n up to' if LONG else 'the last n reached was'} {last}", flush=True)


def body(lab):
    chance = random.Random(lab_module.seed_of_run())
    world = World(lab)
    world.up()
    lab.sign_in()
    world.ledger.post(60)  # cases to answer
    world.down()
    at_start, at_work = measure(world)
    print(f"calls at the start {at_start}\ncalls of a round   {at_work}", flush=True)
    classes = os.environ.get("FAULTS_CLASSES", " ".join(SHORT)).split()
    try_each(world, classes, 1, at_work, chance)
    world.down()
    try_each(world, classes, 0, at_start, chance)
    check(world.told or "sync" not in classes, "nobody was ever told of a failed fsync")
    world.look_inside()
    tell(world, classes)
    world.peers.close()


def tell(world, classes):
    print("calls that failed: " + ", ".join(f"{c} {world.tried[c]}" for c in classes))
    print("it ended by itself: " + (", ".join(f"{c} {n}" for c, n in world.ended.items()) or "-"))
    print(f"{len(world.ledger.acked)} posts and {sum(world.ledger.replies.values())} replies were "
          "acknowledged, none is lost", flush=True)


if __name__ == "__main__":
    lab_module.run("nth", body)
