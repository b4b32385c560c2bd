"""outside.py - other servers that are out of order, all at once: refused, without a name, silent,
slow, dripping, with broken TLS, asking to wait in every form, failing for hours. Beside them accounts
whose other side is well. Shown: the well ones are served as before; each ill one says why and when it
is tried again, in German and with what to do; what it holds is bounded; hours of failure lose nothing;
and when it is well again everything arrives once and in order."""

import email.utils
import os
import re
import statistics
import time

import lab as lab_module
from faulty import Faulty, certificates, tls_context
from lab import LONG, QUEUED, SANITIZED, SENT, STATE_NAMES, TEXTS, check, wait_until
from ledger import Ledger
from peers import Peers
from shim import Shim

SECRET = "a secret of the test"
FIRST_PAUSE = 15  # what Zuruf waits when it is told nothing (net/retry.h)
DAY = 86400  # the longest that it lets itself be told
HOURS = 12 if LONG else 1
SLOW = 4 if SANITIZED else 1


def later(seconds):
    return lambda: email.utils.formatdate(time.time() + seconds, usegmt=True)


# fault -> (what the account says, the wait that the other side asked for)
FAULTS = {
    "refused": ("der Server lehnt die Verbindung ab", None),
    "noname": ("der Name des Servers ist nicht aufzulösen", None),
    "nodns": ("der Server hat nicht rechtzeitig geantwortet|der Name des Servers ist nicht aufzulösen", None),
    "silent": ("der Server hat nicht rechtzeitig geantwortet", None),
    "drip": ("der Server hat nicht rechtzeitig geantwortet", None),
    "name": ("das Zertifikat des Servers gilt für einen anderen Namen", None),
    "expired": ("das Zertifikat des Servers ist abgelaufen", None),
    "self": ("der Server hat sein Zertifikat selbst unterschrieben", None),
    "stranger": ("das Zertifikat des Servers hat niemand unterschrieben, dem wir trauen", None),
    "cut": ("mit dem Server kam keine verschlüsselte Verbindung zustande|die Verbindung brach ab", None),
}
ASKS = {"three": "3", "soon": later(3), "number": "120", "date": later(120), "past": later(-120), "zero": "0", "negative": "-5",
        "absurd": "1000000000000", "garbage": "when I am ready", "none": None}
WAITS = {"three": 3, "soon": 3, "number": 120, "date": 120, "absurd": DAY}
for form in ASKS:
    FAULTS[f"429-{form}"] = ("der Server bittet um weniger Anfragen", WAITS.get(form))
    if LONG or form in ("number", "absurd", "none"):
        FAULTS[f"503-{form}"] = ("der Server ist gestört (Status 503)", WAITS.get(form))

TLS = ("name", "expired", "self", "stranger", "cut")


class Outside:
    """Webhook accounts, one a fault, each with cases that are answered; feeds and mailboxes likewise."""

    def __init__(self, lab, folder):
        self.lab, self.folder = lab, folder
        self.servers, self.tokens, self.cases = {}, {}, {}
        for fault in FAULTS:
            self.servers[fault] = self.make(fault)
            out = lab.command("channel", "add", "api", f"hook-{fault}", "--name", f"hook-{fault}", "--allow-private",
                              f"url={self.url(fault, self.servers[fault])}/hook", f"secret={SECRET}")
            self.tokens[fault] = out.stdout.split()[1]
        self.feeds = {f: self.make(f) for f in FAULTS if "-" not in f or LONG}
        self.feeds["slow"] = Faulty("slow")

    def make(self, fault):
        if fault in TLS:
            # "cut" ends before a certificate is shown
            name = "good" if fault == "cut" else fault
            return Faulty("cut" if fault == "cut" else None, tls_context(self.folder, name))
        if "-" in fault:
            status, form = fault.split("-")
            return Faulty((int(status), ASKS[form]))
        return Faulty(None if fault in ("noname", "nodns") else fault)

    @staticmethod
    def url(fault, server):
        host = {"noname": "a.none.test", "nodns": "a.hangs.test"}.get(fault, "localhost" if fault in TLS else "127.0.0.1")
        return f"{'https' if fault in TLS else 'http'}://{host}:{server.server_address[1]}"

    def add_feeds(self):
        for fault, server in self.feeds.items():
            self.lab.command("channel", "add", "feed", f"feed-{fault}", "--name", f"feed-{fault}", "--allow-private",
                             f"url={self.url(fault, server)}/feed")

    def open_cases(self, each):
        for fault, token in self.tokens.items():
            self.lab.token = token
            posts = [{"id": f"{fault}-{n}", "author": f"c-{fault}-{n}", "text": TEXTS[n % 4]} for n in range(each)]
            answer = self.lab.post_lines(posts)
            check(answer.status == 201, f"posts of {fault}: {answer.status}")
            self.cases[fault] = [int(r["case"]) for r in answer.json()["results"]]

    def answer_all(self, times):
        for fault, cases in self.cases.items():
            for case in cases:
                for n in range(times):
                    got = self.lab.desk("POST", f"/desk/case/{case}/reply",
                                        {"text": f"Antwort {fault} {case} {n}.", "then": "keep"})
                    check(got.status == 204, f"reply {n} to {fault}: {got.status}")


def add_well(lab, peers):
    lab.add_api_account("api", f"url=http://127.0.0.1:{peers.webhook_port}/hook", f"secret={SECRET}")
    lab.command("channel", "add", "mail", "mail", "--name", "care@nordlicht.example", "--allow-private",
                f"imap_url=imap://127.0.0.1:{peers.imap_port}", f"smtp_url=smtp://127.0.0.1:{peers.mail_port}",
                "user=care", "password=none", "address=care@nordlicht.example", "plain=1", "since=all")
    peers.feeds["well"] = 1
    lab.command("channel", "add", "feed", "well", "--name", "well", "--allow-private",
                f"url=http://127.0.0.1:{peers.feed_port}/well")


class Well:
    """How long the accounts whose other side is well take."""

    def __init__(self, lab, peers, ledger):
        self.lab, self.peers, self.ledger = lab, peers, ledger
        self.mails = 0
        with lab.reader() as db:
            self.ids = {k: lab_module.account_id(db, k) for k in ("api", "mail", "well")}

    def count(self, key):
        with self.lab.reader() as db:
            return db.row("SELECT count(*) FROM post WHERE account = ?", self.ids[key])[0]

    def answer(self):
        check(self.ledger.reply() == 204, "a reply")
        token = list(self.ledger.replies)[-1]
        return wait_until(lambda: any(token in t for t in list(self.peers.effects.values())), 60, "an answer stays here")

    def fetched(self, key, renew):
        before = self.count(key)
        renew()
        began = time.monotonic()
        check(self.lab.desk("POST", f"/desk/channels/{self.ids[key]}/fetch").status in (204, 303), "a wish")
        wait_until(lambda: self.count(key) > before, 60, f"{key} is not fetched")
        return time.monotonic() - began

    def feed(self):
        def renew():
            with self.peers.lock:
                self.peers.feeds["well"] += 1
        return self.fetched("well", renew)

    def mail(self):
        self.mails += 1
        return self.fetched("mail", lambda: self.peers.put_mail(f"k{self.mails}@kunden.example", TEXTS[0]))


def resources(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        text = f.read()
    return int(re.search(r"Threads:\s+(\d+)", text)[1]), int(re.search(r"VmRSS:\s+(\d+)", text)[1])


def failures(lab):
    """Of answers in a row, by fault."""
    with lab.reader() as db:
        return {key.removeprefix("hook-"): n for key, n in db.rows("SELECT key, send_failures FROM account")
                if key.startswith("hook-")}


def text_of(page):
    """What stands there, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.body.decode()).replace("&#39;", "'"))


def all_shown(lab, out, began):
    """Within a minute of its first answer each ill account says why, and when it goes on."""
    wanted = {f"hook-{f}": FAULTS[f][0] for f in FAULTS} | {f"feed-{f}": FAULTS[f][0] for f in out.feeds if f != "slow"}
    missing = {}

    def shown():
        page = lab.desk("GET", "/desk/channels").body.decode()
        missing.clear()
        for row in re.findall(r"<tr.*?</tr>", page, re.S):
            found = re.search(r">((?:hook|feed)-[a-z0-9-]+)</a>", row)
            if found and found[1] in wanted:
                words = wanted[found[1]].split("|")
                if not any(w in row for w in words) or not re.search("Nächster Versuch|gerade wieder versucht", row):
                    missing[found[1]] = re.sub(r"<[^>]+>", " ", row)
                wanted_seen.add(found[1])
        return not missing and wanted_seen == set(wanted)

    wanted_seen = set()
    try:
        wait_until(shown, max(1.0, 60 * SLOW - (time.monotonic() - began)), "states", pause=0.5)
    except lab_module.Failed:
        raise lab_module.Failed(f"after a minute the page of channels does not say: {missing or set(wanted) - wanted_seen}") from None
    print(f"each of {len(wanted)} states was shown {time.monotonic() - began:.1f} s after the first answer")


def case_shows(lab, out):
    for fault in ("refused", "429-number", "429-none"):
        page = lab.desk("GET", f"/desk/case/{out.cases[fault][0]}")
        text = text_of(page)
        check(re.search("Ist noch nicht hinausgegangen. (Nächster Versuch|Es wird gerade)", text) and FAULTS[fault][0] in text,
              f"the case of {fault} says: {text[:3000]}")
        with lab.reader() as db:
            message, at = db.row("SELECT id, not_before FROM message WHERE case_id = ? ORDER BY id", out.cases[fault][0])
        if fault == "429-number":
            check("/now" not in page.body.decode(), "it can be tried although the other side asks to wait")
            check(lab.desk("POST", f"/desk/message/{message}/now").status == 409, "a try that was asked not to be made")
        elif at > time.time() * 1000 + 2000:
            check(f"/desk/message/{message}/now" in page.body.decode(), f"no way to try {fault} at once")


def waits_as_asked(lab, out):
    with lab.reader() as db:
        told = db.rows("SELECT a.key, a.send_after, a.send_asked, (SELECT max(d.at) FROM delivery d WHERE d.account = a.id) "
                       "AS last FROM account a WHERE a.send_failures > 0")
    check(len(told) == len(out.cases), f"ill are {[t[0] for t in told]}")
    for key, after, by_wish, last in told:
        fault = key.removeprefix("hook-")
        pause, asked = (after - last) / 1000, FAULTS[fault][1]
        if asked:
            check(asked - 2 <= pause <= asked + 2 and by_wish == 1, f"{fault}: waits {pause:.0f} s")
        else:
            check(FIRST_PAUSE - 1 <= pause <= 600 * 1.25 + 1 and by_wish == 0, f"{fault}: waits {pause:.0f} s")


def none_is_asked_early(out):
    """Up to three at a time may have asked before the first learnt that it has to wait; then nobody does."""
    for fault, least in (("429-three", 2.95), ("429-soon", 1.95)):  # a date has whole seconds
        moments = sorted(out.servers[fault].requests)
        check(len(moments) > 3, f"{fault} is asked {len(moments)} times")
        rests = [b - a for a, b in zip(moments, moments[1:], strict=False)]
        check(all(r < 0.9 or r >= least for r in rests), f"{fault}: asked again after {rests} s")


def hours_of_failure(lab, shim, out, well_id):
    """Nothing but the clock moves. One message at a time asks for its account; none is given up."""
    asked_before = {f: len(s.requests) for f, s in out.servers.items()}
    moved, steps, step = 0, 0, 11 * 60 + 200
    faults = [f for f in out.cases if f.startswith(("429-none", "503-none", "refused", "429-zero"))]
    while moved < HOURS * 3600:
        before = failures(lab)
        moved += step
        steps += 1
        shim.move_clock(moved)
        lab.desk("POST", f"/desk/channels/{well_id}/send")  # whoever sleeps looks at the clock
        wait_until(lambda b=before: all(n > b[f] for f, n in failures(lab).items() if f in faults), 60,
                   "an account is not tried again", pause=0.1)
    for fault in faults:
        n = len(out.servers[fault].requests) - asked_before[fault]
        check(fault == "refused" or steps <= n <= 2 * steps + 3, f"{fault}: asked {n} times in {steps} pauses")
    with lab.reader() as db:
        for fault in faults:
            states = db.column("SELECT m.state FROM message m JOIN account a ON a.id = m.account WHERE a.key = ?", f"hook-{fault}")
            check(set(states) <= {QUEUED, 1, 2}, f"{fault}: {[STATE_NAMES[s] for s in states]} after {HOURS} h")
    print(f"{moved / 3600:.1f} h of failure in {steps} steps; requests of one: "
          f"{len(out.servers['429-none'].requests) - asked_before['429-none']} for {len(out.cases['429-none']) * 2} messages")
    return moved


def caught_up(lab, shim, out, moved, well_id, names):
    good = tls_context(out.folder, "good")
    for fault, server in out.servers.items():
        server.make_well(good if fault in TLS else None)
    shim.move_clock(moved + DAY + 3600)
    lab.desk("POST", f"/desk/channels/{well_id}/send")

    def all_there():
        return all(len({k for k, _ in out.servers[f].taken}) >= len(out.cases[f]) * 2 for f in names)
    try:
        began = time.monotonic()
        wait_until(lambda: all_there() or time.monotonic() - began > 11, 20, "the clock stands")
        with lab.reader() as db:
            ids = dict(db.rows("SELECT key, id FROM account"))
        for fault, n in failures(lab).items():  # those whose last try had begun before
            if n and fault in names:
                answer = lab.desk("POST", f"/desk/channels/{ids[f'hook-{fault}']}/send")
                check(answer.status in (204, 303), f"send now: {answer.status}")
        wait_until(all_there, 30 * SLOW, "not all arrived")
        took = time.monotonic() - began
    except lab_module.Failed:
        left = {f: len(out.servers[f].taken) for f in names if len(out.servers[f].taken) < len(out.cases[f]) * 2}
        raise lab_module.Failed(f"not all arrived: {left}, {failures(lab)}") from None
    print(f"caught up {took:.1f} s after they were well")
    for fault in names:
        taken = out.servers[fault].taken
        check(len(taken) == len({k for k, _ in taken}), f"{fault}: something arrived twice")
        for case in out.cases[fault]:
            order = [int(re.search(rf"Antwort {re.escape(fault)} {case} (\d)", t)[1]) for _, t in taken
                     if f"Antwort {fault} {case} " in t]
            check(order == [0, 1], f"{fault}: case {case} got {order}")


def body(lab):
    folder = os.path.join(lab.dir, "tls")
    os.mkdir(folder)
    certificates(folder)
    shim = Shim(lab.dir, lab.data)
    lab.shim = shim
    lab.env["ZURUF_CA_FILE"] = os.path.join(folder, "ca.pem")
    peers = Peers(1, SECRET)
    peers.calm = True
    add_well(lab, peers)
    well_token = lab.token
    out = Outside(lab, folder)
    lab.token = well_token
    lab.start()
    lab.wait_ready()
    lab.sign_in("administrator")
    ledger = Ledger(lab, peers)
    well = Well(lab, peers, ledger)
    check(ledger.post(120) == 201, "the first posts")
    alone = [well.answer() for _ in range(10)]
    alone_feed, alone_mail = well.feed(), well.mail()
    threads, memory = resources(lab.server.pid)

    out.open_cases(3 if LONG else 2)
    lab.token = well_token
    out.add_feeds()
    began = time.monotonic()
    out.answer_all(2)
    beside = []
    while time.monotonic() - began < 14 and len(ledger.cases) > 10:
        beside.append(well.answer())
        time.sleep(0.1)
    beside_feed, beside_mail = well.feed(), well.mail()
    print(f"an answer alone {statistics.median(alone):.2f} s, beside {len(FAULTS)} ill ones {statistics.median(beside):.2f} s "
          f"(the longest of {len(beside)}: {max(beside):.2f} s); feed {alone_feed:.2f}/{beside_feed:.2f} s, "
          f"mail {alone_mail:.2f}/{beside_mail:.2f} s")
    check(statistics.median(beside) < 5 * statistics.median(alone) + 2 * SLOW, "answers wait beside ill accounts")
    check(max(beside) < 21 * SLOW, "an answer waited longer than two tries of those that failed first")
    check(max(beside_feed, beside_mail) < 30 * SLOW, "a fetch waits beside ill accounts")
    all_shown(lab, out, began)
    threads_now, memory_now = resources(lab.server.pid)
    print(f"threads {threads} -> {threads_now}, memory {memory // 1024} -> {memory_now // 1024} MB")
    check(threads_now <= threads + 20, f"{threads_now - threads} more threads")
    check(SANITIZED or memory_now < memory + 100 * 1024, f"memory {memory} -> {memory_now} kB")
    most = {f: s.open_most for f, s in out.servers.items()}
    check(all(n <= 3 for n in most.values()), f"connections at a time: {most}")
    case_shows(lab, out)
    waits_as_asked(lab, out)
    none_is_asked_early(out)
    moved = hours_of_failure(lab, shim, out, well.ids["api"])
    names = [f for f in FAULTS if f not in ("noname", "nodns")]
    caught_up(lab, shim, out, moved, well.ids["api"], names)
    wait_until(lambda: all(not n for f, n in failures(lab).items() if f in names), 10,
               "an account that is well says it is not", pause=0.1)
    page = lab.desk("GET", "/desk/channels").body.decode()
    check(page.count("Antworten warten") == 2, "the page still says that answers wait")  # noname, nodns
    shim.move_clock(0)
    lab.stop(60)
    with lab.snapshot() as db:
        lab_module.check_sound(db)
        ledger.verify(db)
        ledger.verify_peer(db)
        for fault in names:
            account = lab_module.account_id(db, f"hook-{fault}")
            states = db.column("SELECT state FROM message WHERE account = ?", account)
            check(set(states) == {SENT}, f"{fault} ends with {[STATE_NAMES[s] for s in states]}")
    peers.close()


if __name__ == "__main__":
    lab_module.run("outside", body)
