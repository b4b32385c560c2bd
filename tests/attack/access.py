"""access.py - reaching what belongs to others: another brand, another role, an internal note, a session that has ended.
Two brands in one store, everybody signed in; what is denied must also change nothing."""
import http.client
import os
import re
import threading
import time
import urllib.parse

from house import Person, Server, case, check, enter, main, post_lines, same, sign_in, wait_for

def text_of(server, brand, what):
    """One value of the store."""
    with server.store() as db:
        row = db.execute(what, (int(server.world[brand]["id"]),)).fetchone()
    return row and row[0]


class Stream:
    """An event stream: its lines as they come."""

    def __init__(self, person):
        self.connection = http.client.HTTPConnection("127.0.0.1", person.server.port, timeout=30)
        self.connection.request("GET", "/desk/events", headers=person.headers())
        self.answer = self.connection.getresponse()
        self.seen = ""

    def line(self):
        line = self.answer.readline().decode()
        self.seen += line
        return line

    def read_until(self, what):
        while what not in self.seen:
            check(self.line(), f"the stream ended before {what!r}: {self.seen}")
        return self.seen

    def ends_within(self, seconds):
        began = time.monotonic()
        while self.line():
            pass
        took = time.monotonic() - began
        check(took < seconds, f"the stream ended after {took:.1f} s")


@case("case 02: search, filters, counts and live updates of a brand tell nothing of another")
def filters(server):
    stranger = server.person("suedwind", "administrator")
    north = server.world["nordlicht"]
    hits = lambda person, word: len(re.findall(r'class="hit"', person.get(f"/desk/search?q={word}").text))
    same(hits(stranger, "nordlichtgeheimnis"), 0, "hits of a stranger")
    check(hits(server.person("nordlicht", "reader"), "nordlichtgeheimnis") > 0, "hits of the brand itself")
    team = text_of(server, "nordlicht", "SELECT id FROM team WHERE brand = ?") or 1
    for path in ("/desk", "/desk/part/list", "/desk/part/rail", "/desk/audit", "/desk/channels", "/desk/routing",
                 "/desk/teams", "/desk/agents", "/desk/views"):
        for more in ("", f"?team={team}", f"?after=0-{north['posts'][0]['case']}", "?view=all", "?view=mine&kind=complaint",
                     f"?brand={north['id']}", f"?chosen={north['posts'][0]['case']}", "?sort=id'--"):
            answer = stranger.get(path + more)
            check(answer.status == 200, f"{path}{more}: {answer.status}")
            check("nordlicht" not in answer.text.lower(), f"{path}{more} names the other brand")
    counted = re.findall(r'<span class="n[^"]*">(\d+)', stranger.get("/desk/part/rail").text)
    same(max(map(int, counted)), 300, "cases counted in the rail: those of the own brand")
    stream = Stream(stranger)
    stream.read_until("retry:")
    for brand in ("nordlicht", "suedwind"):
        done = post_lines(server, server.world[brand]["api"]["token"],
                          [{"id": f"sse-{brand}", "text": f"@{brand} meine Rechnung ist falsch, bitte melden Sie sich!"}])
        same(done.status, 201, f"a post for {brand}")
        if brand == "nordlicht":
            other = done.json()["results"][0]
    seen = stream.read_until("event: case")
    check(other["case"] not in seen and other["post"] not in seen, "an event of the other brand in the stream")
    same(seen.count("event: case"), 1, "events of cases")


@case("case 01: what is refused stands in the audit log, as one line an hour with a count")
def refusals(server):
    agent, lead, brand = server.person("suedwind", "agent"), server.person("suedwind", "lead"), server.world["suedwind"]
    began = time.time() * 1000 // 3600000

    def flood():
        for _ in range(100):
            same(agent.get("/desk/agents/1").status, 403, "a page of administrators")

    floods = [threading.Thread(target=flood) for _ in range(4)]
    for f in floods:
        f.start()
    for f in floods:
        f.join()
    number = brand["posts"][80]["case"]
    same(server.request("POST", f"/desk/case/{number}/close", b"csrf=x", agent.headers(
        {"Content-Type": "application/x-www-form-urlencoded"})).status, 403, "a forged form")
    old = brand["api"]["token"]
    made = server.person("suedwind", "administrator").post(f"/desk/channels/{brand['api']['id']}/token")
    brand["api"]["token"] = re.search(r"[\w-]{43}", re.sub(r"<[^>]*>|\s", " ", made.text))[0]
    same(post_lines(server, old, [{"id": "late-token", "text": "x"}]).status, 401, "a token that was replaced")
    same(post_lines(server, "x" * 43, [{"id": "late-token", "text": "x"}]).status, 401, "a token that never was")

    def lines():
        with server.store() as db:
            return db.execute("SELECT what, place, agent, object, sum(n), count(*) FROM denial WHERE brand = ? GROUP BY 1, 2, 3, 4"
                              " ORDER BY 1, 2", (int(brand["id"]),)).fetchall()

    me, account = int(brand["agent"]["id"]), int(brand["api"]["id"])
    want = [("denied.form", "POST /desk/case/:id/close", me, 0, 1), ("denied.right", "GET /desk/agents/:id", me, 0, 400),
            ("denied.token", "POST /api/v1/posts", 0, account, 1)]
    wait_for("three kinds of lines", lambda: [line[:5] for line in lines()] == want)
    hours = time.time() * 1000 // 3600000 - began + 1
    check(all(line[5] <= hours for line in lines()), f"lines an hour: {lines()}")
    page = lead.get("/desk/audit").text
    for said in ("the role does not allow it", "GET /desk/agents/:id", "the form was too old", "valid no longer"):
        check(said in page, f"the page does not say {said!r}")
    check("(400 times)" in page or hours > 1, "how often")
    check("Die Rolle erlaubt es nicht" in lead.get("/desk/audit", {"Accept-Language": "de"}).text, "in German")
    with server.store() as db:
        same(db.execute("SELECT count(*) FROM denial WHERE brand <> ?", (int(brand["id"]),)).fetchone(), (0,), "for other brands")


@case("case 03: an internal note is in no answer that leaves the house")
def notes(server):
    agent, north = server.person("nordlicht", "agent"), server.world["nordlicht"]
    number = north["posts"][40]["case"]
    same(agent.post(f"/desk/case/{number}/note", {"text": "Geheimvermerk Zimtstern"}).status, 303, "a note")
    check("Zimtstern" in agent.get(f"/desk/case/{number}").text, "the desk shows it")
    same(agent.post(f"/desk/case/{number}/reply", {"text": "Wir kümmern uns."}).status, 303, "a reply")
    with server.store() as db:
        for table in ("message", "post", "post_terms", "delivery", "draft", "audit"):
            rows = repr(db.execute(f"SELECT * FROM {table}").fetchall())
            check("Zimtstern" not in rows and "zimtstern" not in rows, f"the note stands in {table}")
    same(len(re.findall('class="hit"', agent.get("/desk/search?q=Zimtstern").text)), 0, "search finds posts only")
    same(agent.post(f"/desk/case/{number}/draft", {"text": "Zimtstern im Entwurf", "way": "note"}).status, 204, "a note's draft")
    check("Zimtstern im Entwurf" not in agent.get(f"/desk/case/{number}/reply").text, "a note's draft in the answer's box")
    check("Zimtstern im Entwurf" in agent.get(f"/desk/case/{number}/reply?way=note").text, "a note's draft in the note's box")
    same(agent.post(f"/desk/case/{number}/reply", {"text": "Zimtstern", "way": "note", "then": "close"}).status, 303, "a note sent")
    with server.store() as db:
        same(db.execute("SELECT count(*) FROM message WHERE case_id = ?", (int(number),)).fetchone(), (1,), "messages")
        same(db.execute("SELECT count(*) FROM note WHERE case_id = ?", (int(number),)).fetchone(), (2,), "notes")
    again = post_lines(server, north["api"]["token"], [{"id": "p40", "text": "noch einmal"}])
    check(again.status == 422 and "Zimtstern" not in again.text, "what the API tells of the post")
    check("Zimtstern" not in Person(server).get(f"/desk/case/{number}").text, "nobody")


@case("case 04: fields that nobody asked for set nothing")
def extra_fields(server):
    world, reader = server.world, server.person("nordlicht", "reader")
    before = server.of_brand(world["suedwind"]["id"])
    power = {"role": "administrator", "brand": world["suedwind"]["id"], "id": "1", "agent": world["nordlicht"]["lead"]["id"],
             "disabled_at": "0", "created_at": "0", "email": "root@example.org", "verified": "1", "is_admin": "1"}
    answer = reader.post("/desk/profile", {"name": "Leserin", "initials": "L", **power})
    same(answer.status, 303, "the profile with more fields")
    with server.store() as db:
        me = int(world["nordlicht"]["reader"]["id"])
        same(db.execute("SELECT email, name FROM agent WHERE id = ?", (me,)).fetchone(),
             ("reader@nordlicht.example", "Leserin"), "what changed of the agent")
        same(db.execute("SELECT brand, role FROM membership WHERE agent = ?", (me,)).fetchall(),
             [(int(world["nordlicht"]["id"]), 0)], "their roles")
    post = {"id": "extra-1", "text": "@nordlicht meine Rechnung ist falsch, bitte melden Sie sich!",
            "brand": world["suedwind"]["id"], "account": world["suedwind"]["api"]["id"], "thread": world["suedwind"]["posts"][0]["id"],
            "case": world["suedwind"]["posts"][0]["case"], "flags": 255, "state": 3, "received_at": 1, "verified": True,
            "message": 1, "post": 1, "kind": "praise", "assignee": "1"}
    same(post_lines(server, world["nordlicht"]["api"]["token"], [post]).status, 201, "a post with more fields")
    with server.store() as db:
        got = db.execute("SELECT brand, account, flags, message, thread = id, received_at > 1 FROM post WHERE"
                         " external_id = 'extra-1'").fetchall()
    same(got, [(int(world["nordlicht"]["id"]), int(world["nordlicht"]["api"]["id"]), 0, 0, 1, 1)], "what was stored")
    same(server.of_brand(world["suedwind"]["id"]), before, "the other brand")


@case("case 05: nothing can be hung onto a thread, team or person of another brand")
def foreign_links(server):
    world, lead = server.world, server.person("suedwind", "lead")
    admin = server.person("suedwind", "administrator")
    own = world["suedwind"]["posts"][0]["case"]
    if not text_of(server, "nordlicht", "SELECT id FROM team WHERE brand = ?"):
        server.person("nordlicht", "lead").post("/desk/teams/new", {"name": "Nord", "icon": "users"})
    team = str(text_of(server, "nordlicht", "SELECT id FROM team WHERE brand = ?"))
    before = server.of_brand(world["nordlicht"]["id"])
    row = text_of(server, "suedwind", "SELECT team || '-' || assignee FROM \"case\" WHERE brand = ? AND id = " + own)
    for fields in ({"team": team}, {"assignee": world["nordlicht"]["agent"]["id"]}, {"assignee": "1"}, {"team": "-7"}):
        check(lead.post(f"/desk/case/{own}/assign", fields).status in (404, 422, 303), f"assign {fields}")
        same(text_of(server, "suedwind", "SELECT team || '-' || assignee FROM \"case\" WHERE brand = ? AND id = " + own), row,
             f"after assigning {fields}")
    lead.post("/desk/routing/new", {"name": "Fremd", "field-1": "words", "value-1": "x", "team": team, "enabled": "1"})
    with server.store() as db:
        effects = repr(db.execute("SELECT effects FROM routing_rule WHERE brand = ?",
                                  (int(world["suedwind"]["id"]),)).fetchall())
    check(team not in effects, f"a rule gives to the other brand's team: {effects}")
    admin.post(f"/desk/agents/{world['suedwind']['reader']['id']}", {"role": "reader", f"team-{team}": "1"})
    same(text_of(server, "suedwind", "SELECT count(*) FROM team_member WHERE brand = ?"), 0, "members of a foreign team")
    done = post_lines(server, world["suedwind"]["api"]["token"],
                      [{"id": "child", "in_reply_to": ["extra-1", world["nordlicht"]["posts"][3]["id"], "sse-nordlicht"],
                        "text": "@suedwind meine Rechnung ist falsch, bitte melden Sie sich!"}])
    same(done.status, 201, "an answer to a foreign post")
    with server.store() as db:
        same(db.execute("SELECT thread = id, parent FROM post WHERE external_id = 'child'").fetchall(), [(1, 0)], "its thread")
    same(server.of_brand(world["nordlicht"]["id"]), before, "the other brand")


@case("case 10: an attachment is handed out to its brand only, also in pieces")
def attachments(server):
    with server.store() as db:
        file = db.execute("SELECT id FROM attachment WHERE brand = ?", (int(server.world["nordlicht"]["id"]),)).fetchone()[0]
    path, part = f"/desk/attachment/{file}", {"Range": "bytes=0-3"}
    own = server.person("nordlicht", "reader").get(path, part)
    check(own.status in (200, 206) and own.body.startswith(b"%PDF"), "the own brand")
    same(own.headers["Content-Disposition"][:11], "attachment;", "how it is handed out")
    check("public" not in own.headers["Cache-Control"], "no cache keeps it for others")
    for who, want in ((Person(server), 303), (server.person("suedwind", "administrator"), 404)):
        for headers in ({}, part, {"If-None-Match": "*"}, {"Range": "bytes=-1"}):
            answer = who.get(path, headers)
            check(answer.status == want and b"%PDF" not in answer.body, f"a stranger with {headers}: {answer.status}")
    for name in (path + ".pdf", path + "/0", f"/desk/attachment/{file}?size=small", "/desk/attachment/Rechnung.pdf"):
        check(b"%PDF" not in server.person("suedwind", "administrator").get(name).body, name)


@case("case 25: whatever is attached is handed out as a file, never shown in our name")
def opened(server):
    with server.store() as db:
        files = db.execute("SELECT id, name FROM attachment WHERE brand = ?", (int(server.world["nordlicht"]["id"]),)).fetchall()
    check(len(files) >= 5, "attachments of every kind")
    for number, name in files:
        answer = server.person("nordlicht", "reader").get(f"/desk/attachment/{number}")
        same((answer.status, answer.headers["Content-Type"]), (200, "application/octet-stream"), f"{name!r}")
        check(answer.headers["Content-Disposition"].startswith("attachment;"), f"{name!r} is shown")
        same(answer.headers["X-Content-Type-Options"], "nosniff", f"{name!r}")
        policy = answer.headers["Content-Security-Policy"]
        check("default-src 'none'" in policy and "sandbox" in policy, f"{name!r} has the policy {policy}")
        same(answer.headers["X-Evil"], None, f"a line from {name!r}")


@case("case 12: no other site can change anything, or sign somebody in")
def forgery(server):
    agent, lead = server.person("nordlicht", "agent"), server.person("nordlicht", "lead")
    number = server.world["nordlicht"]["posts"][50]["case"]
    path, brand = f"/desk/case/{number}/close", server.world["nordlicht"]["id"]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    before = server.of_brand(brand)

    def send(body, headers=None):
        return server.request("POST", path, body, agent.headers({**form, **(headers or {})})).status

    good = f"csrf={agent.csrf}".encode()
    same(send(b""), 403, "without a token")
    same(send(b"csrf="), 403, "with an empty token")
    same(send(f"csrf={lead.csrf}".encode()), 403, "with a colleague's token")
    same(send(good, {"Origin": "https://evil.example"}), 403, "from another origin")
    same(send(good, {"Origin": "null"}), 403, "from nowhere")
    for site in ("cross-site", "same-site"):
        same(send(good, {"Sec-Fetch-Site": site}), 403, f"from a page that is {site}")
    same(send(good, {"Content-Type": "text/plain"}), 403, "as text")
    same(send(b'{"csrf":"' + agent.csrf.encode() + b'"}', {"Content-Type": "application/json"}), 403, "as JSON")
    same(server.of_brand(brand), before, "the brand after forged requests")
    same(server.request("POST", "/signin", b"email=agent%40nordlicht.example&password=x",
                        {**form, "Sec-Fetch-Site": "cross-site"}).status, 403, "signing in from another site")
    answer = server.command("user", "link", "agent@nordlicht.example")
    link = re.search(r"/signin/link/\S+", answer.stdout)[0]
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Purpose": "prefetch"}):
        asked = server.request("GET", link, None, headers)
        same((asked.status, asked.headers["Set-Cookie"]), (200, None), f"a sign-in link with {headers}")
    same(server.request("HEAD", link).headers["Set-Cookie"], None, "a program looks at the link")
    same(server.request("POST", link, b"", {**form, "Sec-Fetch-Site": "cross-site"}).status, 403, "the link from another site")
    entered = server.request("POST", link, b"", {**form, "Sec-Fetch-Site": "same-origin"})
    same(entered.status, 303, "who presses the button comes in")
    attributes = [part.strip() for part in entered.headers["Set-Cookie"].split(";")]
    check("HttpOnly" in attributes and "SameSite=Lax" in attributes, f"the cookie: {attributes}")
    with open(os.path.join(os.path.dirname(__file__), "matrix.tsv"), encoding="utf-8") as f:
        paths = [line.split("\t")[2] for line in f if line.startswith("GET")]
    admin = server.person("nordlicht", "administrator")
    before = server.of_brand(brand)
    for one in paths:
        one = re.sub(r"\{case\}", number, one)
        one = re.sub(r"\{post\}", server.world["nordlicht"]["posts"][50]["id"], one)
        if "events" not in one and "signin" not in one and "{" not in one:
            admin.get(one + ("&" if "?" in one else "?") + "done=1&then=close&text=x&state=3")
    same(server.of_brand(brand), before, "the brand after everything was looked at")


@case("case 13: one foreign id among own ones is not applied")
def bulk(server):
    admin, world = server.person("suedwind", "administrator"), server.world
    admin.post("/desk/teams/new", {"name": "Süd", "icon": "users"})
    own = text_of(server, "suedwind", "SELECT id FROM team WHERE brand = ?")
    foreign = text_of(server, "nordlicht", "SELECT id FROM team WHERE brand = ?")
    person = world["suedwind"]["agent"]["id"]
    page = admin.get(f"/desk/agents/{person}").text
    field = re.search(r'name="([^"]*%d[^"]*)"' % own, page)[1]
    admin.post(f"/desk/agents/{person}", {"role": "agent", field: "1", field.replace(str(own), str(foreign)): "1"})
    with server.store() as db:
        same(db.execute("SELECT team FROM team_member WHERE agent = ?", (int(person),)).fetchall(), [(own,)], "teams")


@case("case 15: a sign-in link names the configured host, opens once, and dies with a new password")
def links(server):
    admin, person = server.person("nordlicht", "administrator"), server.world["nordlicht"]["lead"]["id"]
    for headers in ({"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example"}):
        page = admin.post(f"/desk/agents/{person}/link", headers=headers).text
        shown = re.search(r'(https?:[^"<]*/signin/link/[\w-]+)', page)
        check(shown and shown[1].startswith("https://desk.nordlicht.example/signin/link/"), f"the link with {headers}")
    link = re.search(r"/signin/link/.*", shown[1])[0]
    same(server.request("GET", link).status, 303, "it opens")
    same(server.request("GET", link).status, 404, "once")
    link = re.search(r"/signin/link/\S+", server.command("user", "link", "lead@nordlicht.example").stdout)[0]
    same(server.command("user", "password", "lead@nordlicht.example", text="ein neues Kennwort\n").returncode, 0, "password")
    same(server.request("GET", link).status, 404, "after a new password")
    server.world["nordlicht"]["lead"]["cookie"] = enter(server, "lead@nordlicht.example", "ein neues Kennwort")[1]


@case("case 18: a session is new at sign-in, ends with sign-out and with a new password, and stands in no log")
def sessions(server):
    server.command("user", "password", "agent@nordlicht.example", text="ein gutes Kennwort\n")
    forced = "A" * 43
    _, first, known = enter(server, "agent@nordlicht.example", "ein gutes Kennwort", cookie=f"zuruf={forced}")
    check(first != forced and len(first) == 43, "the session is not the one that came along")
    _, second, _ = enter(server, "agent@nordlicht.example", "ein gutes Kennwort", cookie=f"zuruf={first}",
                         more=f"&csrf={Person(server, first).csrf}")
    check(first != second, "each sign-in makes a new one")
    same(Person(server, forced).get("/desk").status, 303, "the forced one")
    same(Person(server).get(f"/desk?zuruf={first}&session={first}&token={first}").status, 303, "a session in the address")
    same(Person(server, first).post("/signout").status, 303, "signing out")
    same(Person(server, first).get("/desk").status, 303, "the session that was left")
    same(Person(server, second).get("/desk").status, 200, "the other")
    link = re.search(r"/signin/link/(\S+)", server.command("user", "link", "agent@nordlicht.example").stdout)[1]
    same(server.request("GET", f"/signin/link/{link}").status, 303, "a link")
    same(server.command("user", "password", "agent@nordlicht.example", text="ein besseres Kennwort\n").returncode, 0, "new")
    same(Person(server, second).get("/desk").status, 303, "after the new password")
    server.world["nordlicht"]["agent"]["cookie"] = enter(server, "agent@nordlicht.example", "ein besseres Kennwort")[1]
    post_lines(server, server.world["nordlicht"]["api"]["token"], [{"id": "x"}])
    log = server.log_text()
    secrets = {"a session": first, "another": second, "the mark of a browser": known, "a link": link, "a password": "Kennwort",
               "a bearer token": server.world["nordlicht"]["api"]["token"], "an account's secret": "geheim-geheim"}
    for what, secret in secrets.items():
        check(secret not in log, f"{what} stands in the log")
    check("/desk" in log, "the log is one of requests")


def at_once(n, fn):
    """What fn(number) gives on n threads that begin together."""
    results, gate = [None] * n, threading.Barrier(n)

    def go(k):
        gate.wait()
        results[k] = fn(k)

    threads = [threading.Thread(target=go, args=(k,)) for k in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return results


@case("case 06: headers of a proxy that is none name nobody and move nothing")
def proxy_headers(_):
    with Server() as server:
        known = {"X-Forwarded-User": "administrator@nordlicht.example", "X-Remote-User": "administrator@nordlicht.example",
                 "Remote-User": "administrator@nordlicht.example", "X-Auth-Request-Email": "administrator@nordlicht.example",
                 "X-Forwarded-Email": "administrator@nordlicht.example", "X-Original-URL": "/desk/agents",
                 "X-Rewrite-URL": "/desk/agents", "X-Forwarded-Prefix": "/desk/agents", "X-HTTP-Method-Override": "DELETE",
                 "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "for=192.0.2.1;proto=https"}
        for name, value in known.items():
            same(server.request("GET", "/desk", None, {name: value}).headers["Location"], "/signin", f"{name} from nobody")
            same(server.person("nordlicht", "reader").get("/desk/agents", {name: value}).status, 403, f"{name} from a reader")
        for n in range(25):
            got = sign_in(server, f"x{n}@e.example", "falsch falsch", f"192.0.2.{n}")
        same(got.status, 429, "X-Forwarded-For makes no new address")
        server.command("user", "password", "agent@nordlicht.example", text="ein gutes Kennwort\n")
        plain = server.request("GET", "/desk", None, {"X-Forwarded-Proto": "https"})
        same(plain.headers["Strict-Transport-Security"], None, "TLS that nobody spoke")


@case("case 11: another way to write a path or a method meets the same guard")
def spellings(server):
    reader = server.person("nordlicht", "reader")
    for path in ("/desk/agents/", "//desk/agents", "/desk//agents", "/desk/./agents", "/desk/x/../agents", "/desk/%61gents",
                 "/desk/agents%2f", "/desk%2fagents", "/desk/%2e%2e/desk/agents", "/DESK/AGENTS", "/Desk/agents", "/desk/agents;x=1",
                 "/desk/agents?x=1", "/desk/agents%00", "/desk/agents#x", "/desk/agents/.", "/desk/agents%20", "/desk\\agents",
                 "/assets/../desk/agents", "/assets/x/..%2f..%2fdesk/agents", "/api/v1/../../desk/agents", "/healthz/../desk/agents",
                 "http://127.0.0.1/desk/agents"):
        for who in (reader, Person(server)):
            for method in ("GET", "HEAD"):
                answer = server.request(method, path, None, who.headers())
                check(answer.status in (303, 308, 400, 403, 404), f"{method} {path}: {answer.status}")
                check("administrator@nordlicht" not in answer.text, f"{method} {path} shows agents")
                if answer.status == 308:
                    check(server.request(method, answer.headers["Location"], None, who.headers()).status in (303, 403), path)
    number = server.world["nordlicht"]["posts"][55]["case"]
    before = server.of_brand(server.world["nordlicht"]["id"])
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "post", "Get", "X", "HEAD", "GET"):
        answer = server.request(method, f"/desk/case/{number}/close", f"csrf={reader.csrf}".encode(), reader.headers(form))
        check(answer.status in (400, 403, 404, 405, 501), f"{method}: {answer.status}")
    for override in ({"X-HTTP-Method-Override": "POST"}, {"X-HTTP-Method": "POST"}, {"X-Method-Override": "POST"}):
        for person in (reader, server.person("nordlicht", "agent")):
            answer = person.get(f"/desk/case/{number}/close?_method=POST&csrf={person.csrf}", override)
            same(answer.status, 405, f"GET with {override}")
    same(server.of_brand(server.world["nordlicht"]["id"]), before, "the brand")


@case("case 65: the same act fifty times at once has one effect")
def races(server):
    agents = [server.person("nordlicht", role) for role in ("agent", "lead", "administrator")]
    number = server.world["nordlicht"]["posts"][80]["case"]
    taken = at_once(50, lambda n: agents[n % 3].post(f"/desk/case/{number}/take").status)
    check(set(taken) <= {303, 409} and 409 in taken, f"taking: {set(taken)}")
    with server.store() as db:
        who = db.execute('SELECT assignee FROM "case" WHERE id = ?', (int(number),)).fetchone()[0]
        version = db.execute('SELECT version FROM "case" WHERE id = ?', (int(number),)).fetchone()[0]
        logged = db.execute("SELECT agent FROM audit WHERE object = ? AND what = 'case.take'", (int(number),)).fetchall()
    same(logged, [(who,)], "who has it, and who the log says took it")
    sent = at_once(50, lambda n: agents[0].post(f"/desk/case/{number}/reply", {"text": "Guten Tag", "version": version}).status)
    same(sorted(sent)[:2], [303, 409], "replies")
    same(sent.count(303), 1, "replies that were taken")
    with server.store() as db:
        same(db.execute("SELECT count(*) FROM message WHERE case_id = ?", (int(number),)).fetchone(), (1,), "messages")
    link = re.search(r"/signin/link/\S+", server.command("user", "link", "administrator@suedwind.example").stdout)[0]
    entered = at_once(50, lambda n: server.request("GET", link).status)
    same((entered.count(303), set(entered)), (1, {303, 404}), "a sign-in link")


@case("case 66: the same post at once and again is one post, with the same answer")
def idempotency(server):
    token = server.world["nordlicht"]["api"]["token"]
    posts = [{"id": f"idem-{n}", "text": f"@nordlicht meine Rechnung {n} ist falsch, bitte melden Sie sich!"} for n in range(20)]
    answers = at_once(20, lambda n: post_lines(server, token, posts))
    ids = [[r["post"] for r in a.json()["results"]] for a in answers]
    check(all(a.status in (200, 201) for a in answers) and all(i == ids[0] for i in ids), "the answers")
    same(sum(a.json()["stored"] for a in answers), 20, "stored")
    server.stop()
    server.start()
    again = post_lines(server, token, posts)
    same(([r["post"] for r in again.json()["results"]], again.json()["duplicates"]), (ids[0], 20), "after a restart")
    other = post_lines(server, token, [{"id": "idem-0", "text": "etwas anderes"}])
    same((other.status, other.json()["results"][0]["status"]), (422, "refused"), "another text under the id")
    mixed = post_lines(server, token, [{"id": "idem-0", "text": "etwas anderes"}, posts[0], {"id": "idem-new", "text": "neu"}])
    same((mixed.status, [r["status"] for r in mixed.json()["results"]]), (201, ["refused", "duplicate", "stored"]), "lines")
    with server.store() as db:
        same(db.execute("SELECT text FROM post WHERE id = ?", (int(ids[0][0]),)).fetchone(), (posts[0]["text"],), "what is kept")


@case("case 66: a post that is repeated after the server was killed, whether it had answered or not, is there once")
def repeated_after_a_kill(_):
    with Server() as server:
        token = server.world["nordlicht"]["api"]["token"]
        for turn in range(4):
            posts = [{"id": f"kill-{turn}-{n}", "text": f"Störung {turn} {n}"} for n in range(40)]
            killer = threading.Timer(0.004 * turn, server.process.kill)
            killer.start()
            try:
                first = [r["post"] for r in post_lines(server, token, posts).json()["results"]]
            except (OSError, ValueError, http.client.HTTPException):
                first = None  # nobody knows
            killer.join()
            server.process.wait()
            server.process.stdout.close()
            server.start()
            again = [r["post"] for r in post_lines(server, token, posts).json()["results"]]
            same(again, first or again, "the posts that both answers name")
            with server.store() as db:
                stored = [str(row[0]) for row in
                          db.execute("SELECT id FROM post WHERE external_id LIKE ?", (f"kill-{turn}-%",))]
            same((sorted(again), len(stored)), (sorted(stored), 40), "what is stored")


@case("case 07: who is shut out is out within five seconds, streams included")
def shut_out(server):
    admin, person = server.person("nordlicht", "administrator"), server.person("nordlicht", "reader")
    stream = Stream(person)
    stream.read_until("retry:")
    same(admin.post(f"/desk/agents/{server.world['nordlicht']['reader']['id']}/disable").status, 303, "shutting out")
    stream.ends_within(5)
    same(person.get("/desk").status, 303, "the session")
    same(person.get("/desk/events").status, 303, "a new stream")
    token = server.world["suedwind"]["api"]["token"]
    south = server.person("suedwind", "administrator")
    same(south.post(f"/desk/channels/{server.world['suedwind']['api']['id']}/token").status, 200, "a new token")
    same(post_lines(server, token, [{"id": "late", "text": "x"}]).status, 401, "the old token")


@case("case 08: a role that was taken away is gone with the next request")
def demoted(server):
    admin, lead = server.person("nordlicht", "administrator"), server.person("nordlicht", "lead")
    person = server.world["nordlicht"]["lead"]["id"]
    stream = Stream(lead)
    stream.read_until("retry:")
    for role, audit, close in (("reader", 403, 403), ("lead", 200, 303), ("agent", 403, 303)):
        same(lead.get("/desk/audit").status in (200, 403), True, "before")
        same(admin.post(f"/desk/agents/{person}", {"role": role}).status, 303, f"they become {role}")
        same(lead.get("/desk/audit").status, audit, f"the log as {role}")
        number = server.world["nordlicht"]["posts"][60]["case"]
        same(lead.post(f"/desk/case/{number}/close").status, close, f"closing as {role}")
    stream.ends_within(5)
    same(admin.post(f"/desk/agents/{person}/remove").status, 303, "they leave the brand")
    for path in ("/desk", "/desk/events", f"/desk/case/{server.world['nordlicht']['posts'][60]['case']}"):
        same(lead.get(path).status, 403, f"{path} without a brand")


@case("case 30: nothing leads to another site")
def redirects(server):
    server.command("user", "password", "agent@suedwind.example", text="ein gutes Kennwort\n")
    places = ("//evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example", "https://evil.example",
              "/%09/evil.example", "/\t/evil.example", "/\n/evil.example", "javascript:alert(1)", "///evil.example",
              "/./\\evil.example", "data:text/html,x", " //evil.example", "%2f%2fevil.example", "/\r\nX-Evil: 1")
    agent = server.person("suedwind", "agent")
    number = server.world["suedwind"]["posts"][70]["case"]
    for n, place in enumerate(places):
        quoted = urllib.parse.quote(place, safe="")
        answers = [agent.post(f"/desk/case/{number}/{'close' if n % 2 else 'reopen'}?back={quoted}"),
                   sign_in(server, "agent@suedwind.example", "ein gutes Kennwort", f"192.0.2.{n}", more=f"&next={quoted}")]
        for answer in answers:
            to = answer.headers["Location"] or "/"
            joined = urllib.parse.urljoin(f"http://127.0.0.1:{server.port}/x", to)
            check(joined.startswith(f"http://127.0.0.1:{server.port}/") and "\\" not in to and not to.startswith("//"),
                  f"{place!r} leads to {to!r}")
            check(answer.headers["X-Evil"] is None, "a header came along")


@case("case 28: no field of a request adds a line to the answer's head")
def header_lines(server):
    for line in ("%0d%0aX-Evil:%201", "%0aX-Evil:%201", "%0dX-Evil:%201", "%E5%98%8A%E5%98%8DX-Evil:%201"):
        for path in (f"/signin?next=/{line}", f"/desk/{line}", f"/desk?view={line}", f"/assets/{line}/x", f"/desk{line}/"):
            answer = server.request("GET", path)
            same(answer.headers["X-Evil"], None, f"{path}")
    done = post_lines(server, server.world["nordlicht"]["api"]["token"],
                      [{"id": "a\r\nX-Evil: 1", "author": "x\r\ny", "title": "t\r\nX: 1", "text": "Zeile\r\nZeile"}])
    same((done.status, done.headers["X-Evil"]), (201, None), "a post with line ends")
    with server.store() as db:
        row = db.execute("SELECT external_id, title FROM post ORDER BY id DESC LIMIT 1").fetchone()
        check(all("\r" not in x and "\n" not in x for x in row), f"lines in {row}")


@case("case 68: the files of the server are not among its pages")
def own_files(server):
    admin = server.person("nordlicht", "administrator")
    for name in ("zuruf.db", "zuruf.db-wal", "key", "control.sock", "zuruf.conf", ".git/config", ".env", "debug", "config",
                 "core", "status", "server-status", "metrics/..%2fkey", "backup.zip"):
        for start in ("/", "//", "/assets/x/", "/assets/x/../", "/assets/x/..%2f..%2f", "/desk/", "/desk/attachment/", "/../",
                      "/%2e%2e/", "/..;/"):
            answer = admin.get(start + name)
            check(answer.status in (400, 404), f"{start}{name}: {answer.status}")
            check(b"SQLite format" not in answer.body and b"root:" not in answer.body, f"{start}{name} was read")
    modes = {name: os.stat(os.path.join(server.data, name)).st_mode & 0o77 for name in ("key", ".")}
    same(modes, {"key": 0, ".": 0}, "who else may read the directory")


with Server(ZURUF_URL="https://desk.nordlicht.example", ZURUF_PROXIES="127.0.0.1") as world:
    main(world)
