"""statements.py - what reaches the engine of the store: a preloaded library (trace.c) writes down each statement. What people
type is in none of them, and no page asks once for each row that it shows."""
import os
import tempfile
import urllib.parse

from house import PG, Server, case, check, main, post_lines, same, table_columns
from things import TABLE, Things

FEW, MANY = 10, 80


class Trace:
    """What the server has given to its engine."""

    def __init__(self, path):
        self.path = path
        self.at = 0

    def new(self):
        """Lines since the last time: (what, thread, text)."""
        with open(self.path, "rb") as f:
            f.seek(self.at)
            data = f.read()
        whole = data[:data.rindex(b"\n") + 1] if b"\n" in data else b""
        self.at += len(whole)
        return [line.split(" ", 2) for line in whole.decode("utf-8", "replace").splitlines()]

    def asked(self):
        """How many statements the threads of pages have run since the last time."""
        return sum(what == "X" and thread.startswith(("MHD", "worker")) for what, thread, _ in self.new())


TRACE = Trace("")
MARK = "zimtschnecke"


@case("case 61: what people type never becomes SQL")
def injections(server):
    north = server.world["nordlicht"]["id"]
    hostile = [f"{text} {MARK}" for text in (
        "1' OR '1'='1", "1; DROP TABLE post", "x') UNION SELECT password FROM agent --", "$1", "?1", ":brand", "%00", "\\",
        "1e1", "0x1", "-1", "9223372036854775808", "NULL", "' || (SELECT 1) || '", "/**/1", "1 LIMIT 1000000", "$$", "E'\\'")]
    admin = server.person("nordlicht", "administrator")
    with server.store() as db:
        before, posts = table_columns(db), db.execute("SELECT count(*) FROM post").fetchone()
    TRACE.new()
    for text in hostile:
        q = urllib.parse.quote(text, safe="")
        for path in (f"/desk?view={q}", f"/desk?team={q}", f"/desk?kind={q}", f"/desk?after={q}", f"/desk?after=1-{q}",
                     f"/desk/search?q={q}&before={q}&kind={q}&state={q}&channel={q}", f"/desk/search?q={q}",
                     f"/desk/audit?before={q}", f"/desk/case/{q}", f"/desk/post/{q}", f"/desk/part/row/{q}",
                     f"/desk/attachment/{q}", f"/desk/part/list?chosen={q}", f"/desk/channels/{q}", f"/desk/agents/{q}"):
            answer = admin.get(path)
            check(answer.status in (200, 303, 400, 404), f"{path}: {answer.status}")
            for word in ("argon2", "sqlite", "syntax error", "postgres", "no such", "WHERE", " FROM post", "datatype"):
                check(word not in answer.text, f"{path} shows {word}")
        for path, fields in (("/desk/routing/new", {"name": text, "field-1": "words", "value-1": text, "tags": text}),
                             ("/desk/teams/new", {"name": text, "icon": text}), ("/desk/profile", {"name": text, "initials": "A"}),
                             ("/desk/agents/new", {"name": text, "email": f"{MARK}'@e.example", "role": text}),
                             ("/desk/channels/new/api", {"name": text, "network": text, "s-secret": text + "x" * 20})):
            check(admin.post(path, fields).status in (200, 303, 422), f"{path} with {text}")
        post_lines(server, server.world["nordlicht"]["api"]["token"],
                   [{"id": text, "author": text, "author_name": text, "title": text, "text": text, "in_reply_to": text}])
    given = TRACE.new()
    texts = {text for what, _, text in given if what == "P"}
    check(len(texts) > 5 and sum(what == "X" for what, _, _ in given) > 500, f"the trace saw {len(texts)} statements")
    for text in texts:
        check(MARK not in text.lower() and "'1'='1" not in text, f"typed text in a statement: {text}")
    with server.store() as db:
        same(table_columns(db), before, "the tables")
        check(db.execute("SELECT count(*) FROM post").fetchone()[0] >= posts[0] + len(hostile), "all posts are there")
        same(db.execute("SELECT count(DISTINCT external_id) FROM post WHERE brand = ? AND external_id IN (%s)" % ",".join(
            "?" * len(hostile)), (int(north), *hostile)).fetchone(), (len(hostile),), "as they were typed")
        if not PG:
            same(db.execute("PRAGMA integrity_check").fetchone(), ("ok",), "the file")


def pages(things, first):
    """Addresses by route, of all that the table lists for an administrator."""
    found = {}
    for method, route, path, _, want in TABLE:
        if method != "GET" or want["administrator"] != "200" or route in ("/desk/events", "/metrics") or "/new" in route:
            continue
        if route.startswith("/desk/case/:id") or route == "/desk/part/case/:id":
            path = path.replace("{case}", first["case"])
        found[route] = things.fill(path)
    return found


def statements_of(server, path, most=None):
    """How many a page takes, without what the desk keeps for a moment: something changes before. It can be more when something
    else changes meanwhile: so one that takes more than most is asked again."""
    admin, token = server.person("nordlicht", "administrator"), server.world["nordlicht"]["api"]["token"]
    least = None
    for _ in range(10):
        same(post_lines(server, token, [{"id": f"stir-{TRACE.at}", "text": "nebenbei"}]).status, 201, "a change")
        admin.get("/healthz")
        TRACE.asked()
        same(admin.get(path).status, 200, path)
        asked = TRACE.asked()
        least = asked if least is None else min(asked, least)
        if most is None or least <= most:
            break
    return least


def grow(server, first, begin, end):
    """More of everything that a page may list."""
    north, admin, agent = server.world["nordlicht"], server.person("nordlicht", "administrator"), server.person("nordlicht", "agent")
    case_path = f"/desk/case/{first['case']}"
    for n in range(begin, end):
        for path, fields in (
                ("/desk/agents/new", {"name": f"Neu {n}", "email": f"viele{n}@e.example", "role": "agent"}),
                ("/desk/teams/new", {"name": f"Team {n}", "icon": "users"}),
                ("/desk/routing/new", {"name": f"Regel {n}", "field-1": "words", "value-1": f"Wort{n}", "enabled": "1"}),
                ("/desk/channels/new/api", {"name": f"Konto {n}", "network": "api", "s-secret": "x" * 20})):
            check(admin.post(path, fields).status in (200, 303), f"{path} {n}")
        for path, fields in ((f"{case_path}/note", {"text": f"Notiz {n}"}), (f"{case_path}/reply", {"text": f"Antwort {n}"}),
                             (f"/desk/post/{first['id']}/correct", {"kind": ("praise", "complaint")[n % 2]})):
            same(agent.post(path, fields).status, 303, f"{path} {n}")
    posts = [{"id": f"more-{n}", "author": f"@mehr{n}", "text": f"@nordlicht Rechnung {n} ist falsch, bitte melden Sie sich endlich!",
              **({"in_reply_to": "p0"} if n % 2 else {})} for n in range(2 * begin, 2 * end)]
    same(post_lines(server, north["api"]["token"], posts).status, 201, "posts")
    bad = [b'{"id": "x%d"}' % n for n in range(begin, end)]
    check(post_lines(server, north["api"]["token"], bad).status in (201, 422), "lines that cannot be read")


@case("case 61: no page asks the store once for each row that it shows")
def by_row(server):
    north = server.world["nordlicht"]
    first = north["posts"][0]
    grow(server, first, 0, FEW)
    paths = pages(Things(server), first)
    few = {route: statements_of(server, path) for route, path in paths.items()}
    grow(server, first, FEW, MANY)
    many = {route: statements_of(server, path, few[route] + 3) for route, path in paths.items()}
    check(len(few) > 25 and few["/desk"] > 1, f"the pages were counted: {few}")
    print("# statements with few rows and many: " + ", ".join(f"{r} {n} {many[r]}" for r, n in few.items()))
    bad = [f"{route}: {n} statements with {FEW} rows, {many[route]} with {MANY}" for route, n in few.items() if many[route] > n + 3]
    check(not bad, "; ".join(bad))


with tempfile.TemporaryDirectory(prefix="zuruf-trace-") as folder:
    TRACE.path = os.path.join(folder, "trace")
    with Server(posts=FEW * 2, LD_PRELOAD=os.environ["ATTACK_TRACE"], ATTACK_TRACE_TO=TRACE.path) as world:
        main(world)
