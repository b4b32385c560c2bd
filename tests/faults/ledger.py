"""ledger.py - what a server acknowledged to one client, and whether it kept its word: posts by the
API and replies by an agent, each once in the store, each reply at most once at its receiver."""

import collections
import http.client
import itertools
import re

import lab as lab_module
from lab import TEXTS, check

BROKEN = (OSError, http.client.HTTPException)
REFUSED = (503, 507)  # "not now": the client tries again


def count_tokens(texts):
    """How often each token of a reply is there."""
    return collections.Counter(token for t in texts for token in re.findall(r"\w+-reply-\d+\.", t))


class Ledger:
    """lab: signed in, with an account "api". peers: where its replies go."""

    def __init__(self, lab, peers, name="p"):
        self.lab, self.peers, self.name = lab, peers, name
        self.numbers = itertools.count()
        self.sent, self.acked = set(), {}
        self.cases = []
        self.replies = {}  # token -> acknowledged?

    def posts(self, n):
        out = []
        for _ in range(n):
            i = next(self.numbers)
            out.append({"id": f"{self.name}{i}", "author": f"customer{i % 40}",
                        "text": TEXTS[i % len(TEXTS)]})
        return out

    def post(self, n=3, timeout=30):
        """The status of a request with n new posts; None: no answer."""
        batch = self.posts(n)
        return self.send(batch, timeout)

    def send(self, batch, timeout=30):
        self.sent.update(p["id"] for p in batch)
        try:
            answer = self.lab.post_lines(batch, timeout)
        except BROKEN:
            return None
        if answer.status != 201:
            if answer.status in REFUSED:
                check(answer.headers["Retry-After"], "a refusal without Retry-After")
            return answer.status
        for p, r in zip(batch, answer.json()["results"], strict=True):
            check(r["id"] == p["id"] and r["status"] in ("stored", "duplicate"), f"answer {r}")
            self.acked[p["id"]] = int(r["post"])
            if r.get("case") and r["status"] == "stored":
                self.cases.append(int(r["case"]))
        return 201

    def reply(self):
        """The status of one reply to a case; None: no answer, or no case is left."""
        if not self.cases:
            return None
        case = self.cases.pop(0)
        token = f"{self.name}-reply-{len(self.replies)}."
        self.replies[token] = False
        try:
            answer = self.lab.desk("POST", f"/desk/case/{case}/reply",
                                   {"text": f"Guten Tag, das klären wir. {token}", "then": "keep"})
        except BROKEN:
            return None
        self.replies[token] = answer.status == 204
        return answer.status

    def look(self, path="/desk"):
        """The status of a page; None: no answer."""
        try:
            return self.lab.request("GET", path, headers={"Cookie": self.lab.cookie}).status
        except BROKEN:
            return None

    def verify(self, db):
        """Nothing acknowledged is lost, nothing is made up, nothing is there twice."""
        api = lab_module.account_id(db, "api")
        rows = [r for r in db.rows("SELECT external_id, id FROM post WHERE account = ? "
                                   "AND message = 0", api) if r[0].startswith(self.name)]
        stored = dict(rows)
        check(len(stored) == len(rows), "a post is there twice")
        lost = [x for x, post in self.acked.items() if stored.get(x) != post]
        check(not lost, f"acknowledged posts are lost or others: {lost[:10]}")
        made_up = stored.keys() - self.sent
        check(not made_up, f"posts that nobody sent: {sorted(made_up)[:10]}")
        found = count_tokens(db.column("SELECT text FROM message"))
        for token, acked in self.replies.items():
            n = found[token]
            check(n == 1 or (n == 0 and not acked),
                  f"{token} acknowledged {acked}, is there {n} times")

    def verify_peer(self, db):
        """Each message had its effect at most once under each key, and none is unknown."""
        keys = set(db.column("SELECT key FROM message"))
        stray = self.peers.effects.keys() - keys
        check(not stray, f"went out and is not known: {sorted(stray)[:5]}")
        found = count_tokens(list(self.peers.effects.values()))
        for token in self.replies:
            n = found[token]
            check(n <= 1, f"{token} went out {n} times under different keys")
