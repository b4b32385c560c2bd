"""things.py - the hand-written table of routes (matrix.tsv), and one of everything that has an id, to fill it with."""
import os
import urllib.parse

from house import ROLES, check, same

ABSENT = "1"  # an id that nothing has
COLUMNS = ("nobody", *ROLES, "token", "foreign")


def read_table():
    rows = []
    with open(os.path.join(os.path.dirname(__file__), "matrix.tsv"), encoding="utf-8") as f:
        for line in f:
            if line.startswith("#") or not line.strip():
                continue
            cells = line.rstrip("\n").split("\t")
            check(len(cells) == 4 + len(COLUMNS), f"{len(cells)} cells: {line}")
            wants = dict(zip(COLUMNS, cells[4:]))
            rows.append((cells[0], cells[1], cells[2], dict(urllib.parse.parse_qsl(cells[3], True)), wants))
    return rows


TABLE = read_table()


class Things:
    """Ids of the brand nordlicht; a new one each time of what a request uses up."""

    def __init__(self, server):
        self.server, self.world = server, server.world["nordlicht"]
        self.admin = server.person("nordlicht", "administrator")
        self.posts = iter(self.world["posts"])
        self.made = 0
        same(self.admin.post("/desk/teams/new", {"name": "Team", "icon": "users"}).status, 303, "a team is made")
        with server.store() as db:
            one = lambda sql: str(db.execute(sql, (int(self.world["id"]),)).fetchone()[0])
            self.fixed = {"brand": self.world["id"], "account": self.world["api"]["id"], "feed": self.world["feed"]["id"],
                          "team": one("SELECT id FROM team WHERE brand = ?"),
                          "attachment": one("SELECT id FROM attachment WHERE brand = ?"),
                          "refused": one("SELECT id FROM refused WHERE brand = ?"),
                          "session": one("SELECT id FROM session WHERE brand = ?")}
        self.fixed["rule"] = self.get_new_rule()
        self.fixed["spare"] = self.made_by("/desk/channels/new/api", {"name": "Ersatz", "network": "api", "s-secret": "x" * 20},
                                           "SELECT max(id) FROM account WHERE brand = ?", 200)

    def made_by(self, path, fields, sql, status):
        answer = self.admin.post(path, fields)
        same(answer.status, status, f"{path} with {fields}")
        with self.server.store() as db:
            return str(db.execute(sql, (int(self.world["id"]),)).fetchone()[0])

    def get_case(self):
        return next(self.posts)["case"]

    def get_post(self):
        return next(self.posts)["id"]

    def get_message(self):
        return self.made_by(f"/desk/case/{self.get_case()}/reply", {"text": "Antwort"},
                            "SELECT max(id) FROM message WHERE brand = ?", 303)

    def get_new_rule(self):
        return self.made_by("/desk/routing/new", {"name": "Regel", "field-1": "words", "value-1": "Wort"},
                            "SELECT max(id) FROM routing_rule WHERE brand = ?", 303)

    def get_new_agent(self):
        self.made += 1
        return self.made_by("/desk/agents/new", {"name": "Neu", "email": f"neu{self.made}@example.org", "role": "agent"},
                            "SELECT max(agent) FROM membership WHERE brand = ?", 200)

    def fill(self, text, absent=False):
        while "{" in text:
            name = text[text.index("{") + 1:text.index("}")]
            if absent:
                value = ABSENT
            else:
                value = self.fixed.get(name) or getattr(self, "get_" + name)()
            text = text.replace("{" + name + "}", value)
        return text
