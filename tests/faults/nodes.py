"""nodes.py - three servers on one PostgreSQL (tests/with-pg), and what may happen to any of them.

polls     each account is polled by one node at a time, and by more than one over time
desk      a case taken on one node shows on the desk that is open on another
key       a node with another sealing key is refused
death     under ingest, one node is killed (-9) with a whole message in its peer's hands, and another is
          stopped (SIGSTOP) between the mark "sending" and the first byte; a further node joins; the
          others take everything over; the stopped one goes on, and sends nothing
crash     the database crashes while a node waits for the answer to a claim, and to a mark "sending"
away      the database gives no answer for a while, then slow ones
failover  the database is killed, its synchronous standby is promoted, the nodes find it

After each: nothing acknowledged is lost, nothing is there twice, nothing was sent twice. The long form
(FAULTS_LONG) has more deaths, at random moments, and a longer outage."""

import contextlib
import os
import random
import sys
import tempfile
import threading
import time

import lab as lab_module
from cluster import Ear, House
from lab import CLAIMED, LONG, QUEUED, SENDING, SENT, UNCLEAR, Failed, check, wait_until
from ledger import BROKEN, REFUSED, Ledger
from peers import Peers

SECRET = "a secret of the test"
FEEDS, FEED_ENTRIES = 8, 6
UNKNOWN = 502  # the database was lost during the commit: it may be there or not
TAKE_OVER = 30  # seconds, promised
AWAY = 60 if LONG else 6
DEATHS = 10 if LONG else 1


class Traffic:
    """Posts without a pause, from two clients of the proxy. statuses: what it was told."""

    def __init__(self, house, peers):
        self.ledgers = [Ledger(house, peers, name) for name in ("p", "q")]
        self.ended, self.running = threading.Event(), threading.Event()
        self.running.set()
        self.busy = [threading.Lock() for _ in self.ledgers]
        self.errors, self.statuses, self.last_acked = [], {}, 0
        self.threads = [threading.Thread(target=self.work, args=(x, b), daemon=True)
                        for x, b in zip(self.ledgers, self.busy)]
        for t in self.threads:
            t.start()

    @contextlib.contextmanager
    def paused(self):
        """No request is under way."""
        self.running.clear()
        for b in self.busy:
            with b:
                pass
        yield
        self.running.set()

    def work(self, ledger, busy):
        while not self.ended.wait(0.05):
            self.running.wait()
            try:
                with busy:
                    status = ledger.post(3, timeout=10)
            except Exception as e:  # a thread must not die in silence
                self.errors.append(f"{type(e).__name__}: {e}")
                return
            self.statuses[status] = self.statuses.get(status, 0) + 1
            if status == 201:
                self.last_acked = time.monotonic()

    def end(self, db):
        self.ended.set()
        for t in self.threads:
            t.join()
        check(not self.errors, f"under load: {self.errors[:3]}")
        strange = self.statuses.keys() - {201, None, UNKNOWN, *REFUSED}
        check(not strange, f"posts were answered with {strange}")
        for x in self.ledgers:
            x.verify(db)
        return sum(len(x.acked) for x in self.ledgers)


@contextlib.contextmanager
def told(name):
    began = time.monotonic()
    print(f"{name}:", end="", flush=True)
    yield lambda what: print(f" {what};", end="", flush=True)
    print(f" {time.monotonic() - began:.0f} s", flush=True)


def set_up(house, peers):
    first = house.nodes[0]
    first.add_api_account("api", f"url=http://127.0.0.1:{peers.webhook_port}/hook",
                          f"secret={SECRET}")
    house.token = first.token
    house.command("channel", "add", "mail", "mail", "--name", "care@nordlicht.example",
                  "--allow-private", f"imap_url=imap://127.0.0.1:{lab_module.free_port()}",
                  f"smtp_url=smtp://127.0.0.1:{peers.mail_port}", "user=care", "password=none",
                  "address=care@nordlicht.example", "plain=1")
    path = os.path.join(house.dir, "mails.jsonl")
    with open(path, "w", encoding="utf-8") as f:
        for i in range(8 + 4 * DEATHS):
            f.write('{"id":"%d@customer.example","author":"c%d@customer.example","title":"Rechnung",'
                    '"text":"Meine Rechnung ist falsch, bitte melden Sie sich!"}\n' % (i, i))
    house.command("import", "--account", "mail", path)
    house.start()
    house.sign_in()
    mail = lab_module.account_id(house.db, "mail")
    return house.db.column('SELECT id FROM "case" WHERE account = ? AND state = 0', mail)


def polls(house, peers):
    with told("polls") as tell:
        peers.feed_pause = 0.2
        for i in range(FEEDS):
            peers.feeds[f"feed-{i}"] = FEED_ENTRIES
            house.command("channel", "add", "feed", f"feed-{i}", "--allow-private",
                          f"url=http://127.0.0.1:{peers.feed_port}/feed-{i}")
        wanted = FEEDS * (30 if LONG else 8)  # a node asks one host at most 60 times a minute
        until = time.monotonic() + 120
        while peers.feed_polls < wanted:
            # all are due at once, again and again, and all nodes are told
            house.db.rows("UPDATE account SET next_at = 0 WHERE channel = 'feed'")
            house.db.rows("SELECT pg_notify('zuruf', '1;*')")
            check(time.monotonic() < until, f"{peers.feed_polls} polls")
            time.sleep(0.2)
        check(not peers.overlaps, f"polled by two at once: {peers.overlaps}")
        runs = house.db.column("SELECT DISTINCT owner FROM lease WHERE name LIKE 'account:%'")
        check(len(runs) >= 2, "one node polls everything")
        wait_until(lambda: house.db.row("SELECT count(*) FROM post p JOIN account a ON a.id = p.account"
                                        " WHERE a.channel = 'feed'") == (FEEDS * FEED_ENTRIES,),
                   20, "not all entries are there once")
        tell(f"{peers.feed_polls} polls of {FEEDS} accounts by {len(runs)} of {len(house.nodes)}"
             " nodes, none overlaps")
        peers.feed_pause = 0


def desk(house, case):
    with told("desk") as tell:
        here, there = house.nodes[0], house.nodes[1]
        here.cookie = there.cookie = house.cookie
        page = f"/desk/case/{case}"
        mine = page + "/release"  # the form of who is on it
        check(mine not in there.desk("GET", page).body.decode(), "the case is taken already")
        ear = Ear(there, house.cookie)
        began = time.monotonic()
        check(here.desk("POST", page + "/take").status == 204, "the case cannot be taken")
        wait_until(lambda: any(n == "case" and str(case) in d for n, d, _ in ear.heard), 5,
                   "the other node's desk does not hear of it")
        heard = next(t for n, d, t in ear.heard if n == "case" and str(case) in d)
        check(mine in there.desk("GET", page).body.decode(), "the other node shows an old page")
        tell(f"told on another node after {(heard - began) * 1000:.0f} ms")
        ear.close()


def key(house):
    with told("key") as tell:
        node = house.add_node()
        house.nodes.remove(node)
        with open(os.path.join(node.data, "key"), "wb") as f:
            f.write(os.urandom(32))
        node.start()
        code = node.server.wait(30)
        check(code == 1 and "not the key of this installation" in node.log_tail(),
              f"a node with another key ends with {code}: {node.log_tail()}")
        tell("another one is refused")


def outbox(house, message):
    return house.db.row("SELECT state, owner FROM message WHERE id = ?", message)


def reply(house, node, case, text):
    """The message's id. A node that has just gone on after a stop, or lost its database, asks to come again."""
    node.cookie = house.cookie
    answer = None

    def answered():
        nonlocal answer
        answer = node.desk("POST", f"/desk/case/{case}/reply", {"text": text, "then": "keep"})
        return answer.status != 503

    wait_until(answered, 20, "a reply is refused again and again", 0.5)
    check(answer.status == 204, f"a reply is answered with {answer.status} {answer.body[:200]}")
    return house.db.row("SELECT id FROM message WHERE case_id = ? ORDER BY id DESC", case)[0]


def wait_sending(house, message, limit=15):
    wait_until(lambda: outbox(house, message)[0] == SENDING, limit, "it is not being sent", 0.01)
    return outbox(house, message)[1]


def stop_before_first_byte(house, peers, case, others):
    """A node that is stopped between the mark and the mail. The others look away meanwhile."""
    node = next(n for n in house.running() if n not in others)
    node.line.delay = 0.15
    for n in others:
        n.stopped()
    message = reply(house, node, case, "Wir sehen nach.")
    wait_until(lambda: outbox(house, message)[0] != QUEUED, 15, "it is not claimed", 0.01)
    node.line.delay = 0.35  # the commit of the mark is known there that long after it happened
    wait_sending(house, message, 25)
    node.stopped()
    stopped = time.monotonic()
    for n in others:
        n.continued()
    node.line.delay = 0
    check(not peers.mails_with(house.key_of(message)), "the mail had left before the stop")
    return node, message, stopped


def death(house, peers, traffic, mails):
    """One node killed while it sends, another stopped right before it would."""
    with told("death") as tell:
        case = wait_for_case(traffic)
        peers.trap.arm("webhook")
        answered = reply(house, house.running()[0], case, "Das klären wir.")
        check(peers.trap.caught.wait(15), "nothing is sent")
        dying = house.node_of(wait_sending(house, answered))
        others = [n for n in house.running() if n is not dying]
        with traffic.paused():  # a stopped node could hold locks for as long as the server lets it
            node, mail, stopped = stop_before_first_byte(house, peers, mails.pop(),
                                                         [dying, *others[1:]])
        dying.kill()
        killed = time.monotonic()
        peers.trap.open()
        queued = reply(house, others[1], mails.pop(), "Auch hier sehen wir nach.")
        added = house.add_node() if len(house.nodes) == 3 else dying
        added.start()
        added.wait_ready()
        tell("killed one while sending, stopped one before sending, started one")
        wait_until(lambda: outbox(house, answered)[0] == SENT, TAKE_OVER,
                   "the killed node's message is not taken over", 0.1)
        tell(f"webhook settled after {time.monotonic() - killed:.1f} s")
        wait_until(lambda: outbox(house, mail)[0] == UNCLEAR, TAKE_OVER,
                   "the stopped node's mail is not taken over", 0.1)
        tell(f"mail unclear after {time.monotonic() - stopped:.1f} s")
        check(outbox(house, queued)[0] == SENT, "others' mails waited for it")
        node.continued()
        wait_until(lambda: node.readyz() == 200, 15, "the stopped node does not come back", 0.1)
        time.sleep(1)  # what it had in hand would leave now
        check(not peers.mails_with(house.key_of(mail)), "a stopped node sent what others had")
        check(outbox(house, mail)[0] == UNCLEAR, "a stopped node settled what others had")
        decide(house, peers, mail)
        wait_until(lambda: outbox(house, mail)[0] == SENT, 15, "it is not sent again", 0.1)
        tell("continued: it sends nothing")
        if added is not dying:
            dying.start()
            dying.wait_ready()
        verify_sent(house, peers)


def wait_for_case(traffic):
    ledger = traffic.ledgers[0]
    wait_until(lambda: ledger.cases, 15, "no case comes of the posts")
    return ledger.cases.pop()


def decide(house, peers, message):
    """The person looks whether the mail is there."""
    how = "arrived" if peers.mails_with(house.key_of(message)) else "again"
    answer = house.desk("POST", f"/desk/message/{message}/{how}")
    check(answer.status == 204, f"deciding is answered with {answer.status}")


def verify_sent(house, peers):
    """No message had its effect twice, none that is not known, and each that is sent had it."""
    rows = house.db.rows("SELECT key, state FROM message")
    for k, state in rows:
        n = len(peers.mails_with(k)) + (k in peers.effects)
        check(n <= 1, f"{k} went out {n} times")
        check(n == 1 or state != SENT, f"{k} is sent and did not arrive")
    stray = (peers.effects.keys() | {k for k, _ in peers.mails}) - {k for k, _ in rows}
    check(not stray, f"went out and is not known: {sorted(stray)[:3]}")
    check(not peers.errors, f"the peers complain: {peers.errors[:3]}")


def random_death(house, peers, traffic, mails, chance):
    """A node is killed or stopped past its lease at any moment of sending."""
    with told("any moment") as tell:
        kind = chance.choice(["webhook", "mail"])
        case = wait_for_case(traffic) if kind == "webhook" else mails.pop()
        held = chance.random() < 0.6  # until the peer has all of it
        if held:
            peers.trap.arm(kind)
        message = reply(house, chance.choice(house.running()), case, "Das klären wir.")
        if held:
            check(peers.trap.caught.wait(20), "nothing is sent")
        else:
            time.sleep(chance.uniform(0, 0.06))
        state, owner = outbox(house, message)
        node = house.node_of(owner) if state in (CLAIMED, SENDING) else chance.choice(
            house.running())
        kill = chance.random() < 0.5
        node.kill() if kill else node.stopped()
        gone = time.monotonic()
        peers.trap.open()
        tell(f"{'killed' if kill else 'stopped'} while a {kind} was "
             f"{lab_module.STATE_NAMES[state]}")
        wait_until(lambda: outbox(house, message)[0] in (SENT, UNCLEAR), TAKE_OVER + 5,
                   "it is not taken over", 0.2)
        tell(f"settled after {time.monotonic() - gone:.1f} s")
        if kill:
            node.start()
            node.wait_ready()
        else:
            time.sleep(max(0, 22 - (time.monotonic() - gone)))
            node.continued()
            wait_until(lambda: node.readyz() == 200, 20, "it does not come back", 0.2)
            time.sleep(1)
        if outbox(house, message)[0] == UNCLEAR:
            decide(house, peers, message)
        wait_until(lambda: outbox(house, message)[0] == SENT, 20, "it is never sent", 0.2)
        verify_sent(house, peers)


def crash(house, peers, traffic, mails):
    """The messages whose claim or mark had no answer: one each."""
    with told("crash") as tell:
        found = []
        for kind, wanted in (("webhook", CLAIMED), ("mail", SENDING)):
            for _ in range(5):
                case = wait_for_case(traffic) if kind == "webhook" else mails.pop()
                for n in house.running():
                    n.line.delay = 0.15
                message = reply(house, house.running()[0], case, "Das klären wir.")
                wait_until(lambda: outbox(house, message)[0] >= wanted, 25, "it is not sent", 0.01)
                for n in house.running():
                    n.line.away()
                state = outbox(house, message)[0]
                house.crash()
                for n in house.running():
                    n.line.delay = 0
                    n.line.back()
                if state == wanted:
                    break
            check(state == wanted, f"never crashed while a message was {lab_module.STATE_NAMES[wanted]}")
            found.append(message)
        back = time.monotonic()
        wait_until(lambda: all(n.readyz() == 200 for n in house.running()) and
                   traffic.last_acked > back, 30, "they do not recover", 0.1)
        tell("the answers to a claim and to a mark were lost with the database; posts are "
             f"acknowledged {traffic.last_acked - back:.1f} s later")
        return found


def away(house, traffic):
    with told("away") as tell:
        node = house.running()[0]
        node.cookie, node.token = house.cookie, house.token
        probe = Ledger(node, traffic.ledgers[0].peers, "away")
        for n in house.running():
            n.line.away()
        gone, slowest = time.monotonic(), 0
        while time.monotonic() - gone < AWAY:
            for ask in (probe.post, probe.look):
                began = time.monotonic()
                status = ask()
                slowest = max(slowest, time.monotonic() - began)
                check(status == 503, f"without its database a node answers {status}")
            check(node.request("GET", "/healthz").status == 200, "the process looks dead")
            check(node.readyz() == 503, "the node looks ready")
            time.sleep(0.2)
        check(slowest < 4, f"a refusal took {slowest:.1f} s")
        tell(f"{AWAY} s without a database, refusals within {slowest:.1f} s")
        for n in house.running():
            n.line.back()
        back = time.monotonic()
        wait_until(lambda: all(n.readyz() == 200 for n in house.running()) and
                   probe.post() == 201, 20, "they do not recover", 0.05)
        healthy = time.monotonic() - back
        check(healthy < 10, f"healthy only {healthy:.1f} s after the database is back")
        tell(f"healthy {healthy:.1f} s after its return")
        # writes of one brand follow one another, each with all its round trips: one client
        with traffic.paused():
            for n in house.running():
                n.line.delay = 0.1
            began = time.monotonic()
            check(probe.post() == 201, "a slow database makes posts fail")
            tell(f"with 200 ms of latency a post takes {time.monotonic() - began:.1f} s")
            check(probe.look() == 200, "a slow database makes pages fail")
            for n in house.running():
                n.line.delay = 0
        probe.verify(house.db)


def failover(house, peers, traffic, mails):
    with told("failover") as tell:
        house.start_standby()
        moving = [reply(house, n, wait_for_case(traffic), "Das klären wir.")
                  for n in house.running()]
        moving.append(reply(house, house.running()[0], mails.pop(), "Wir sehen nach."))
        house.kill_primary()
        killed = time.monotonic()
        for n in house.nodes:  # what answers there now is a closed door
            n.line.server.close()
            n.line.back()
        house.promote()
        promoted = time.monotonic()
        wait_until(lambda: traffic.last_acked > promoted, 30, "nothing is accepted any more")
        tell(f"standby promoted after {promoted - killed:.1f} s, a post acknowledged "
             f"{traffic.last_acked - promoted:.1f} s later")
        wait_until(lambda: all(n.readyz() == 200 for n in house.running()), 30,
                   "a node does not find the new database", 0.1)
        wait_until(lambda: all(outbox(house, m)[0] in (SENT, UNCLEAR) for m in moving),
                   TAKE_OVER, "messages wait", 0.2)
        unclear = [m for m in moving if outbox(house, m)[0] == UNCLEAR]
        for m in unclear:
            decide(house, peers, m)
        wait_until(lambda: all(outbox(house, m)[0] == SENT for m in moving), 20,
                   "a decided message is not sent", 0.2)
        tell(f"{len(moving)} messages arrived once, {len(unclear)} of them by a person's word")
        verify_sent(house, peers)


def body(house, peers, chance):
    mails = set_up(house, peers)
    polls(house, peers)
    desk(house, mails.pop())
    key(house)
    traffic = Traffic(house, peers)
    death(house, peers, traffic, mails)
    for _ in range(DEATHS - 1):
        random_death(house, peers, traffic, mails, chance)
    doubtful = crash(house, peers, traffic, mails)
    away(house, traffic)
    wait_until(lambda: all(outbox(house, m)[0] == SENT for m in doubtful), 30,
               "what a crash of the database left without an answer is never sent", 0.2)
    verify_sent(house, peers)
    failover(house, peers, traffic, mails)
    acked = traffic.end(house.db)
    left = house.db.rows("SELECT id, state FROM message WHERE state IN (?, ?, ?)", QUEUED, CLAIMED,
                         SENDING)
    check(not left, f"messages in limbo: {left[:5]}")
    times = sorted(n.stop() for n in house.running())
    print(f"{acked} posts acknowledged, all there once; answers: {traffic.statuses}; "
          f"{len(peers.effects)} webhooks and {len(peers.mails)} mails, each once "
          f"({peers.repeats} repeats dropped by their key); the nodes end within {times[-1]:.1f} s")


def main():
    seed = lab_module.seed_of_run()
    peers = Peers(seed, SECRET)
    peers.calm = True
    peers.trap.limit = 60
    house = House(tempfile.mkdtemp(prefix="zuruf-nodes-"), 3)
    failed = True
    try:
        body(house, peers, random.Random(seed))
        failed = False
    except Failed as e:
        print(f"\nFAILED: {e}", flush=True)
        for n in house.nodes:
            with contextlib.suppress(OSError):
                print(f"node {n.n}: {n.log_tail()}", flush=True)
    finally:
        house.close(failed)
        peers.close()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
