"""house.py - what the attack tests share: a server on a world of two brands (world.c), people who are signed in to it,
raw connections, and a small runner that prints TAP. Each test is a function under @case("case NN: what is claimed")."""
import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse

import pgstore

PG = os.environ.get("ZURUF_TEST_PG")  # beside tests/with-pg: each server has a database of its own there
ROLES = ("reader", "agent", "lead", "administrator")


class Failed(Exception):
    """What was claimed does not hold."""


def check(holds, what):
    if not holds:
        raise Failed(what)


def same(got, want, what):
    check(got == want, f"{what}: {got!r} instead of {want!r}")


def wait_for(what, ask, limit=30):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        found = ask()
        if found:
            return found
        time.sleep(0.02)
    raise Failed(f"waited {limit} s in vain: {what}")


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)

    @property
    def bare(self):
        """Status, place and text without what differs between two answers to the same question: the request's number
        and its moment."""
        number = self.headers.get("X-Request-Id") or "\0"
        text = re.sub(r'data-now="\d+"', "", self.text.replace(number, "ID"))
        return self.status, self.headers.get("Location"), text


def new_database():
    new_database.made += 1
    name = f"attack_{os.getpid()}_{new_database.made}"
    db = pgstore.Store(PG)
    db.execute(f"CREATE DATABASE {name}")
    db.close()
    return urllib.parse.urlunsplit(urllib.parse.urlsplit(PG)._replace(path="/" + name))


new_database.made = 0


def table_columns(db):
    """Names of columns by table."""
    if PG:
        rows = db.execute("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'")
    else:
        rows = db.execute("SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'"
                          " AND t.name NOT LIKE 'post_search%'")
    found = {}
    for table, column in rows:
        found.setdefault(table, set()).add(column)
    return found


class Server:
    """zuruf serve on a directory of its own. settings: environment of the process."""

    def __init__(self, program="ATTACK_WORLD", posts=300, **settings):
        self.dir = tempfile.mkdtemp(prefix="zuruf-attack-")
        self.data = os.path.join(self.dir, "data")
        self.env = {**os.environ, "ZURUF_UNDO": "3600", "ZURUF_LOG": "debug", "TZ": "UTC", **settings}
        if PG:
            self.env["ZURUF_DB"] = new_database()
        made = subprocess.run([os.environ[program], self.data, str(posts)], env=self.env, check=True, capture_output=True, text=True)
        self.world = json.loads(made.stdout) if made.stdout.strip() else {}
        self.process = None
        self.start()

    def start(self):
        self.log = open(os.path.join(self.dir, "log"), "ab")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        listen = f"127.0.0.1:{self.port}"
        self.process = subprocess.Popen([os.environ["ZURUF"], "serve", "--data", self.data, "--listen", listen],
                                        env=self.env, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline().strip()
        check(line, f"the server starts: {self.log_text()[-2000:]}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = "a hang"
        self.process.stdout.close()
        self.log.close()
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        code = self.stop() if self.process.returncode is None else self.process.returncode
        if code != 0:
            print(f"Bail out! the server ends with {code}: {self.log_text()[-3000:]}", flush=True)
        shutil.rmtree(self.dir, ignore_errors=True)

    def log_text(self):
        with open(os.path.join(self.dir, "log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def command(self, *words, text=None):
        done = subprocess.run([os.environ["ZURUF"], words[0], "--data", self.data, *words[1:]], env=self.env,
                              capture_output=True, text=True, input=text, check=False, timeout=120)
        return done

    def request(self, method, path, body=None, headers=None, timeout=30):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            c.putrequest(method, path, skip_host="Host" in (headers or {}), skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                c.putheader(name, value)
            if body is not None:
                c.putheader("Content-Length", str(len(body)))
            with contextlib.suppress(BrokenPipeError):  # refused while it was being sent: the answer is there
                c.endheaders(body)
            return Answer(c.getresponse())
        finally:
            c.close()

    def raw(self, data, timeout=20):
        """Bytes as they are, and all bytes that come back until the other side closes or falls silent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as s:
            s.sendall(data)
            got = b""
            with contextlib.suppress(TimeoutError):
                while piece := s.recv(65536):
                    got += piece
            return got

    def person(self, brand, role):
        return Person(self, self.world[brand][role]["cookie"])

    @contextlib.contextmanager
    def store(self):
        """A reading connection to the store of the running server."""
        path = urllib.parse.quote(os.path.join(self.data, "zuruf.db"))
        db = (pgstore.Store(self.env["ZURUF_DB"]) if PG else
              sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, timeout=20))
        try:
            yield db
        finally:
            db.close()

    def of_brand(self, brand):
        """All that the store holds of one brand, to see that nothing changed; that somebody was refused may be told."""
        found = {}
        with self.store() as db:
            for t, columns in table_columns(db).items():
                column = "id" if t == "brand" else "brand"
                if column in columns and t not in ("session", "denial"):
                    found[t] = sorted(map(repr, db.execute(f'SELECT * FROM "{t}" WHERE "{column}" = ?', (int(brand),))))
        return found


class Person:
    """Somebody with a session; cookie None: nobody."""

    def __init__(self, server, cookie=None):
        self.server, self.cookie = server, cookie

    def headers(self, more=None):
        h = {"Accept": "text/html", "Accept-Language": "en"}
        if self.cookie:
            h["Cookie"] = f"zuruf={self.cookie}"
        return {**h, **(more or {})}

    @property
    def csrf(self):
        """What the forms of this session carry."""
        if not self.cookie:
            return ""
        mac = hmac.new(self.cookie.encode(), b"csrf", hashlib.sha256).digest()
        return base64.urlsafe_b64encode(mac).decode().rstrip("=")

    def get(self, path, headers=None, **more):
        return self.server.request("GET", path, None, self.headers(headers), **more)

    def post(self, path, fields=None, headers=None):
        body = urllib.parse.urlencode({**(fields or {}), "csrf": self.csrf}).encode()
        return self.server.request("POST", path, body, self.headers(
            {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}))


def post_lines(server, token, posts):
    body = b"\n".join(p if isinstance(p, bytes) else json.dumps(p).encode() for p in posts) + b"\n"
    return server.request("POST", "/api/v1/posts", body,
                          {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}, timeout=120)


def sign_in(server, email, password, address=None, cookie=None, more=""):
    """address: behind a listed proxy, where the request comes from."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if address:
        headers["X-Forwarded-For"] = address
    if cookie:
        headers["Cookie"] = cookie
    return server.request("POST", "/signin", (urllib.parse.urlencode({"email": email, "password": password}) + more).encode(), headers,
                          timeout=120)


def cookies(answer):
    return dict(line.split(";")[0].split("=", 1) for line in answer.headers.get_all("Set-Cookie") or [])


def enter(server, email, password, **more):
    """Signs in with a password: the answer, the session, and the mark of the browser."""
    answer = sign_in(server, email, password, **more)
    same(answer.status, 303, f"{email} signs in")
    found = cookies(answer)
    return answer, found["zuruf"], found.get("zuruf-known")


tests = []


def case(name):
    def keep(fn):
        tests.append((name, fn))
        return fn
    return keep


def run(*given):
    """Runs every case with the given things; TAP on stdout."""
    only = os.environ.get("CASE")
    chosen = [t for t in tests if not only or only in t[0]]
    print(f"1..{len(chosen)}", flush=True)
    bad = 0
    for number, (name, fn) in enumerate(chosen, 1):
        began = time.monotonic()
        try:
            fn(*given)
            print(f"ok {number} - {name} ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception as e:  # pylint: disable=broad-except
            bad += 1
            where = "" if isinstance(e, Failed) else traceback.format_exc()
            for line in f"{e}\n{where}".strip().splitlines():
                print(f"# {line}")
            print(f"not ok {number} - {name}", flush=True)
    return 1 if bad else 0


def main(*given):
    """The usual end of a test program."""
    sys.exit(run(*given))
