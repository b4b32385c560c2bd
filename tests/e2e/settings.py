"""The settings over HTTP, with the real binary: a new server is set up step by step, colleagues come in, forms keep what
is right and show again what is not. Who may ask for what is tests/attack/matrix.py. Python's standard library only."""
import http.client
import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.parse

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
    account = re.search(r'action="/desk/channels/(\d+)["?]', page)[1]
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
    admin.post("/desk/teams/new", {"name": "Netz", "icon": "globe"})
    gone = max(re.findall(r'/desk/teams/(\d+)"', admin.get("/desk/teams")[1]), key=int)
    admin.post(f"/desk/routing/{rules[1]}", {**rule, "name": "Zweite", "team": gone})
    page = admin.get(f"/desk/teams/{gone}/delete")[1]
    check("what the team leaves", all(it in page for it in ("0 Fälle", "1 Regel<", "0 Mitglieder")), True)
    heirs = {"cases": team, "rules": team, "members": "0"}
    check("not to itself", admin.post(f"/desk/teams/{gone}/delete", {**heirs, "rules": gone})[0], 422)
    check("a team is deleted", admin.post(f"/desk/teams/{gone}/delete", heirs)[0], 303)
    check("it is gone", admin.get(f"/desk/teams/{gone}")[0], 404)
    check("its rule has the heir", admin.get("/desk/routing")[1].count("Team Störung"), 2)
    check("its list is the list of all", admin.get(f"/desk?team={gone}")[0], 200)
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


def last(admin, ids):
    """A brand keeps an administrator."""
    check("the last one steps down", admin.post(f"/desk/agents/{ids['admin']}", {"role": "reader"})[0], 422)
    check("the last one is shut out", admin.post(f"/desk/agents/{ids['admin']}/disable", {})[0], 422)
    for path, fields in (
            ("/desk/channels/new/feed", {"name": "Blog", "s-url": "nonsense"}),
            (f"/desk/routing/{ids['rule']}", {"name": "R", "field-1": "kind", "value-1": "Quatsch"}),
            ("/desk/brand/change", {"name": "Probe", "timezone": "Mond/Krater"})):
        check(f"{path} with {fields}", admin.post(path, fields)[0], 422)
    check("a channel that is none", admin.get("/desk/channels/new/nonsense")[0], 404)
    check("an audit page from nowhere", admin.get("/desk/audit?before=nonsense")[0], 200)


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
    reader = invite(admin, port, "reader", "reader")
    last(admin, ids)
    shut_out(admin, reader)
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
