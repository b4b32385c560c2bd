"""repeats.py - everything that comes in comes three times, out of order and also after a restart: by
the API, a file, a feed and a mailbox. Each is stored once."""

import json
import os
import random

import lab as lab_module
from lab import TEXTS, check, wait_until
from peers import Peers

POSTS, TIMES = 60, 3


def by_api(lab, chance):
    posts = [{"id": f"p{i}", "author": f"k{i % 7}", "text": TEXTS[i % len(TEXTS)],
              "in_reply_to": f"p{i - 1}" if i % 3 else None} for i in range(POSTS)]
    posts = [{k: v for k, v in p.items() if v} for p in posts]
    chance.shuffle(posts)
    for at in range(0, POSTS, 20):
        answer = lab.post_lines(posts[at:at + 20])
        check(answer.status in (200, 201), f"posts are answered with {answer.status}")


def by_file(lab, chance):
    lines = [json.dumps({"id": f"f{i}", "text": TEXTS[i % len(TEXTS)]}) for i in range(POSTS)]
    chance.shuffle(lines)
    path = os.path.join(lab.dir, "again.jsonl")
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join(lines + lines[:10]) + "\n")
    lab.command("import", "--account", "file", path)


def by_peers(lab, peers, turn):
    """The feed grows and loses what is old; the mailbox has each mail once more."""
    with peers.lock:
        peers.feeds["news"] = 10 + turn
    for n in reversed(range(10)):
        peers.put_mail(f"in-{n}@customer.example", TEXTS[n % len(TEXTS)])
    lab.command("channel", "fetch", "news")
    lab.command("channel", "fetch", "mail")


WANTED = {"api": POSTS, "file": POSTS, "news": 10 + TIMES - 1, "mail": 10}


def counts(lab):
    with lab.reader() as db:
        return {key: db.row("SELECT count(*) AS n, count(DISTINCT external_id) AS d FROM post "
                            "WHERE account = ?", lab_module.account_id(db, key))
                for key in WANTED}


def body(lab):
    chance = random.Random(lab_module.seed_of_run())
    peers = Peers(1, "unused")
    peers.calm = True
    lab.add_api_account("api")
    lab.command("channel", "add", "file", "file", "--name", "Archiv")
    lab.command("channel", "add", "mail", "mail", "--name", "care@nordlicht.example",
                "--allow-private", f"imap_url=imap://127.0.0.1:{peers.imap_port}", "user=care",
                "password=none", "address=care@nordlicht.example", "plain=1",
                "since=all")  # also what is there before the first look
    with peers.lock:
        peers.feeds["news"] = 0
    lab.command("channel", "add", "feed", "news", "--allow-private",
                f"url=http://127.0.0.1:{peers.feed_port}/news")
    for turn in range(TIMES):
        lab.start()
        lab.wait_ready()
        by_api(lab, chance)
        by_file(lab, chance)
        by_peers(lab, peers, turn)
        by_api(lab, chance)
        wait_until(lambda: counts(lab)["mail"][0] >= 10 and counts(lab)["news"][0] >= 10 + turn, 40,
                   f"what was fetched is not there in turn {turn}: {counts(lab)}", 0.1)
        lab.stop()
    with lab.snapshot() as db:
        lab_module.check_sound(db)
    found = counts(lab)
    check(found == {k: (n, n) for k, n in WANTED.items()}, f"stored are {found}")
    print(f"three times each, out of order, two restarts: {found}", flush=True)
    peers.close()


if __name__ == "__main__":
    lab_module.run("repeats", body)
