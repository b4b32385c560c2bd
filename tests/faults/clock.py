"""clock.py - the clock of the machine jumps: an hour and a day forward and back, ten minutes back,
over both changes of summer time, over the end of 32 bits in 2038, while the server works and while it is
stopped. Ids rise and are given once, the order of what comes in holds, replies leave after their
undo time and not after the step, polls go on, sessions last, nothing spins."""

import calendar
import time

import lab as lab_module
from lab import ENGINE, SENT, check, wait_until
from ledger import Ledger
from peers import Peers
from scarce import processor_seconds
from shim import Shim

SECRET = "a secret of the test"
HOUR, DAY, YEAR = 3600, 86400, 366 * 86400
UNDO_S = 1


def at(*moment):
    """The step to that moment (UTC)."""
    return calendar.timegm(moment) - time.time()


def steps():
    """What the clock is set to, as seconds from the true time; each from where the last one is."""
    return [("an hour forward", HOUR), ("back to the truth", 0), ("an hour back", -HOUR),
            ("a day forward", DAY), ("a day back", -DAY),
            ("before summer time begins", at(2026, 3, 29, 0, 59, 58)),
            ("before it ends", at(2026, 10, 25, 0, 59, 58)),
            ("before the end of 32 bits", at(2038, 1, 19, 3, 14, 6)),
            ("the truth", 0)]


class World:
    def __init__(self, lab, peers):
        self.lab, self.peers = lab, peers
        self.ledger = Ledger(lab, peers)
        self.ids = []

    def work(self, what):
        """One post and one reply. The reply leaves, the id is the highest so far."""
        ledger = self.ledger
        check(ledger.post(1) == 201, f"{what}: posts are not taken")
        post = ledger.acked[max(ledger.acked, key=lambda x: int(x[1:]))]
        check(not self.ids or post > self.ids[-1], f"{what}: the id {post} does not rise")
        self.ids.append(post)
        check(ledger.look() == 200, f"{what}: the session is gone")
        sent = len(self.peers.effects)
        while (status := ledger.reply()) is None:
            ledger.post(4)
        began = time.monotonic()
        check(status == 204, f"{what}: a reply is answered with {status}")
        wait_until(lambda: len(self.peers.effects) > sent, 20, f"{what}: the reply does not leave")
        check(time.monotonic() - began > UNDO_S / 2, f"{what}: the undo time was cut")


def leases_hold(world, what):
    """PostgreSQL: they go by its clock, and the moments at which things are due by each node's, which is
    for NTP to keep: set back, what waits would wait for it."""
    with open(world.lab.log, encoding="utf-8") as f:
        check("has lost its lease" not in f.read(), f"{what}: the node lost its lease")


def told(lab):
    with open(lab.log, encoding="utf-8") as f:
        return f.read().count("the clock was set")


def move(lab, step):
    """Sets the clock and waits until the server has seen it."""
    before = told(lab)
    lab.shim.move_clock(step)
    wait_until(lambda: told(lab) > before, 20, "the step is not seen")


def waits_through(world, what, step):
    """A reply is in its undo time and a source waits for its next poll when the clock jumps."""
    ledger, lab = world.ledger, world.lab
    if step > YEAR:  # far enough for the session to end
        move(lab, step - 60)
        check(ledger.look() == 303, f"{what}: a session lasts for years")
        lab.sign_in_again()
    sent = len(world.peers.effects)
    while (status := ledger.reply()) is None:
        ledger.post(4)
    check(status == 204, f"{what}: a reply is answered with {status}")
    move(lab, step)
    wait_until(lambda: len(world.peers.effects) > sent, 20,
               f"{what}: a reply that was waiting does not leave")
    with lab.reader() as db:
        now = (time.time() + step) * 1000
        late = db.rows("SELECT key, next_at FROM account WHERE channel = 'feed' AND next_at > ?",
                       int(now + 2 * HOUR * 1000))
        return late


def body(lab):
    peers = Peers(1, SECRET)
    peers.calm = True
    with peers.lock:
        peers.feeds["news"] = 3
    lab.env["ZURUF_UNDO"] = str(UNDO_S)
    lab.add_api_account("api", f"url=http://127.0.0.1:{peers.webhook_port}/hook",
                        f"secret={SECRET}")
    lab.command("channel", "add", "feed", "news", "--allow-private",
                f"url=http://127.0.0.1:{peers.feed_port}/news")
    lab.shim = Shim(lab.dir, lab.data)
    lab.start()
    lab.wait_ready()
    lab.sign_in()
    world = World(lab, peers)
    check(world.ledger.post(60) == 201, "the first posts")
    stands = 0
    for what, step in steps() if ENGINE == "sqlite" else steps()[:3] + steps()[-2:]:
        spent = processor_seconds(lab.server.pid)
        if ENGINE == "sqlite" or step > stands:
            late = waits_through(world, what, step)
            check(not late or wait_until_not_late(world, step),
                  f"{what}: not polled for long: {late}")
        else:
            move(lab, step)
            lab.sign_in_again()
        stands = step
        leases_hold(world, what)
        world.work(what)
        spent = processor_seconds(lab.server.pid) - spent
        check(spent < 3, f"{what}: {spent:.1f} s of the processor, something spins")
        print(f"{what}: {spent:.2f} s of the processor", flush=True)
    for what, step in (("stopped, a day forward", DAY), ("stopped, back again", 0),
                       ("stopped, ten minutes back", -600)):
        lab.stop()
        lab.shim.move_clock(step)
        lab.start()
        lab.wait_ready()
        world.work(what)
    in_order(world)
    lab.stop()
    with lab.snapshot() as db:
        lab_module.check_sound(db)
        world.ledger.verify(db)
        world.ledger.verify_peer(db)
        check(set(db.column("SELECT state FROM message")) == {SENT}, "a message is not sent")
    peers.close()


def wait_until_not_late(world, step):
    """The step is seen within a few seconds."""
    def fine():
        with world.lab.reader() as db:
            now = (time.time() + step) * 1000
            return not db.rows("SELECT key FROM account WHERE channel = 'feed' AND next_at > ?",
                               int(now + 2 * HOUR * 1000))
    return wait_until(fine, 10, "a source waits for the step of the clock") >= 0


def in_order(world):
    """What came in later stands later."""
    with world.lab.reader() as db:
        rows = db.column("SELECT external_id FROM post WHERE message = 0 AND external_id LIKE 'p%' "
                         "ORDER BY id")
    numbers = [int(x[1:]) for x in rows]
    check(numbers == sorted(numbers), "posts are not in the order in which they came")


if __name__ == "__main__":
    lab_module.run("clock", body)
