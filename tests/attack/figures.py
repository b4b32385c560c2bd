"""figures.py - what the operator sees and nobody else: /metrics, /healthz, /readyz and the log. Case 68 (nothing of it
without rights, no secret in it) and the log's part of case 28 (nobody writes a line of their own)."""
import re
import time

from exposition import read
from house import Server, case, check, main, post_lines, same

TOKEN = "a-token-for-the-scraper-0123"
HOSTILE = "x\r\ntime=1 level=error module=app msg=\"forged\" \x1b[31m\u202e"


def scrape(server, headers=None):
    """A fresh page: the server keeps one for three seconds."""
    time.sleep(3.1)
    answer = server.request("GET", "/metrics", headers=headers)
    same(answer.status, 200, "status")
    same(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8", "type")
    return read(answer.text), answer.text


def value(metrics, name, **labels):
    found = [v for sample, have, v in metrics[name][1] if labels.items() <= have.items()]
    same(len(found), 1, f"samples of {name} with {labels}")
    return found[0]


@case("case 00: a strict reader takes the figures, and they tell what happened")
def figures_are_sound(server):
    north = server.world["nordlicht"]
    before, _ = scrape(server)
    posts = [{"id": f"figure-{n}", "text": "@nordlicht wo bleibt meine Rechnung?", "author": "Ada"} for n in (1, 2, 2)]
    same(post_lines(server, north["api"]["token"], posts).status, 201, "posts are taken")
    same(server.request("GET", "/nothing-here").status, 404, "a page that is not there")
    after, text = scrape(server)
    grown = lambda name, **labels: value(after, name, **labels) - value(before, name, **labels)
    same(grown("zuruf_posts_total", result="stored"), 2, "stored")
    same(grown("zuruf_posts_total", result="duplicate"), 1, "duplicates")
    check(grown("zuruf_http_requests_total", **{"class": "4xx"}) >= 1, "a refused request is counted")
    check(value(after, "process_resident_memory_bytes") > 1e6, "memory")
    check(abs(value(after, "process_start_time_seconds") - time.time()) < 600, "start")
    check(value(after, "process_open_fds") > 3, "descriptors")
    same(value(after, "zuruf_store_up"), 1, "store")
    same(value(after, "zuruf_node_up"), 1, "node")
    same(value(after, "zuruf_nodes"), 1, "nodes")
    ages = [v for _, labels, v in after["zuruf_account_post_age_seconds"][1] if labels["brand"] == "nordlicht"]
    check(min(ages) < 60, "the age of the last post")
    check(value(after, "zuruf_cases", brand="nordlicht", state="waiting") >= 1, "cases")
    for state in ("queued", "claimed", "sending", "failed", "unclear"):
        check(value(after, "zuruf_messages", state=state) >= 0, state)
    check(len(text) < 100_000, "bounded")


@case("case 68: figures are read from here or with the token, and not through a proxy")
def figures_need_a_right(server):
    same(server.request("GET", "/metrics").status, 200, "from this machine")
    for header in ("X-Forwarded-For", "Forwarded", "Via"):
        answer = server.request("GET", "/metrics", headers={header: "127.0.0.1"})
        same(answer.status, 403, f"through a proxy that says {header}")
        check("zuruf_" not in answer.text, "a refusal holds no figure")
    through = {"X-Forwarded-For": "198.51.100.7"}
    same(server.request("GET", "/metrics", headers={**through, "Authorization": f"Bearer {TOKEN}"}).status, 200, "token")
    for wrong in (f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer ", f"Basic {TOKEN}", TOKEN, f"bearer{TOKEN}"):
        same(server.request("GET", "/metrics", headers={**through, "Authorization": wrong}).status, 403, wrong)
    administrator = server.person("nordlicht", "administrator")
    same(administrator.get("/metrics", headers=through).status, 403, "an administrator of a brand is no operator")


@case("case 68: other things of the operator are not to be had")
def nothing_else_is_open(server):
    for path in ("/debug", "/debug/pprof", "/status", "/server-status", "/.git/config", "/.env", "/zuruf.db", "/zuruf.db-wal",
                 "/zuruf.conf", "/key", "/data/key", "/core", "/config", "/metrics/", "/assets/../key"):
        answer = server.request("GET", path, headers={"X-Forwarded-For": "198.51.100.7"})
        check(answer.status in (308, 400, 403, 404), f"{path}: {answer.status}")
        check("zuruf_" not in answer.text and "SQLite" not in answer.text, path)


@case("case 68: health says whether, and nothing else")
def health_is_short(server):
    same((server.request("GET", "/healthz").status, server.request("GET", "/healthz").text), (200, "ok\n"), "alive")
    same((server.request("GET", "/readyz").status, server.request("GET", "/readyz").text), (200, "ready\n"), "ready")


@case("case 68: figures and log hold no secret and no word of a customer")
def no_secrets(server):
    north = server.world["nordlicht"]
    words = "Geheimnistuerei-4711"
    post_lines(server, north["api"]["token"], [{"id": words, "text": f"@nordlicht {words} wo bleibt das?", "author": words}])
    admin = server.person("nordlicht", "administrator")
    admin.get(f"/desk/search?q={words}")
    server.request("GET", "/signin/link/abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq")
    server.request("GET", "/x?token=tell-me-not&password=tell-me-not")
    _, text = scrape(server)
    log = server.log_text()
    for secret in (words, admin.cookie, admin.csrf, north["api"]["token"], TOKEN, "tell-me-not",
                   "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq"):
        check(secret not in text, f"the figures hold {secret}")
        check(secret not in log, f"the log holds {secret}")


@case("case 28: nobody writes a line of their own into the log")
def log_lines_are_ours(server):
    north = server.world["nordlicht"]
    post_lines(server, north["api"]["token"], [{"id": HOSTILE, "text": HOSTILE, "author": HOSTILE}])
    admin = server.person("nordlicht", "administrator")
    admin.post("/desk/channels/new/feed", {"name": HOSTILE, "s-url": f"http://{HOSTILE}/", "allow_private": "1"})
    admin.post("/desk/channels/new/feed", {"name": "Ziel", "s-url": "http://127.0.0.1:1/%0d%0atime=2", "allow_private": "1"})
    server.request("GET", "/%0d%0atime=3%20level=error%1b%5b31m")
    server.raw(b"GET /\x0btime=4 HTTP/1.1\r\nHost: x\r\n\r\n", timeout=5)
    line = re.compile(r'time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=(debug|info|warn|error) module=[a-z]+ '
                      r'(req=[A-Za-z0-9_-]+ )?msg="([^"\\]|\\.)*"( [a-z]+=("([^"\\]|\\.)*"|[^" ]+))*')
    for number, said in enumerate(server.log_text().rstrip("\n").split("\n"), 1):
        check(line.fullmatch(said), f"line {number}: {said!r}")
        check(not re.search("[\x00-\x1f\x7f\x80-\x9f\u2028-\u202e\u2066-\u2069]", said), f"line {number}: {said!r}")


@case("case 28: a request keeps its number from answer to log; a stranger does not choose it")
def request_numbers(server):
    answer = server.request("GET", "/nothing-here", headers={"X-Request-Id": "chosen-by-a-stranger", "Accept": "text/html"})
    number = answer.headers["X-Request-Id"]
    check(re.fullmatch("[0-9a-f]{16}", number), number)
    check(number in answer.text, "the error page tells it")
    check(f"req={number} " in server.log_text(), "the log has it")
    told = server.request("GET", "/api/v1/nothing").json()["error"]["request"]
    check(f"req={told} " in server.log_text(), "that of an answer in JSON too")


@case("case 28: a trusted proxy chooses the number, if it is one")
def numbers_of_a_proxy(_):
    with Server(ZURUF_PROXIES="127.0.0.1", ZURUF_ACCESS_LOG="on", ZURUF_METRICS_TOKEN=TOKEN) as server:
        given = "proxy-0123456789_AB"
        answer = server.request("GET", "/healthz?q=geheim", headers={"X-Request-Id": given})
        same(answer.headers["X-Request-Id"], given, "taken")
        found = [said for said in server.log_text().splitlines() if f"req={given} " in said]
        same(len(found), 1, "lines of that request")
        for part in ("level=info", "method=GET", "path=/healthz", "status=200", "from=127.0.0.1"):
            check(part in found[0], f"{part}: {found[0]}")
        check("geheim" not in found[0], "the query stays out")
        for bad in ("short", "x" * 65, "with blank in it", 'quote"quote"', "semi;colon;semi", "ümlaut-ümlaut"):
            answer = server.request("GET", "/healthz", headers={"X-Request-Id": bad.encode()})
            check(re.fullmatch("[0-9a-f]{16}", answer.headers["X-Request-Id"]), f"{bad}: {answer.headers['X-Request-Id']}")


@case("case 00: a damaged setting stops the start and says why")
def settings_are_checked(server):
    for name, wrong, said in (("ZURUF_METRICS_TOKEN", "short", "at least 16"), ("ZURUF_METRICS_FROM", "here", "no IP address")):
        try:
            with Server(**{name: wrong}):
                pass
            check(False, f"{name}={wrong} was taken")
        except Exception as e:  # pylint: disable=broad-except
            check(said in str(e), f"{name}: {e}")


if __name__ == "__main__":
    with Server(ZURUF_METRICS_TOKEN=TOKEN) as world:
        main(world)
