"""lab.py - a server of our own on a scratch directory, and ways to talk to it: commands, HTTP, and
copies of its store. What the fault tests share."""

import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.parse

ENGINE = os.environ.get("FAULTS_ENGINE", "sqlite")  # or "postgresql", beside tests/with-pg
LONG = bool(os.environ.get("FAULTS_LONG"))  # as before a release
# built with AddressSanitizer: it needs terabytes of addresses, and much memory of its own
SANITIZED = bool(os.environ.get("ASAN_OPTIONS"))

# Message states, as domain/words.h numbers them.
QUEUED, CLAIMED, SENDING, SENT, FAILED, UNCLEAR, RECALLED = range(7)
STATE_NAMES = ["queued", "claimed", "sending", "sent", "failed", "unclear", "recalled"]

# What customers write. Most of it asks for a reaction, so that cases come of it.
TEXTS = [
    "Hallo @nordlicht, meine Rechnung ist falsch. Bitte melden Sie sich, ich warte seit Wochen!",
    "@nordlicht Seit gestern geht das Internet nicht. Wann wird die Störung behoben?",
    "Nordlicht, wie kann ich meinen Vertrag kündigen? Auf meine Mail antwortet niemand.",
    "@nordlicht dritte Mahnung, obwohl bezahlt ist. Das ist eine Frechheit, klären Sie das!",
    "Can somebody from @nordlicht please tell me when the technician will come?",
    "Danke Nordlicht, hat heute alles gut geklappt.",
]


class Failed(Exception):
    """The test found something wrong."""


def check(holds, what):
    if not holds:
        raise Failed(what)


def wait_until(holds, limit, what, pause=0.02):
    """Seconds until it held."""
    began = time.monotonic()
    while not holds():
        check(time.monotonic() - began < limit, f"{what}, {limit} s long")
        time.sleep(pause)
    return time.monotonic() - began


@contextlib.contextmanager
def saying(what):
    """Puts what was tried before what was wrong."""
    try:
        yield
    except Failed as e:
        raise Failed(f"{what}: {e}") from None


def free_port():
    """Below those that the kernel hands out: a server that starts again must not find its port with somebody's client."""
    chance = random.SystemRandom()
    while True:
        with socket.socket() as s, contextlib.suppress(OSError):
            s.bind(("127.0.0.1", chance.randrange(12000, 30000)))
            return s.getsockname()[1]


def seed_of_run():
    """Chance that can be had again: FAULTS_SEED=number."""
    seed = int(os.environ.get("FAULTS_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"FAULTS_SEED={seed}", flush=True)
    return seed


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


class Store:
    """A connection for looking: rows(sql, values) with ? for a value, as tuples."""

    def __init__(self, connection):
        self.connection = connection

    def rows(self, sql, *values):
        return self.connection.execute(sql, values).fetchall()

    def row(self, sql, *values):
        return self.connection.execute(sql, values).fetchone()

    def column(self, sql, *values):
        return [r[0] for r in self.rows(sql, *values)]


class PgStore:
    """The same on PostgreSQL, by psql."""

    def __init__(self, url):
        self.url = url

    def run(self, sql):
        p = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql,
                            self.url], capture_output=True, text=True, timeout=120, check=False)
        check(p.returncode == 0, f"psql: {p.stderr}\n{sql}")
        return p.stdout

    def rows(self, sql, *values):
        parts = sql.split("?")
        literals = [str(v) if isinstance(v, int) else "'" + v.replace("'", "''") + "'"
                    for v in values] + [""]
        bound = "".join(a + b for a, b in zip(parts, literals, strict=True))
        out = self.run(f"SELECT coalesce(json_agg(t), '[]') FROM ({bound}) t")
        return [tuple(pg_value(v) for v in row.values()) for row in json.loads(out)]

    def row(self, sql, *values):
        rows = self.rows(sql, *values)
        return rows[0] if rows else None

    def column(self, sql, *values):
        return [r[0] for r in self.rows(sql, *values)]


def pg_value(v):
    return bytes.fromhex(v[2:]) if isinstance(v, str) and v.startswith("\\x") else v


class Lab:
    """One data directory, and the server on it. shim: a shim.Shim that the server runs under."""

    def __init__(self, name):
        self.program = os.environ["ZURUF"]
        self.dir = tempfile.mkdtemp(prefix=f"zuruf-{name}-")
        self.data = os.path.join(self.dir, "data")
        self.log = os.path.join(self.dir, "log")
        self.port = free_port()
        self.server = None
        self.shim = None
        self.token = self.cookie = None
        self.env = dict(os.environ, ZURUF_UNDO="0", ZURUF_LOG="warn",
                        ZURUF_LISTEN=f"127.0.0.1:{self.port}")
        self.pg = None  # URL of our database on PostgreSQL; None: SQLite
        if ENGINE == "postgresql":
            self.make_database(f"lab_{name}_{os.getpid()}")
        subprocess.run([os.environ["FAULT_SEED_PROGRAM"], self.data], env=self.env, check=True)

    def make_database(self, name):
        server = os.environ["ZURUF_TEST_PG"]
        PgStore(server).run(f"CREATE DATABASE {name}")
        parts = urllib.parse.urlsplit(server)
        self.pg = urllib.parse.urlunsplit(parts._replace(path="/" + name))
        self.env["ZURUF_DB"] = self.pg

    def drop_data(self):
        """As before the first start; the server is not running."""
        shutil.rmtree(self.data, ignore_errors=True)
        os.mkdir(self.data, 0o700)
        if self.pg:
            PgStore(self.pg).run("DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    # --- the program ---

    def command(self, *args, check_exit=True, given=None, data=None):
        """Runs zuruf ARGS on our data, or on other; the finished process with its texts."""
        p = subprocess.run([self.program, args[0], "--data", data or self.data, *args[1:]], text=True,
                           env=self.env, capture_output=True, timeout=300, check=False, input=given)
        if check_exit and p.returncode != 0:
            raise Failed(f"zuruf {' '.join(args)} ends with {p.returncode}: {p.stderr}")
        return p

    def begin_command(self, *args):
        """zuruf ARGS, running."""
        return subprocess.Popen([self.program, args[0], "--data", self.data, *args[1:]],
                                env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def command_on(self, data, *args):
        """On another directory; its exit code is the caller's matter."""
        return self.command(*args, check_exit=False, data=data)

    @staticmethod
    def wait_for(what, ask, limit=60):
        """What ask gave, once it is true."""
        until = time.monotonic() + limit
        while not (found := ask()):
            check(time.monotonic() < until, f"waited {limit} s in vain: {what}")
            time.sleep(0.02)
        return found

    def start(self):
        env = {**self.env, **(self.shim.env() if self.shim else {})}
        with open(self.log, "ab") as log:
            self.server = subprocess.Popen([self.program, "serve", "--data", self.data], env=env,
                                           stdout=log, stderr=log)

    def wait_ready(self, limit=30):
        """Seconds until /healthz answered."""
        began = time.monotonic()
        while time.monotonic() - began < limit:
            check(self.server.poll() is None, f"the server ended by itself: {self.log_tail()}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.request("GET", "/healthz", timeout=5).status == 200:
                    return time.monotonic() - began
            time.sleep(0.005)
        raise Failed(f"no answer from /healthz within {limit} s: {self.log_tail()}")

    def kill(self):
        self.server.send_signal(signal.SIGKILL)
        self.server.wait()

    def stop(self, limit=30):
        """SIGTERM; seconds until the process was gone. Its exit code must be 0."""
        began = time.monotonic()
        self.server.send_signal(signal.SIGTERM)
        try:
            code = self.server.wait(limit)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failed(f"still running {limit} s after SIGTERM: {self.log_tail()}") from None
        check(code == 0, f"exit code {code} after SIGTERM: {self.log_tail()}")
        return time.monotonic() - began

    def log_tail(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()[-2000:]

    def close(self, keep):
        if self.server and self.server.poll() is None:
            self.kill()
        if keep:
            print(f"kept for a look: {self.dir}", flush=True)
        else:
            shutil.rmtree(self.dir)

    # --- HTTP ---

    def request(self, method, path, body=None, headers=None, timeout=30):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            c.request(method, path, body, headers or {})
            return Answer(c.getresponse())
        finally:
            c.close()

    def post_lines(self, posts, timeout=30):
        """POST /api/v1/posts; posts are objects, or bytes for a line as it is."""
        lines = [p if isinstance(p, bytes) else json.dumps(p).encode() for p in posts]
        return self.request("POST", "/api/v1/posts", b"\n".join(lines) + b"\n",
                            {"Authorization": f"Bearer {self.token}",
                             "Content-Type": "application/x-ndjson"}, timeout)

    def sign_in(self, role="agent", password=None):
        """Makes an agent and uses the link that the command prints."""
        email = "anna@nordlicht.example"
        link = self.command("user", "add", email, "--name", "Anna Berg", "--initials", "AB",
                            "--role", role).stdout.strip()
        if password:
            self.command("user", "password", email, given=password)
            link = self.command("user", "link", email).stdout.strip()
        self.use_link(link)

    def sign_in_again(self):
        self.use_link(self.command("user", "link", "anna@nordlicht.example").stdout.strip())

    def use_link(self, link):
        answer = self.request("GET", urllib.parse.urlsplit(link).path)
        check(answer.status in (302, 303), f"the sign-in link answers {answer.status}")
        self.cookie = answer.headers["Set-Cookie"].split(";")[0]

    def desk(self, method, path, fields=None):
        """A request of the signed-in agent, with the token that her forms would carry."""
        secret = self.cookie.partition("=")[2].encode()
        mac = hmac.new(secret, b"csrf", hashlib.sha256).digest()
        headers = {"Cookie": self.cookie, "X-Requested-With": "fetch",
                   "X-CSRF-Token": base64.urlsafe_b64encode(mac).decode().rstrip("="),
                   "Content-Type": "application/x-www-form-urlencoded"}
        return self.request(method, path, urllib.parse.urlencode(fields or {}), headers)

    def add_api_account(self, key, *settings):
        out = self.command("channel", "add", "api", key, "--name", key, "--allow-private",
                           *settings)
        self.token = out.stdout.split()[1]

    # --- the store ---

    @contextlib.contextmanager
    def snapshot(self):
        """A connection to a copy of the store's files as they are now; the server is not running.
        The files themselves stay as the dead process left them: recovery is the server's work.
        On PostgreSQL the database itself."""
        if self.pg:
            yield PgStore(self.pg)
            return
        copy = os.path.join(self.dir, "copy")
        shutil.rmtree(copy, ignore_errors=True)
        os.mkdir(copy)
        for end in ("", "-wal"):
            if os.path.exists(os.path.join(self.data, "zuruf.db" + end)):
                shutil.copy(os.path.join(self.data, "zuruf.db" + end), copy)
        db = sqlite3.connect(os.path.join(copy, "zuruf.db"), isolation_level=None)
        try:
            yield Store(db)
        finally:
            db.close()

    @contextlib.contextmanager
    def reader(self):
        """A reading connection to the store of the running server."""
        if self.pg:
            yield PgStore(self.pg)
            return
        path = urllib.parse.quote(os.path.join(self.data, "zuruf.db"))
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, timeout=20)
        try:
            yield Store(db)
        finally:
            db.close()


def check_sound(db):
    """The file, its references and its search index are whole."""
    if isinstance(db, PgStore):
        db.run("CREATE EXTENSION IF NOT EXISTS amcheck")
        db.run("SELECT bt_index_check(i.indexrelid, true) FROM pg_index i "
               "JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam "
               "JOIN pg_namespace n ON n.oid = c.relnamespace "
               "WHERE a.amname = 'btree' AND n.nspname = 'public'")
        return
    found = db.rows("PRAGMA integrity_check")
    check(found == [("ok",)], f"integrity_check: {found[:5]}")
    found = db.rows("PRAGMA foreign_key_check")
    check(not found, f"foreign_key_check: {found[:5]}")
    db.rows("INSERT INTO post_search (post_search, rank) VALUES ('integrity-check', 1)")


def account_id(db, key):
    return db.row("SELECT id FROM account WHERE key = ?", key)[0]


def run(name, body):
    """Runs body(lab); the exit code of the test. The scratch directory stays when it failed."""
    lab = Lab(name)
    failed = True
    try:
        body(lab)
        failed = False
    except Failed as e:
        print(f"FAILED: {e}", flush=True)
    finally:
        lab.close(failed)
    sys.exit(1 if failed else 0)
