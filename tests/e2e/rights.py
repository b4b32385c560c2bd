"""The pages over HTTP, with the real binary: a new server is set up step by step, colleagues get their roles, and each
role asks for each page. What they may do stands in the table below, written by hand. Python's standard library only."""
import http.client
import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.parse

# path, then the status for nobody, reader, agent, lead, administrator; 303 for nobody leads to the sign-in page
GET = [
    ("/desk", 303, 200, 200, 200, 200),
    ("/desk/channels", 303, 200, 200, 200, 200),
    ("/desk/channels/{account}", 303, 200, 200, 200, 200),
    ("/desk/channels/new/feed", 303, 403, 403, 403, 200),
    ("/desk/channels/new/nonsense", 303, 403, 403, 403, 404),
    ("/desk/channels/1", 303, 404, 404, 404, 404),
    ("/desk/refused/1", 303, 403, 403, 403, 404),
    ("/desk/routing", 303, 200, 200, 200, 200),
    ("/desk/routing/new", 303, 403, 403, 200, 200),
    ("/desk/routing/{rule}", 303, 403, 403, 200, 200),
    ("/desk/teams", 303, 403, 403, 200, 200),
    ("/desk/teams/new", 303, 403, 403, 200, 200),
    ("/desk/teams/{team}", 303, 403, 403, 200, 200),
    ("/desk/teams/1", 303, 403, 403, 404, 404),
    ("/desk/calendar", 303, 403, 403, 200, 200),
    ("/desk/brand", 303, 403, 403, 403, 200),
    ("/desk/agents", 303, 403, 403, 403, 200),
    ("/desk/agents/new", 303, 403, 403, 403, 200),
    ("/desk/agents/1", 303, 403, 403, 403, 404),
    ("/desk/audit", 303, 403, 403, 200, 200),
    ("/desk/audit?before=nonsense", 303, 403, 403, 200, 200),
    ("/desk/profile", 303, 200, 200, 200, 200),
    ("/desk/search", 303, 200, 200, 200, 200),
    ("/desk/search?q=%22%28OR+%2A%22+AND+NEAR%28%00", 400, 400, 400, 400, 400),
    ("/desk/search?q=%22%28OR+%2A%22+AND+NEAR%28+a%3A-b+%7B%7D&kind=x&state=9&before=z", 303, 200, 200, 200, 200),
    ("/desk/post/1", 303, 404, 404, 404, 404),
    ("/setup/{setup}", 404, 404, 404, 404, 404),
    ("/setup/account", 303, 403, 403, 403, 200),
]
# changes: path, fields, then the status for reader, agent, lead, administrator; 422 shows the form again
POST = [
    ("/desk/channels/{account}/pause", {}, 403, 403, 403, 303),
    ("/desk/channels/{account}/resume", {}, 403, 403, 403, 303),
    ("/desk/channels/{account}/test", {}, 403, 403, 403, 200),
    ("/desk/channels/{account}/token", {}, 403, 403, 403, 200),
    ("/desk/channels/{account}", {"name": ""}, 403, 403, 403, 422),
    ("/desk/channels/new/feed", {"name": "Blog", "s-url": "nonsense"}, 403, 403, 403, 422),
    ("/desk/channels/new/feed", {"name": "Blog"}, 403, 403, 403, 422),
    ("/desk/routing/{rule}/up", {}, 403, 403, 303, 303),
    ("/desk/routing/{rule}", {"name": "R", "field-1": "kind", "value-1": "Quatsch"}, 403, 403, 422, 422),
    ("/desk/routing/1/delete", {}, 403, 403, 404, 404),
    ("/desk/teams/{team}", {"name": "", "icon": "users"}, 403, 403, 422, 422),
    ("/desk/calendar", {"hours": "Quatsch"}, 403, 403, 422, 422),
    ("/desk/brand/change", {"name": "Probe", "timezone": "Mond/Krater"}, 403, 403, 403, 422),
    ("/desk/brand", {"brand": "1"}, 404, 404, 404, 404),
    ("/desk/agents/{admin}", {"role": "reader"}, 403, 403, 403, 409),
    ("/desk/agents/{admin}/disable", {}, 403, 403, 403, 409),
    ("/desk/agents/new", {"name": "X", "email": "nonsense"}, 403, 403, 403, 422),
    ("/desk/profile", {"name": "Wer", "new": "kurz"}, 422, 422, 422, 422),
    ("/desk/profile/session/1/end", {}, 303, 303, 303, 303),
]
# the last administrator stays: the form is shown again
POST = [(p, f, *[422 if s == 409 else s for s in want]) for p, f, *want in POST]

failed = []


def check(what, got, want):
    if got != want:
        failed.append(f"{what}: {got} instead of {want}")


class Browser:
    def __init__(self, port):
        self.port, self.cookie, self.csrf = port, "", ""

    def ask(self, method, path, fields=None, csrf=True):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Cookie": self.cookie, "Accept": "text/html", "Accept-Language": "de"}
        body = None
        if fields is not None:
            body = urllib.parse.urlencode({**fields, **({"csrf": self.csrf} if csrf else {})})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        page = answer.read().decode()
        if answer.getheader("Set-Cookie"):
            self.cookie = answer.getheader("Set-Cookie").split(";")[0]
        found = re.search(r'name="csrf" value="([^"]+)"', page)
        if found:
            self.csrf = found[1]
        connection.close()
        return answer.status, page, answer.getheader("Location")

    def get(self, path):
        return self.ask("GET", path)

    def post(self, path, fields, csrf=True):
        return self.ask("POST", path, fields, csrf)


def set_up(port, token):
    """The first steps; gives the administrator's browser."""
    admin = Browser(port)
    check("a wrong token", admin.get("/setup/" + "x" * len(token))[0], 404)
    check("brand page", admin.get(f"/setup/{token}")[0], 200)
    check("brand without a name", admin.post(f"/setup/{token}", {"timezone": "Europe/Berlin"})[0], 422)
    check("brand", admin.post(f"/setup/{token}", {"name": "Probe & Söhne", "names": "@probe\nprobe", "timezone": "Europe/Berlin"})[0], 303)
    status, page, _ = admin.post(f"/setup/{token}", {"agent": "Ada <Prüf>", "email": "ada@example.org", "password": "kurz"})
    check("short password", status, 422)
    check("what was typed is kept", "Ada &lt;Prüf&gt;" in page, True)
    person = {"agent": "Ada Prüf", "email": "ada@example.org", "password": "drei Wörter reichen"}
    status, _, to = admin.post(f"/setup/{token}", person)
    check("first administrator", (status, to), (303, "/setup/account"))
    check("a second first one", Browser(port).post(f"/setup/{token}", {**person, "email": "eve@example.org"})[0], 404)
    check("account step", admin.get("/setup/account")[0], 200)
    check("its choice", admin.post("/setup/account", {"channel": "api"})[2], "/desk/channels/new/api")
    return admin


def invite(admin, port, name, role):
    admin.get("/desk/agents/new")
    status, page, _ = admin.post("/desk/agents/new", {"name": name, "email": f"{name}@example.org", "role": role})
    check(f"{name} is added", status, 200)
    link = re.search(r"/signin/link/([\w-]+)", page)[0]
    one = Browser(port)
    check(f"{name} comes in", one.get(link)[0], 303)
    check(f"{name}'s link works once", Browser(port).get(link)[0], 404)
    one.get("/desk/profile")
    return one


def fill(admin):
    """One of each, and the ids for the paths of the table."""
    status, page, _ = admin.post("/desk/channels/new/api", {"name": "Netz", "network": "mastodon", "is_public": "1", "s-secret": "psst-geheim"})
    check("API account", status, 200)
    check("the token is shown", "Bearer" in page, True)
    account = re.search(r'action="/desk/channels/(\d+)"', page)[1]
    status, page, _ = admin.get(f"/desk/channels/{account}")
    check("a secret never comes back", "psst-geheim" in page, False)
    check("team", admin.post("/desk/teams/new", {"name": "Störung", "icon": "alert"})[0], 303)
    check("team twice", admin.post("/desk/teams/new", {"name": "Störung", "icon": "alert"})[0], 422)
    team = re.search(r'/desk/teams/(\d+)"', admin.get("/desk/teams")[1])[1]
    rule = {"name": "Ausfälle", "field-1": "words", "value-1": "Ausfall, Störung", "field-2": "kind", "value-2": "Beschwerde",
            "team": team, "priority": "high", "tags": "netz", "enabled": "1"}
    check("rule", admin.post("/desk/routing/new", rule)[0], 303)
    check("second rule", admin.post("/desk/routing/new", {**rule, "name": "Zweite"})[0], 303)
    page = admin.get("/desk/routing")[1]
    check("the rule as a sentence", "Der Text enthält „Ausfall“ oder „Störung“ und die Art ist Beschwerde" in page, True)
    rules = re.findall(r'action="/desk/routing/(\d+)/up"', page)
    check("two rules", len(rules), 2)
    admin.post(f"/desk/routing/{rules[1]}/up", {})
    check("they change places", re.findall(r'action="/desk/routing/(\d+)/up"', admin.get("/desk/routing")[1]), rules[::-1])
    me = re.search(r'href="/desk/agents/(\d+)"', admin.get("/desk/agents")[1])[1]
    return {"account": account, "team": team, "rule": rules[0], "admin": me}


def change(admin):
    """Values that are saved are there afterwards."""
    fields = dict(re.findall(r'name="(t-[\w-]+)" type="number" value="(\d+)"', admin.get("/desk/calendar")[1]))
    check("targets", len(fields), 30)
    status = admin.post("/desk/calendar", {**fields, "hours": "Mo-Do 8-16\nFr 8-12", "holidays": "25.12.2026 Weihnachten", "t-question-high-first": "17"})[0]
    check("calendar", status, 303)
    page = admin.get("/desk/calendar")[1]
    for part in ("Mo–Do 08:00–16:00\nFr 08:00–12:00", "2026-12-25 Weihnachten", 'name="t-question-high-first" type="number" value="17"'):
        check(f"calendar keeps {part!r}", part in page, True)
    brand = {"name": "Probe", "subtitle": "Zeile", "names": "@probe\n@p", "language": "de", "timezone": "Europe/Vienna", "signature": "name", "address": "du"}
    check("brand", admin.post("/desk/brand/change", brand)[0], 303)
    page = admin.get("/desk/brand")[1]
    check("brand keeps its values", all(part in page for part in ("Europe/Vienna", "@p\n@probe", 'value="du" selected')), True)
    check("a form that is too old", admin.post("/desk/brand/change?version=1", brand)[0], 422)
    check("without the form's token", admin.post("/desk/brand/change", brand, csrf=False)[0], 403)


def shut_out(admin, reader):
    page = admin.get("/desk/agents")[1]
    who = re.search(r'href="/desk/agents/(\d+)">reader<', page)[1]
    check("shutting out", admin.post(f"/desk/agents/{who}/disable", {})[0], 303)
    check("signed out with the next request", reader.get("/desk")[0], 303)
    check("letting in again", admin.post(f"/desk/agents/{who}/enable", {})[0], 303)
    page = admin.get("/desk/audit")[1]
    check("the log tells it", "hat jemanden ausgesperrt" in page or "ausgesperrt" in page, True)


def password(admin, port):
    second = Browser(port)
    new = {"name": "Ada Prüf", "initials": "AP", "old": "drei Wörter reichen", "new": "vier Wörter sind besser", "theme": "dark"}
    check("wrong old password", admin.post("/desk/profile", {**new, "old": "falsch falsch"})[0], 422)
    sign_in = {"email": "ada@example.org", "password": "drei Wörter reichen"}
    check("signing in elsewhere", second.post("/signin", sign_in)[0], 303)
    check("new password", admin.post("/desk/profile", new)[0], 303)
    check("signed out elsewhere", second.get("/desk/profile")[0], 303)
    check("still signed in here", admin.get("/desk/profile")[0], 200)
    check("the old one is void", second.post("/signin", sign_in)[0], 422)


def run(port, token):
    admin = set_up(port, token)
    ids = {**fill(admin), "setup": token}
    change(admin)
    others = [invite(admin, port, role, role) for role in ("reader", "agent", "lead")]
    everybody = [("nobody", Browser(port))] + list(zip(("reader", "agent", "lead"), others)) + [("administrator", admin)]
    for path, *wants in GET:
        for (role, browser), want in zip(everybody, wants):
            check(f"GET {path} as {role}", browser.get(path.format(**ids))[0], want)
    for path, fields, *wants in POST:
        for (role, browser), want in zip(everybody[1:], wants):
            check(f"POST {path} as {role}", browser.post(path.format(**ids), fields)[0], want)
    shut_out(admin, others[0])
    password(admin, port)


def main():
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([os.environ["ZURUF"], "serve", "--data", folder, "--listen", "127.0.0.1:0"],
                                  stdout=subprocess.PIPE, text=True)
        try:
            port = int(re.search(r":(\d+)$", server.stdout.readline().strip())[1])
            token = server.stdout.readline().strip().rsplit("/", 1)[1]
            run(port, token)
        finally:
            server.send_signal(signal.SIGTERM)
            check("the server ends", server.wait(20), 0)
    print("\n".join(failed) or "ok")
    return 1 if failed else 0


sys.exit(main())
