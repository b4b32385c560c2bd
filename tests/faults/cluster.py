"""cluster.py - several nodes on one PostgreSQL, for tests that run under tests/with-pg: nodes that are
reached like behind a proxy, the lines between them and their database, and a standby."""

import contextlib
import http.client
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import threading
import time

import lab as lab_module
from lab import Lab, Store, check, free_port, wait_until

BIN = os.environ.get("ZURUF_PG_BIN", "/usr/lib/postgresql/15/bin")


class Database(Store):
    """A server to look into, by psql: what is asked here goes past the nodes' own lines."""

    def __init__(self, port):
        super().__init__(None)
        self.port = port

    def rows(self, sql, *values):
        for v in values:
            sql = sql.replace("?", str(v) if isinstance(v, int) else "'%s'" % v, 1)
        p = subprocess.run([f"{BIN}/psql", "-XAtq", "-F", "\t", "-h", "127.0.0.1", "-p",
                            str(self.port), "-U", "zuruf", "-v", "ON_ERROR_STOP=1", "-c", sql,
                            "zuruf"], capture_output=True, text=True, timeout=60, check=False)
        check(p.returncode == 0, f"psql: {p.stderr}")
        return [tuple(int(x) if re.fullmatch(r"-?\d+", x) else x for x in line.split("\t"))
                for line in p.stdout.splitlines()]

    def row(self, sql, *values):
        return next(iter(self.rows(sql, *values)), None)


class Line(threading.Thread):
    """A node's way to the database: it can be slow, or carry nothing."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.target, self.delay, self.cut = port, 0.0, False
        self.server = socket.socket()
        self.server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.server.bind(("127.0.0.1", 0))
        self.server.listen(64)
        self.port = self.server.getsockname()[1]
        self.ends = set()
        self.start()

    def run(self):
        while True:
            try:
                near, _ = self.server.accept()
            except OSError:
                return
            if self.cut:
                self.ends.add(near)  # neither refused nor answered
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.target), 5)
            except OSError:
                near.close()
                continue
            for s in (near, far):
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.ends.add(s)
            threading.Thread(target=self.carry, args=(near, far), daemon=True).start()

    def carry(self, near, far):
        """Both ways; each piece arrives delay later than it was sent."""
        waiting = []  # (moment, to, bytes)
        with contextlib.suppress(OSError, ValueError):
            while True:
                now = time.monotonic()
                while waiting and waiting[0][0] <= now and not self.cut:
                    _, to, data = waiting.pop(0)
                    to.sendall(data)
                left = 0.05 if self.cut else waiting[0][0] - now if waiting else 0.5
                for s in select.select([near, far], [], [], max(0, left))[0]:
                    data = s.recv(1 << 16)
                    if not data:
                        return self.drop(near, far)
                    waiting.append((time.monotonic() + self.delay, far if s is near else near,
                                    data))
        self.drop(near, far)

    def drop(self, *sockets):
        for s in sockets:
            self.ends.discard(s)
            with contextlib.suppress(OSError):
                s.close()

    def away(self):
        """From now on nothing arrives, and nobody is told."""
        self.cut = True

    def back(self):
        """What was under way is lost; new connections are carried."""
        for s in list(self.ends):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
            self.drop(s)
        self.cut = False


class Node(Lab):
    """One zuruf serve, with a directory and a line of its own."""

    def __init__(self, house, n):  # not Lab's: the installation is made once, by the first node
        self.program = house.program
        self.n = n
        self.dir = os.path.join(house.dir, f"node{n}")
        self.data = os.path.join(self.dir, "data")
        self.log = os.path.join(self.dir, "log")
        os.mkdir(self.dir)
        self.port = free_port()
        self.line = Line(house.primary)
        self.server = self.shim = self.token = self.cookie = None
        url = (f"postgresql://zuruf@127.0.0.1:{self.line.port},127.0.0.1:{house.standby}/zuruf"
               "?target_session_attrs=read-write")
        self.env = dict(os.environ, ZURUF_UNDO="0", ZURUF_LOG="info", ZURUF_DB=url,
                        ZURUF_LISTEN=f"127.0.0.1:{self.port}")

    def stopped(self):
        self.server.send_signal(signal.SIGSTOP)

    def continued(self):
        self.server.send_signal(signal.SIGCONT)

    def slot(self):
        """The last slot it has taken, told by its log."""
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return int(re.findall(r"this process is node (\d+)", f.read())[-1])

    def readyz(self):
        """None: no answer."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.request("GET", "/readyz", timeout=5).status
        return None


class House:
    """The installation: its database, its nodes, and the proxy before them (post_lines, desk,
    request), which passes on to a node that takes connections."""

    def __init__(self, directory, count):
        self.program = os.environ["ZURUF"]
        self.dir = directory
        self.primary = int(os.environ["ZURUF_TEST_PG"].split(":")[-1].split("/")[0])
        self.standby = free_port()
        self.db = Database(self.primary)
        self.nodes, self.made, self.turn = [], 0, 0
        self.lock = threading.Lock()
        self.token = self.cookie = None
        first = self.new_node()
        subprocess.run([os.environ["FAULT_SEED_PROGRAM"], first.data], env=first.env, check=True)
        self.nodes.append(first)
        for _ in range(count - 1):
            self.add_node()

    def new_node(self):
        self.made += 1
        return Node(self, self.made - 1)

    def add_node(self):
        """A further node: the key of the first is all it needs."""
        node = self.new_node()
        os.mkdir(node.data, 0o700)
        shutil.copy(os.path.join(self.nodes[0].data, "key"), node.data)
        self.nodes.append(node)
        return node

    def start(self):
        for n in self.nodes:
            n.start()
        return [n.wait_ready() for n in self.nodes]

    def command(self, *args, check_exit=True):
        return self.nodes[0].command(*args, check_exit=check_exit)

    def running(self):
        return [n for n in self.nodes if n.server and n.server.poll() is None]

    def key_of(self, message):
        return self.db.row("SELECT key FROM message WHERE id = ?", message)[0]

    def node_of(self, owner):
        """Which node has this run."""
        slot = self.db.row("SELECT slot FROM lease WHERE owner = ? AND slot >= 0", owner)
        check(slot is not None, f"the run {owner} has no node")
        return next(n for n in self.running() if n.slot() == slot[0])

    # --- as a client of the proxy ---

    def through(self, call):
        for _ in range(len(self.nodes)):
            with self.lock:
                self.turn += 1
                node = self.nodes[self.turn % len(self.nodes)]
            node.token, node.cookie = self.token, self.cookie
            with contextlib.suppress(ConnectionRefusedError):
                return call(node)
        raise ConnectionRefusedError("no node takes connections")

    def request(self, *args, **named):
        return self.through(lambda n: n.request(*args, **named))

    def post_lines(self, posts, timeout=30):
        return self.through(lambda n: n.post_lines(posts, timeout))

    def desk(self, method, path, fields=None):
        return self.through(lambda n: n.desk(method, path, fields))

    def sign_in(self):
        self.nodes[0].sign_in()
        self.cookie = self.nodes[0].cookie

    # --- the database ---

    def start_standby(self):
        """A copy that follows and that each commit waits for from now on."""
        subprocess.run([os.path.join(os.path.dirname(__file__), "..", "pg-standby"),
                        str(self.standby)], check=True, timeout=120)
        self.db.rows("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'")
        self.db.rows("SELECT pg_reload_conf()")
        wait_until(lambda: self.db.row("SELECT 1 FROM pg_stat_replication WHERE sync_state = "
                                       "'quorum' AND state = 'streaming'"), 20,
                   "the standby does not follow", 0.1)

    def crash(self):
        """One of the database's processes dies, and so do all others; they come back by themselves."""
        life = self.db.row("SELECT stats_reset FROM pg_stat_wal")
        os.kill(self.db.row("SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'")[0],
                signal.SIGKILL)

        def is_back():
            with contextlib.suppress(lab_module.Failed):
                return self.db.row("SELECT stats_reset FROM pg_stat_wal") != life
            return False
        wait_until(is_back, 60, "the database does not come back", 0.05)

    def kill_primary(self):
        """All its processes at once, as when the machine dies."""
        with open(os.path.join(os.environ["ZURUF_TEST_PG_DIR"], "data", "postmaster.pid"),
                  encoding="ascii") as f:
            pid = int(f.readline())
        os.killpg(os.getpgid(pid), signal.SIGKILL)

    def promote(self):
        self.db = Database(self.standby)
        check(self.db.row("SELECT pg_promote()") == ("t",), "the standby does not take over")

    def close(self, keep):
        for n in self.nodes:
            if n.server and n.server.poll() is None:
                n.continued()
                n.kill()
        if keep:
            print(f"kept for a look: {self.dir}", flush=True)
        else:
            shutil.rmtree(self.dir)


class Ear(threading.Thread):
    """An open desk: its event stream at one node. heard: names of events and their data."""

    def __init__(self, node, cookie):
        super().__init__(daemon=True)
        self.heard = []
        self.connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=60)
        self.connection.request("GET", "/desk/events",
                                headers={"Cookie": cookie, "Accept": "text/event-stream"})
        self.answer = self.connection.getresponse()
        check(self.answer.status == 200, f"the stream answers {self.answer.status}")
        self.start()

    def run(self):
        name = ""
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError, AttributeError):
            while line := self.answer.readline():
                if line.startswith(b"event:"):
                    name = line[6:].strip().decode()
                elif line.startswith(b"data:"):
                    self.heard.append((name, line[5:].strip().decode(), time.monotonic()))

    def close(self):
        with contextlib.suppress(OSError):
            self.connection.sock and self.connection.sock.shutdown(socket.SHUT_RDWR)
        self.connection.close()
