"""accounts.py - guessing passwords and finding out who has an account. Behind a listed proxy, so that each try can come
from an address of its own."""
import math
import os
import random
import statistics
import threading
import time

from house import Server, case, check, enter, main, same, sign_in, wait_for

LONG = bool(os.environ.get("FAULTS_LONG"))
GUESSES = 10000 if LONG else 250
TIMINGS = 500 if LONG else 25  # of each kind and round
ROUNDS = 4


@case("case 14: guessing is slowed down by account and by address, and the owner comes in all the same")
def guessing(server):
    email, password = "agent@nordlicht.example", "ein gutes Kennwort"
    server.command("user", "password", email, text=password + "\n")
    _, _, mark = enter(server, email, password, address="203.0.113.1")
    counts, lock, numbers = {}, threading.Lock(), iter(range(GUESSES))

    def guess():
        while True:
            with lock:
                n = next(numbers, None)
            if n is None:
                return
            got = sign_in(server, email, f"Kennwort {n}", f"2001:db8::{n:x}").status
            with lock:
                counts[got] = counts.get(got, 0) + 1

    workers = [threading.Thread(target=guess) for _ in range(4)]
    began = time.monotonic()
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    took = time.monotonic() - began
    print(f"# {GUESSES} guesses from as many addresses in {took:.1f} s: {counts}")
    same(set(counts), {422, 429}, "what guesses get")
    # 100 are free, four may be under way, then one each 2, 4, 8 ... seconds
    check(100 <= counts[422] <= 105 + math.log2(took / 2 + 2), f"{counts[422]} passwords were tried")
    waited = sign_in(server, email, password, "203.0.113.2")
    check(waited.status == 429 and int(waited.headers["Retry-After"]) <= 901, "from a browser that nobody knows")
    enter(server, email, password, address="203.0.113.3", cookie=f"zuruf-known={mark}")
    same(sign_in(server, email, "falsch falsch", "203.0.113.4", f"zuruf-known={mark}").status, 422, "a known browser errs")
    for n in range(5):
        sign_in(server, email, f"falsch {n}", "203.0.113.5", f"zuruf-known={mark}")
    same(sign_in(server, email, password, "203.0.113.5", f"zuruf-known={mark}").status, 429, "it may not guess either")
    same(sign_in(server, "lead@nordlicht.example", password, "203.0.113.6", f"zuruf-known={mark}").status, 422,
         "its mark is good for one account")
    got = [sign_in(server, f"somebody{n}@nordlicht.example", "x" * 12, "198.51.100.9").status for n in range(22)]
    same((got[:20], got[21]), ([422] * 20, 429), "one address that tries many accounts")
    tried = {"denied.password": counts[422] + 6, "denied.wait": counts[429] + 2}  # one of them for the address of the lead
    wait_for("the audit log to count them", lambda: refused(server, "agent") == tried)
    page = server.person("nordlicht", "lead").get("/desk/audit").text
    check("with a wrong password" in page and "too many wrong passwords" in page, "the page of the audit log")
    server.command("user", "password", email, text="ein anderes Kennwort\n")
    same(sign_in(server, email, "ein anderes Kennwort", "203.0.113.7", f"zuruf-known={mark}").status, 429,
         "the mark after a new password")


def refused(server, role):
    """What the audit log says of the account, summed up."""
    with server.store() as db:
        return dict(db.execute("SELECT what, sum(n) FROM denial WHERE object = ? AND agent = 0 GROUP BY what",
                               (int(server.world["nordlicht"][role]["id"]),)))


@case("case 17: an account that exists is answered as one that does not, in words and in time")
def enumeration(server):
    server.command("user", "password", "lead@suedwind.example", text="ein gutes Kennwort\n")
    server.command("user", "password", "reader@suedwind.example", text="ein gutes Kennwort\n")
    server.command("user", "disable", "reader@suedwind.example")
    emails = {"exists": "lead@suedwind.example", "does not": "leas@suedwind.example",
              "is shut out": "reader@suedwind.example", "has no password": "agent@suedwind.example"}
    suspects = [kind for kind in emails if kind != "exists"]
    for turn in range(ROUNDS):  # chance alone accuses one in twenty, but not the same one again and again
        times = measure(server, {kind: emails[kind] for kind in ("exists", *suspects)})
        found = {kind: rank_test(times["exists"], times[kind]) for kind in suspects}
        for kind, p in found.items():
            print(f"# exists against {kind}: medians {statistics.median(times['exists']) * 1000:.1f} and"
                  f" {statistics.median(times[kind]) * 1000:.1f} ms, p = {p:.3f} of {TIMINGS} each, round {turn + 1}")
        suspects = [kind for kind, p in found.items() if p <= 0.05]
        if not suspects:
            return
    check(False, f"time tells an account that {suspects[0]}, {ROUNDS} times over")


def measure(server, emails):
    """Seconds for a wrong password, by kind of account; the pages must be the same."""
    times, pages = {kind: [] for kind in emails}, {}
    for n in range(TIMINGS):
        if n % 90 == 0:  # else the brake of the account answers, for each of them alike
            server.stop()
            server.start()
        for kind, email in sorted(emails.items(), key=lambda _: random.random()):
            began = time.perf_counter()
            answer = sign_in(server, email, "falsch falsch", f"192.0.2.{n % 250}")
            times[kind].append(time.perf_counter() - began)
            same(answer.status, 422, f"an account that {kind}")
            pages[kind] = [x.replace(email, "EMAIL") if isinstance(x, str) else x for x in answer.bare]
    for kind in emails:
        same(pages[kind], pages["exists"], f"the page for an account that {kind}")
    return times


def rank_test(left, right):
    """Mann-Whitney's U, two sides, by the normal approximation: how likely such a difference is by chance."""
    both = sorted([(x, 0) for x in left] + [(x, 1) for x in right])
    ranks = sum(i + 1 for i, (_, side) in enumerate(both) if side == 0)
    n, m = len(left), len(right)
    z = (ranks - n * (n + m + 1) / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


with Server(ZURUF_PROXIES="127.0.0.1") as world:
    main(world)
