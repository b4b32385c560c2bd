"""patience.py - receivers that ask to wait (429 with Retry-After as seconds and as a date) or fail
(500, no answer at all): none is asked again early, and a receiver beside them gets its messages at
once. What is wrong is written down with the message at the first try."""

import email.utils
import time

import lab as lab_module
from lab import QUEUED, check, wait_until
from ledger import Ledger
from peers import Peers, Webhook

SECRET = "a secret of the test"
SECONDS = 3
FIRST_PAUSE = 15  # what Zuruf waits when it is told nothing (net/retry.h)


class Asking:
    """Answers the first try of each message as its turn says; notes when tries came."""

    def __init__(self):
        self.moments, self.turn, self.asked = {}, {}, {}
        self.over = False  # what is new now is answered well

    def answer(self, key):
        """(status, headers); None: as always."""
        if self.over and key not in self.moments:
            return None
        self.moments.setdefault(key, []).append(time.time())
        if len(self.moments[key]) > 1:
            return None
        self.turn[key] = len(self.turn) % 3
        if self.turn[key] == 0:
            self.asked[key] = time.time() + SECONDS
            return 429, {"Retry_After": str(SECONDS)}
        if self.turn[key] == 1:  # a date has whole seconds
            self.asked[key] = float(int(time.time()) + SECONDS + 1)
            return 429, {"Retry_After": email.utils.formatdate(self.asked[key], usegmt=True)}
        self.asked[key] = time.time() + FIRST_PAUSE
        return 500, {}


def ask(asking):
    real = Webhook.act

    def act(self, p, key, post):
        told = asking.answer(key)
        if told:
            self.answer(told[0], **told[1])
        else:
            real(self, p, key, post)
    Webhook.act = act


def body(lab):
    peers = Peers(1, SECRET)
    peers.calm = True
    lab.add_api_account("api", f"url=http://127.0.0.1:{peers.webhook_port}/hook",
                        f"secret={SECRET}")
    lab.start()
    lab.wait_ready()
    lab.sign_in()
    ledger = Ledger(lab, peers)
    check(ledger.post(40) == 201, "the first posts")
    asking = Asking()
    ask(asking)
    for _ in range(6):
        check(ledger.reply() == 204, "a reply")
    wait_until(lambda: len(asking.turn) == 6, 20, "not all were tried")

    def noted():
        with lab.reader() as db:
            return len(db.rows("SELECT id FROM message WHERE state = ? AND what <> ''", QUEUED)) >= 2
    wait_until(noted, 5, "it is not written down why messages wait")
    asking.over = True
    began = time.monotonic()
    check(ledger.reply() == 204, "a reply")
    token = list(ledger.replies)[-1]
    wait_until(lambda: any(token in t for t in list(peers.effects.values())), 10, "others wait with those that have to")
    print(f"beside them a message left after {time.monotonic() - began:.2f} s")
    wait_until(lambda: all(len(m) > 1 for m in asking.moments.values()), 60,
               "a message is not tried again")
    for key, moments in asking.moments.items():
        early = asking.asked[key] - moments[1]
        check(early < 0.05, f"tried again {early:.2f} s early, turn {asking.turn[key]}")
    print("waited beyond what was asked: " +
          ", ".join(f"{m[1] - asking.asked[k]:.1f}" for k, m in asking.moments.items()) + " s")
    lab.stop()
    with lab.snapshot() as db:
        lab_module.check_sound(db)
        ledger.verify(db)
        ledger.verify_peer(db)
    peers.close()


if __name__ == "__main__":
    lab_module.run("patience", body)
