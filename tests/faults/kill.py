"""kill.py - kills the server with SIGKILL at random moments under mixed load, many times, and holds
it to its word: nothing acknowledged is lost, nothing is made up, nothing is sent twice.

Load: posts by the API, imports by the command, feeds that are added or grow, a mailbox, replies by
webhook and by mail. After each kill a copy of the store is examined as the dead process left it; the states
of the outbox at that moment are counted. A part of the kills waits until a peer has a whole message
in its hands, so that enough of them fall into "sending". A person looks after mails that are
unclear, as the desk asks for. 30 kills on SQLite and 10 on PostgreSQL, in the long
form 500 and 200, or FAULTS_KILLS of them."""

import collections
import contextlib
import http.client
import json
import os
import random
import subprocess
import threading
import time

import lab as lab_module
from ledger import count_tokens
from lab import (CLAIMED, ENGINE, LONG, QUEUED, RECALLED, SENDING, SENT, STATE_NAMES, TEXTS, UNCLEAR,
                 Failed, PgStore, check)
from peers import Peers

KILLS = int(os.environ.get("FAULTS_KILLS") or
            ((500 if LONG else 30) if ENGINE == "sqlite" else (200 if LONG else 10)))
LONGEST = 3 if LONG else 0.8  # seconds from the first answer to the kill
SECRET = "a secret of the test"
BROKEN = (OSError, http.client.HTTPException)
QUEUE = 60  # replies that wait; the agent does not write more then
GRACE = 2  # seconds for a command that runs while the server dies
STANDSTILL = 90  # seconds without any progress at the end
FEED_ENTRIES = 20
CALM = (SENT, RECALLED)  # a kill cannot hit these


class Load:
    """What is asked of the server, and what it promised. One thread a kind of work; all of them
    pause while the server is dead."""

    def __init__(self, lab, peers, seed):
        self.lab, self.peers = lab, peers
        self.chance = random.Random(seed)
        self.lock = threading.Lock()
        self.running = threading.Event()
        self.ended = False
        self.errors = []
        self.sent = set()  # ids of posts that were ever put into a request
        self.unsure = []  # batches without an answer, to be repeated
        self.acked = {}  # id -> id of the post that the server told
        self.imports = {}  # file -> its ids; done when acknowledged
        self.imports_done = set()
        self.feeds_done = set()
        self.feeds_n = 0
        self.command = None  # under way
        self.waiting = 0  # replies
        self.cases = {"webhook": collections.deque(), "mail": collections.deque()}
        self.replies = {}  # token -> was it acknowledged?
        self.last_try = {}
        works = [self.post, self.bring_files, lambda: self.reply("webhook"),
                 lambda: self.reply("mail")]
        self.busy = [threading.Lock() for _ in works]
        self.threads = [threading.Thread(target=self.work, args=(w, b), daemon=True)
                        for w, b in zip(works, self.busy)]
        for t in self.threads:
            t.start()

    def work(self, step, busy):
        while not self.ended:
            if not self.running.wait(0.2):
                continue
            with busy:
                try:
                    if self.running.is_set():
                        step()
                except BROKEN:
                    time.sleep(0.01)  # killed
                except Exception as e:  # a thread must not die in silence
                    self.errors.append(f"{type(e).__name__}: {e}")
            time.sleep(self.random(0.02, 0.12))

    def pause(self):
        """Returns when no request is under way. A command that now does by itself what it wanted of
        the server may have to wait for a lease of the dead one: after a moment it dies as well."""
        self.running.clear()
        for b in self.busy:
            if not b.acquire(timeout=GRACE):
                if command := self.command:
                    command.kill()
                b.acquire()
            b.release()

    def end(self):
        self.ended = True
        for t in self.threads:
            t.join()

    def random(self, low, high):
        with self.lock:
            return self.chance.uniform(low, high)

    # --- posts by the API ---

    def new_batch(self):
        n = int(self.random(1, 30))
        first = len(self.sent)
        return [{"id": f"p{first + i}", "author": f"customer{(first + i) % 40}",
                 "text": TEXTS[(first + i) % len(TEXTS)]} for i in range(n)]

    def post(self):
        """New posts, or a batch again of which nobody knows whether it arrived."""
        batch = self.unsure.pop() if self.unsure else self.new_batch()
        self.sent.update(p["id"] for p in batch)
        try:
            answer = self.lab.post_lines(batch)
            results = answer.json()["results"]
        except (*BROKEN, json.JSONDecodeError):
            self.unsure.append(batch)
            raise
        for p, r in zip(batch, results, strict=True):
            check(r["id"] == p["id"] and r["status"] in ("stored", "duplicate"), f"answer {r}")
            self.acked[p["id"]] = int(r["post"])
            if r.get("case") and r["status"] == "stored":
                self.cases["webhook"].append(int(r["case"]))

    # --- the commands: files and feeds ---

    def bring_files(self):
        undone = [f for f in self.imports if f not in self.imports_done]
        luck = self.random(0, 1)
        if undone or luck < 0.3:
            self.import_file(undone[0] if undone else self.new_file())
        elif luck < 0.5:
            self.add_feed()
        elif luck < 0.75:
            with self.peers.lock:
                self.peers.feeds["growing"] += int(self.random(1, 4))
            self.fetch("growing")
        else:
            for _ in range(int(self.random(1, 6))):
                n = len(self.peers.inbox)
                self.peers.put_mail(f"in-{n}@customer.example", TEXTS[n % 4])
            self.fetch("mail")
        time.sleep(self.random(0, 0.3))

    def new_file(self, n=40):
        path = os.path.join(self.lab.dir, f"mails{len(self.imports)}.jsonl")
        ids = [f"{len(self.imports)}-{i}@customer.example" for i in range(n)]
        with open(path, "w", encoding="utf-8") as f:
            for i, x in enumerate(ids):
                f.write(json.dumps({"id": x, "author": f"customer{i}@customer.example",
                                    "title": "Meine Rechnung", "text": TEXTS[i % 4]}) + "\n")
        self.imports[path] = ids
        return path

    def run(self, *args):
        """The exit code of zuruf ARGS."""
        with self.lab.begin_command(*args) as self.command:
            code = self.command.wait()
        self.command = None
        return code

    def import_file(self, path):
        if self.run("import", "--account", "mail", path) == 0:
            self.imports_done.add(path)

    def fetch(self, key):
        self.run("channel", "fetch", key)

    def add_feed(self):
        self.feeds_n += 1
        name = f"feed-{self.feeds_n}"
        with self.peers.lock:
            self.peers.feeds[name] = FEED_ENTRIES
        url = f"url=http://127.0.0.1:{self.peers.feed_port}/{name}"
        if self.run("channel", "add", "feed", name, "--allow-private", url) == 0:
            self.feeds_done.add(name)

    # --- replies by an agent ---

    def reply(self, kind):
        """One reply to a case, sometimes a second one right behind it. Never blindly again."""
        if self.waiting > QUEUE:
            return
        try:
            case = self.cases[kind].popleft()
        except IndexError:
            return
        for _ in range(2 if self.random(0, 1) < 0.25 else 1):
            with self.lock:
                token = f"{kind}-reply-{len(self.replies)}."
                self.replies[token] = False
            answer = self.lab.desk("POST", f"/desk/case/{case}/reply",
                                   {"text": f"Guten Tag, das klären wir. {token}", "then": "keep"})
            if answer.status == 409:  # an earlier reply to it waits for a person
                with self.lock:
                    del self.replies[token]
                self.cases[kind].append(case)
                return
            check(answer.status == 204, f"reply to {case}: {answer.status} {answer.body[:200]}")
            self.replies[token] = True

    # --- the person who looks after what is unclear ---

    def decide(self, unclear):
        """unclear: (id, key) of messages. She looks whether the mail is there."""
        for message, key in unclear:
            with self.peers.lock:
                arrived = any(k == key for k, _ in self.peers.mails)
            answer = self.lab.desk("POST",
                                   f"/desk/message/{message}/{'arrived' if arrived else 'again'}")
            check(answer.status in (204, 409), f"deciding about {message}: {answer.status}")


def set_up(lab, peers):
    lab.add_api_account("api", f"url=http://127.0.0.1:{peers.webhook_port}/hook",
                        f"secret={SECRET}")
    lab.command("channel", "add", "mail", "mail", "--name", "care@nordlicht.example",
                "--allow-private", f"imap_url=imap://127.0.0.1:{peers.imap_port}",
                f"smtp_url=smtp://127.0.0.1:{peers.mail_port}", "user=care", "password=none",
                "address=care@nordlicht.example", "plain=1", "since=all")
    peers.feeds["growing"] = 1
    lab.command("channel", "add", "feed", "growing", "--allow-private",
                f"url=http://127.0.0.1:{peers.feed_port}/growing")
    lab.start()
    lab.wait_ready()
    lab.sign_in()
    lab.stop()


def examine(db, load, sound=True):
    """What was promised so far is in the store; the states of the outbox."""
    if sound:
        lab_module.check_sound(db)
    api = lab_module.account_id(db, "api")
    posts = dict(db.rows("SELECT external_id, id FROM post WHERE account = ? AND message = 0", api))
    lost = [x for x, post in load.acked.items() if posts.get(x) != post]
    check(not lost, f"acknowledged posts are lost or others: {lost[:10]}")
    made_up = [x for x in posts if x not in load.sent]
    check(not made_up, f"posts that nobody sent: {made_up[:10]}")
    found = count_tokens(db.column("SELECT text FROM message"))
    for token, acked in load.replies.items():
        n = found[token]
        check(n == 1 or (n == 0 and not acked), f"{token} acknowledged {acked}, is there {n} times")
    mail = lab_module.account_id(db, "mail")
    stored = set(db.column("SELECT external_id FROM post WHERE account = ?", mail))
    for path in load.imports_done:
        check(stored.issuperset(load.imports[path]), f"{path} was imported and is not there")
    return collections.Counter(db.column("SELECT state FROM message"))


def take_cases(db, load):
    """Cases of mails that nobody has answered yet, for the agent's next hours; the unclear."""
    mail = lab_module.account_id(db, "mail")
    load.cases["mail"] = collections.deque(
        db.column('SELECT id FROM "case" WHERE account = ? AND state = 0 AND problem = 0 AND '
                  "answered_at = 0 ORDER BY id LIMIT 40", mail))
    return db.rows("SELECT id, key FROM message WHERE state = ?", UNCLEAR)


def wait_for_kill(lab, load, peers, n, unclear):
    """One life of the server, up to the moment of its death."""
    chance = random.Random(load.random(0, 1))
    kind = ["any", "webhook", "mail", "any", "start"][n % 5]
    lab.start()
    if kind == "start":  # recovery itself may be cut
        time.sleep(chance.uniform(0, 0.3))
        return None
    seconds = lab.wait_ready()
    load.running.set()
    moment = time.monotonic() + chance.uniform(0, LONGEST)
    with contextlib.suppress(*BROKEN):
        load.decide(unclear)
    if kind == "any":
        time.sleep(max(0, moment - time.monotonic()))
    else:
        time.sleep(chance.uniform(0, LONGEST / 3))
        peers.trap.arm(kind)
        peers.trap.caught.wait(3)
        time.sleep(chance.uniform(0, 0.1))
    return seconds


def wanted_items(load, peers, key):
    """How many posts of a polled account there must be at last."""
    if key == "mail":
        return len(peers.inbox) + sum(len(ids) for ids in load.imports.values())
    return peers.feeds[key]


def settle(lab, load, peers):
    """No more kills, calm peers: all that waits must come to its end."""
    peers.calm = True
    lab.start()
    lab.wait_ready()
    load.cases["webhook"].clear()
    load.cases["mail"].clear()
    while load.unsure:
        load.post()
    for path in load.imports:
        if path not in load.imports_done:
            load.import_file(path)
    before, until = None, 0.0
    for key in ("growing", "mail"):
        load.fetch(key)
    while True:
        with lab.reader() as db:
            open_ones = db.rows("SELECT id, state, what FROM message WHERE state NOT IN (3, 6)")
            unclear = db.rows("SELECT id, key FROM message WHERE state = ?", UNCLEAR)
            behind = [(k, n, error) for k, n, error in
                      db.rows("SELECT key, items, error FROM account WHERE channel IN ('feed', 'mail')")
                      if n < wanted_items(load, peers, k)]
        if not open_ones and not behind:
            return
        if before != (open_ones, behind):
            before, until = (open_ones, behind), time.monotonic() + STANDSTILL
        check(time.monotonic() < until, f"in limbo: messages {open_ones[:5]}, "
                                        f"sources {behind[:5]}")
        load.decide(unclear)
        time.sleep(0.3)


def fetch_alone(lab, load, peers):
    """PostgreSQL: nobody runs, and an account belongs to the process that has just died until its
    lease ends. The command fetches by itself then, in place of waiting for a server."""
    lab.kill()
    soon = int(time.time() * 1000) + 3000
    PgStore(lab.pg).run(
        "UPDATE lease SET until = %d, owner = (SELECT n.owner FROM lease n WHERE n.slot >= 0 ORDER BY "
        "n.until DESC LIMIT 1) WHERE until > %d OR name LIKE 'account:%%'" % (soon, soon))
    with peers.lock:
        peers.feeds["growing"] += 1
    began = time.monotonic()
    check(load.run("channel", "fetch", "growing") == 0, "nothing is fetched without a server")
    check(time.monotonic() - began < 60, "a fetch waits for a server that nobody starts")
    lab.start()
    lab.wait_ready()


def check_end(db, load, peers):
    api = lab_module.account_id(db, "api")
    missing = load.sent - load.acked.keys()
    check(not missing, f"never acknowledged: {sorted(missing)[:5]}")
    check(not peers.errors, f"the peers complain: {peers.errors[:5]}")
    problems = db.rows('SELECT id, problem FROM "case" WHERE problem <> 0')
    check(not problems, f"cases still with a problem: {problems[:5]}")
    mails = collections.Counter(k for k, _ in peers.mails)
    posts = collections.Counter(db.column("SELECT message FROM post WHERE message <> 0"))
    rows = db.rows("SELECT id, key, text, account, state FROM message")
    for n, key, text, account, state in rows:
        check(state == SENT and posts[n] == 1, f"{key} is {STATE_NAMES[state]}, with {posts[n]} posts")
        if account == api:
            check(peers.effects.get(key) == text, f"{key} did not have its effect")
        else:
            check(mails[key] == 1, f"{key} was taken {mails[key]} times by the mail server")
    keys = {r[1] for r in rows}
    stray = (peers.effects.keys() | mails.keys()) - keys
    check(not stray, f"went out and is not known: {sorted(stray)[:5]}")
    for name in [*load.feeds_done, "growing", "mail"]:
        n = db.row("SELECT count(*) AS n, count(DISTINCT external_id) AS d FROM post "
                   "WHERE account = ? AND message = 0", lab_module.account_id(db, name))
        wanted = wanted_items(load, peers, name)
        check(n == (wanted, wanted), f"{name} has {n} of {wanted} posts")


def tell(load, peers, kills, ready, states):
    print(f"\nkills {kills}; of them while at least one message was")
    for state in (QUEUED, CLAIMED, SENDING):
        hit = [c[state] for c in states if c[state]]
        print(f"  {STATE_NAMES[state]:10} {len(hit):3} kills, {sum(hit):4} messages")
    idle = sum(not (c[QUEUED] or c[CLAIMED] or c[SENDING]) for c in states)
    print(f"  {'none':10} {idle:3} kills")
    done = sum(load.replies.values())
    print(f"posts acknowledged {len(load.acked)}, imported {len(load.imports_done) * 40}, feeds "
          f"{len(load.feeds_done)} and one of {peers.feeds['growing']}, mailbox {len(peers.inbox)}, "
          f"replies acknowledged {done} of {len(load.replies)}")
    print(f"webhook: {len(peers.effects)} acted on once each, {peers.repeats} repeats by the same "
          f"id dropped; mail: {len(peers.mails)} taken")
    print(f"first answer after a start: median {sorted(ready)[len(ready) // 2] * 1000:.0f} ms, "
          f"longest {max(ready) * 1000:.0f} ms", flush=True)


def body(lab):
    seed = lab_module.seed_of_run()
    peers = Peers(seed, SECRET)
    set_up(lab, peers)
    load = Load(lab, peers, seed)
    load.import_file(load.new_file())
    states, ready = [], []
    with lab.snapshot() as db:
        unclear = take_cases(db, load)
    for n in range(KILLS):
        seconds = wait_for_kill(lab, load, peers, n, unclear)
        check(lab.server.poll() is None, f"the server ended by itself: {lab.log_tail()}")
        lab.kill()
        peers.trap.open()
        load.pause()
        if seconds is not None:
            ready.append(seconds)
        with lab.snapshot() as db:
            # on PostgreSQL the machine has not failed, and looking at each index takes long
            states.append(examine(db, load, ENGINE == "sqlite" or n % 10 == 0))
            unclear = take_cases(db, load)
        load.waiting = states[-1][QUEUED]
        print(f"kill {n + 1}: " + ", ".join(f"{STATE_NAMES[s]} {c}" for s, c in
                                            sorted(states[-1].items()) if s not in CALM),
              flush=True)
        check(not load.errors, f"under load: {load.errors[:3]}")
    load.end()
    settle(lab, load, peers)
    if lab.pg:
        fetch_alone(lab, load, peers)
    lab.stop()
    with lab.snapshot() as db:
        examine(db, load)
        check_end(db, load, peers)
    check(not load.errors, f"under load: {load.errors[:3]}")
    tell(load, peers, KILLS, ready, states)
    check(sum(c[SENDING] > 0 for c in states) >= KILLS // 5,
          "too few kills fell into sending to say anything")
    check(sorted(ready)[len(ready) // 2] < 2, "it takes too long to be ready again")
    peers.close()


if __name__ == "__main__":
    lab_module.run("kill", body)
