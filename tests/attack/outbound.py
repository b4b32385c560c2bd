"""outbound.py - where the server connects to when others chose the address: feeds and webhooks by the real program, against
listeners on loopback that count who comes. A preloaded shim (shim.c) plays the name server."""
import contextlib
import gzip
import http.server
import os
import re
import socket
import subprocess
import sys
import threading
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "faults"))

from faulty import certificates, tls_context  # noqa: E402
from house import Server, case, check, main, post_lines, same, wait_for  # noqa: E402
from peers import Web  # noqa: E402


class Listener:
    """Counts connections on every loopback address; answers nothing."""

    def __init__(self):
        self.hits = 0
        self.socket = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True, backlog=200)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                self.hits += 1
                connection.close()


def forms(port):
    """Ways to write addresses that are inside: every sort of notation, every refused range."""
    loopback = ["127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "127.0.0.1.", "0", "0.0.0.0", "2130706433", "0x7f000001",
                "0x7f.0.0.1", "0x7f.1", "0177.0.0.1", "017700000001", "0177.1", "127.0x0.0.1", "00000127.0.0.1", "localhost",
                "LOCALHOST", "localhost.", "LocalHost.", "%6cocalhost", "%31%32%37.0.0.1", "127.0.0.1%00.example",
                "①②⑦.0.0.1", "127。0。0。1", "127．0．0．1", "１２７.0.0.1", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "ｌｏｃａｌｈｏｓｔ", "loc\u00adalhost",
                "[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
                "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]",
                "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2002:7f00:1::1]", "[2606:4700::5efe:7f00:1]",
                "[2606:4700::200:5efe:127.0.0.1]", "[::1%25lo]", "[::1%lo]", "[fe80::1%25lo]", "[0:0:0:0:0:0:127.0.0.1]"]
    others = ["10.0.0.1", "10.255.255.255", "0x0a.0.0.1", "012.0.0.1", "167772161", "172.16.0.1", "172.31.255.254",
              "192.168.0.1", "192.168.255.255", "0300.0250.1.1", "3232235777", "100.64.0.1", "100.127.255.255", "169.254.0.1",
              "169.254.169.254", "0xA9FEA9FE", "2852039166", "0251.0376.0251.0376", "169.254.170.2", "192.0.0.1", "192.0.0.170",
              "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
              "239.255.255.255", "240.0.0.1", "255.255.255.255", "[fc00::1]", "[fd00::1]", "[fd00:ec2::254]", "[fe80::1]",
              "[febf::1]", "[fec0::1]", "[ff02::1]", "[ff0e::1]", "[2001:db8::1]", "[2001::1]", "[2001:2::1]", "[2001:10::1]",
              "[3fff::1]", "[100::1]", "[64:ff9b:1::1]", "[5f00::1]", "[4000::1]", "[::ffff:10.0.0.1]",
              "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[2002:c0a8:101::1]", "[2002:a9fe:a9fe::]"]
    urls = [f"http://{host}:{port}/feed" for host in loopback + others]
    urls += [f"http://8.8.8.8@127.0.0.1:{port}/", f"http://127.0.0.1:{port}#@8.8.8.8/", f"http://8.8.8.8\\@127.0.0.1:{port}/",
             f"http://user:pw@localhost:{port}/", f"http:127.0.0.1:{port}/", f"http:///127.0.0.1:{port}/", f"//127.0.0.1:{port}/",
             "file:///etc/passwd", f"gopher://127.0.0.1:{port}/x", f"dict://127.0.0.1:{port}/x", f"ftp://127.0.0.1:{port}/x",
             f"telnet://127.0.0.1:{port}", f"ldap://127.0.0.1:{port}/", f"tftp://127.0.0.1:{port}/x", f"smtp://127.0.0.1:{port}",
             f"imap://127.0.0.1:{port}", f"ws://127.0.0.1:{port}/", f"jar:http://127.0.0.1:{port}!/", "data:text/xml,<rss/>",
             "javascript:alert(1)", f"http://8.8.8.8 .example:{port}/", f"http://127.0.0.1\t:{port}/", "http://[::1", "http://"]
    return urls


ALLOWED = ["http://8.8.8.8/", "https://1.1.1.1/", "http://8.8.8.8:8080/", "http://134744072/", "http://0x08.8.8.8/",
           "http://172.32.0.1/", "http://100.128.0.1/", "http://[2606:4700:4700::1111]/", "http://[::ffff:8.8.8.8]/",
           "http://[64:ff9b::808:808]/", "http://[2002:808:808::1]/"]


def check_url(server, url):
    return subprocess.run([os.environ["ZURUF"], "fetch", "--check", url], env=server.env, capture_output=True, check=False).returncode


@case("case 33: no way of writing an inside address is ever connected to, those outside are allowed")
def addresses(server):
    listener, admin = Listener(), server.person("nordlicht", "administrator")
    urls = forms(listener.port)
    check(len(urls) >= 86, f"{len(urls)} addresses")
    server.made = 0
    for url in urls:
        added = server.command("channel", "add", "feed", f"f{server.made}", "--brand", "nordlicht", f"url={url}")
        if added.returncode == 0:  # a name that is only judged when it is connected to
            with server.store() as db:
                number = db.execute("SELECT max(id) FROM account").fetchone()[0]
            admin.post(f"/desk/channels/{number}/test")
            server.made += 1
    for url in ALLOWED:
        same(check_url(server, url), 0, f"the check of {url}")
    allowed = Listener()
    good = server.command("channel", "add", "feed", "good", "--brand", "nordlicht", "--allow-private",
                          f"url=http://127.0.0.1:{allowed.port}/")
    same(good.returncode, 0, good.stderr)
    wait_for("a listener to hear what it may, after all others had their turn", lambda: allowed.hits > 0)
    same(listener.hits, 0, f"connections made for {len(urls)} addresses, {server.made} of them taken as settings")


@case("case 34: a name that answers otherwise the second time gains nothing")
def rebinding(server):
    listener, admin = Listener(), server.person("nordlicht", "administrator")
    same(check_url(server, f"http://rebind.example:{listener.port}/"), 0, "the first answer is a public address")
    for name in ("rebind.example", "both.example"):
        added = server.command("channel", "add", "feed", name.split(".")[0], "--brand", "nordlicht",
                               f"url=http://{name}:{listener.port}/")
        same(added.returncode, 0, added.stderr)
        with server.store() as db:
            number = db.execute("SELECT max(id) FROM account").fetchone()[0]
        for _ in range(3):
            page = admin.post(f"/desk/channels/{number}/test").text
        check("private or reserved" in page or "refuses the connection" in page,
              f"what the page says of {name}")
    same(listener.hits, 0, "connections to the inside")


class Peer(Web):
    """A web server that misbehaves by path."""

    def handle(self):
        with contextlib.suppress(OSError):
            super().handle()

    def do_GET(self):
        s = self.server
        s.seen.append(self.path)
        if self.path == "/good":
            self.answer(200, b"<rss version='2.0'><channel><title>T</title><item><guid>1</guid><title>@nordlicht gut</title>"
                          b"</item></channel></rss>", Content_Type="application/rss+xml")
        elif self.path == "/drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while True:
                self.wfile.write(b"x")
                time.sleep(0.3)
        elif self.path == "/slow-head":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                self.wfile.write(b"X")
                time.sleep(0.3)
        elif self.path == "/headers":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                self.wfile.write(b"X-More: " + b"y" * 1000 + b"\r\n")
        elif self.path == "/body":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                self.wfile.write(b"x" * 65536)
        elif self.path == "/bomb":
            self.answer(200, s.bomb, Content_Encoding="gzip")
        elif self.path == "/interim":
            while True:
                self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n")
        elif self.path.startswith("/redirect"):
            self.answer(302, Location=f"/redirect{int(self.path[9:] or 0) + 1}")
        else:
            self.answer(404)

    def do_POST(self):
        s = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        s.seen.append(self.path)
        s.ids.setdefault(self.path, []).append(self.headers.get("X-Zuruf-Id"))
        s.bodies.append(body)
        if self.path == "/hang":
            time.sleep(30)
        elif self.path == "/huge":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
            while True:
                self.wfile.write(b"x" * 65536)
        elif self.path == "/moved":
            self.answer(301, Location=f"http://127.0.0.1:{s.inside.port}/")
        else:
            self.answer({"/500": 500, "/429": 429, "/410": 410}.get(self.path, 200), **(
                {"Retry_After": "3600"} if self.path == "/429" else {}))


def peer():
    s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    s.daemon_threads, s.seen, s.ids, s.bodies, s.inside = True, [], {}, [], Listener()
    s.bomb = gzip.compress(b"\0" * 50000000, 9)
    threading.Thread(target=s.serve_forever, args=(0.05,), daemon=True).start()
    return s


def add_feed(server, key, url, *more):
    added = server.command("channel", "add", "feed", key, "--brand", "nordlicht", "--allow-private", f"url={url}", *more)
    same(added.returncode, 0, f"adding {key}: {added.stderr}")


def states(server):
    """Accounts by key: what the list says of each."""
    lines = server.command("channel", "list", "--brand", "nordlicht").stdout.splitlines()
    return {line.split("\t")[0]: line for line in lines}


@case("case 36: peers that drip, never end or explode hold nobody up for longer than ten seconds")
def endless(server):
    s = peer()
    bad = ("drip", "slow-head", "headers", "body", "bomb", "interim", "redirect")
    began = time.monotonic()
    for name in bad:
        add_feed(server, name, f"http://127.0.0.1:{s.server_port}/{name}")
    add_feed(server, "behind", f"http://127.0.0.1:{s.server_port}/good")
    wait_for("the good feed's post", lambda: "\t1 posts" in states(server)["behind"], 60)
    print(f"# the feed behind seven hostile ones was read after {time.monotonic() - began:.1f} s")
    wait_for("an error at each hostile one", lambda: all(re.search(r"\t(never|20\S+)\t\S", states(server)[n]) for n in bad), 60)
    took = time.monotonic() - began
    print(f"# all have ended after {took:.1f} s")
    check(took < 10 * len(bad) / 3 + 15, f"{took:.0f} s for seven of them, three at a time")
    check(sum(p.startswith("/redirect") for p in s.seen) <= 8, f"redirects were followed: {s.seen}")
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as f:
        peak = int(re.search(r"VmHWM:\s+(\d+)", f.read())[1])
    # AddressSanitizer has much memory of its own
    check(os.environ.get("ASAN_OPTIONS") or peak < 400000, f"{peak} kB of memory at the most")


@case("case 37: links in posts are not asked for, and one server is asked at a bounded pace")
def pace(server):
    s = peer()
    posts = [{"id": f"links-{n}", "url": f"http://127.0.0.1:{s.server_port}/u{n}",
              "text": "@nordlicht seht " + " ".join(f"http://127.0.0.1:{s.server_port}/{n}-{k}" for k in range(50))} for n in range(40)]
    same(post_lines(server, server.world["nordlicht"]["api"]["token"], posts).status, 201, "2000 links")
    admin = server.person("nordlicht", "administrator")
    for post in server.world["nordlicht"]["posts"][:5]:
        admin.get(f"/desk/case/{post['case']}")
    same(s.seen, [], "what was asked for")
    add_feed(server, "often", f"http://127.0.0.1:{s.server_port}/good")
    with server.store() as db:
        number = db.execute("SELECT id FROM account WHERE key = 'often'").fetchone()[0]
    began = time.monotonic()
    wait_for("the page to say why no more is asked",
             lambda: "times within a minute" in admin.post(f"/desk/channels/{number}/test").text, 50)
    check(40 <= len(s.seen) <= 60, f"{len(s.seen)} requests within {time.monotonic() - began:.0f} s")


def tls_server(folder, name):
    s = peer()
    s.socket = tls_context(folder, name).wrap_socket(s.socket, server_side=True, do_handshake_on_connect=False)
    return s


@case("case 38: a server whose certificate is wrong is not spoken to, and the account says so")
def certificate(_):
    folder = os.path.join(FOLDER, "tls")
    os.mkdir(folder)
    certificates(folder)
    names = ("good", "name", "expired", "early", "stranger", "self")
    servers = {name: tls_server(folder, name) for name in names}
    with Server(ZURUF_CA_FILE=os.path.join(folder, "ca.pem"), ZURUF_UNDO="0") as server:
        for name, s in servers.items():
            add_feed(server, name, f"https://localhost:{s.server_port}/good")
            if name == "good":  # it would be waited for: what stands there speaks no IMAP
                continue
            server.command("channel", "add", "mail", f"mail-{name}", "--brand", "nordlicht", "--allow-private", "user=u", "password=p",
                           f"imap_url=imaps://localhost:{s.server_port}", "address=a@b.example")
        wait_for("the good one's post", lambda: "\t1 posts" in states(server)["good"], 60)
        for name in names[1:]:
            for key in (name, f"mail-{name}"):
                line = wait_for(f"what the account says of {key}",
                                lambda k=key: (x := states(server)[k]).count("\t") > 5 and x, 60)
                check("certificate" in line, f"{key}: {line}")
            page = server.person("nordlicht", "reader").get("/desk/channels").text
            check("certificate" in page, "the page of channels says it")
            same(servers[name].seen, [], f"requests to the server with {name}")


@case("case 56: a webhook's receiver that errs, hangs or lies delays nobody, and the secret stays ours")
def webhooks(_):
    s = peer()
    with Server(ZURUF_UNDO="0") as server:
        kinds = ("500", "429", "410", "moved", "hang", "huge", "fine")
        cases = {}
        for kind in kinds:
            added = server.command("channel", "add", "api", f"r-{kind}", "--brand", "nordlicht", "--allow-private",
                                   f"url=http://127.0.0.1:{s.server_port}/{kind}", "secret=streng-geheim-1234567")
            same(added.returncode, 0, added.stderr)
            token = added.stdout.split()[1]
            done = post_lines(server, token, [{"id": kind, "text": "@nordlicht meine Rechnung ist falsch, bitte melden Sie sich!"}])
            cases[kind] = done.json()["results"][0]["case"]
        agent = server.person("nordlicht", "agent")
        began = time.monotonic()
        for kind in kinds:
            same(agent.post(f"/desk/case/{cases[kind]}/reply", {"text": f"Antwort {kind}"}).status, 303, kind)

        def state(kind):
            with server.store() as db:
                return db.execute("SELECT state, attempt, what, not_before FROM message WHERE case_id = ?", (int(cases[kind]),)).fetchone()

        queued, sent, failed = 0, 3, 4
        wait_for("the fine one", lambda: state("fine")[0] == sent, 30)
        print(f"# delivered beside one that hangs after {time.monotonic() - began:.1f} s")
        wait_for("410 is final", lambda: state("410")[0] == failed)
        wait_for("301 is final", lambda: state("moved")[0] == failed)
        wait_for("500 waits", lambda: state("500")[0] == queued and state("500")[1] > 0)
        wait_for("429 waits", lambda: state("429")[0] == queued and state("429")[1] > 0)
        check(state("429")[3] - time.time() * 1000 > 3400000, f"429 asked for an hour: {state('429')}")
        wait_for("the hanging one ends", lambda: state("hang")[1] > 0 and state("hang")[0] in (queued, failed, 5), 60)
        wait_for("the huge one ends", lambda: state("huge")[0] == sent, 60)
        same(s.inside.hits, 0, "the redirect was followed")
        check(all(len(set(ids)) == 1 for ids in s.ids.values()), f"ids that they were told: {s.ids}")
        check("streng-geheim" not in server.log_text() and not any(b"streng-geheim" in b for b in s.bodies), "the secret was told")


FOLDER = ""
with Server(LD_PRELOAD=os.environ["ATTACK_SHIM"]) as world:
    FOLDER = world.dir
    main(world)
