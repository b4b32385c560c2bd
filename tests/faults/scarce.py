"""scarce.py - no descriptors and no memory, by the limits that the system itself has. Without a
descriptor nobody new is let in, but the processor is not kept busy, streams and connections that
are there live on, and it goes on by itself. Without memory requests are refused with 503, or the
process ends with a word and an exit code; nothing acknowledged is lost."""

import http.client
import json
import os
import resource
import socket
import threading
import time

import lab as lab_module
from lab import SANITIZED, check, wait_until
from ledger import BROKEN, Ledger, REFUSED
from peers import Peers
from shim import Shim

SECRET = "a secret of the test"
WATCHED_S = 2  # how long the processor is looked at
MIB = 1 << 20


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Stream:
    """A desk that listens; counts what it hears."""

    def __init__(self, lab):
        self.connection = http.client.HTTPConnection("127.0.0.1", lab.port, timeout=60)
        self.connection.request("GET", "/desk/events", headers={"Cookie": lab.cookie})
        self.socket = self.connection.sock
        self.response = self.connection.getresponse()
        check(self.response.status == 200, f"/desk/events answers {self.response.status}")
        self.events, self.ended = 0, False
        threading.Thread(target=self.read, daemon=True).start()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)

    def read(self):
        try:
            while line := self.response.readline():
                self.events += line.startswith(b"event:")
        except BROKEN:
            pass
        self.ended = True


def post_on(connection, lab, ledger):
    """A post over a connection that is open already."""
    post = ledger.posts(1)
    ledger.sent.update(p["id"] for p in post)
    connection.request("POST", "/api/v1/posts", json.dumps(post[0]).encode(),
                       {"Authorization": f"Bearer {lab.token}",
                        "Content-Type": "application/json"})
    response = connection.getresponse()
    response.read()
    return response.status


def no_descriptors(lab, ledger):
    pid = lab.server.pid
    streams = [Stream(lab) for _ in range(3)]
    kept = http.client.HTTPConnection("127.0.0.1", lab.port, timeout=60)
    check(post_on(kept, lab, ledger) == 201, "a post before")
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (descriptors(pid), before[1]))
    waiting = [socket.create_connection(("127.0.0.1", lab.port), timeout=20) for _ in range(100)]
    for s in waiting:
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    calls, spent = lab.shim.count("accept"), processor_seconds(pid)
    time.sleep(WATCHED_S)
    calls, spent = lab.shim.count("accept") - calls, processor_seconds(pid) - spent
    print(f"100 wait without a descriptor: {calls / WATCHED_S:.0f} times a second it tries, the "
          f"processor is busy {spent / WATCHED_S:.1%}")
    check(calls < WATCHED_S * 200, "it spins while there is no descriptor")
    heard = [s.events for s in streams]
    # a page thread whose connection to the store is not open yet cannot read now
    check(post_on(kept, lab, ledger) in (201, 503), "a connection that was there does not live on")
    check(lab.server.poll() is None, f"the server is gone: {lab.log_tail()}")
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    seconds = wait_until(lambda: ledger.look() == 200, 10, "nobody is let in again")
    print(f"let in again {seconds:.2f} s after there were descriptors")
    for s in waiting:
        check(s.recv(100).startswith(b"HTTP/1.1 200"), "one that waited is not answered")
        s.close()
    check(ledger.post() == 201, "a post afterwards")
    wait_until(lambda: all(s.events > n for s, n in zip(streams, heard)), 20,
               "streams are not told any more")
    check(not any(s.ended for s in streams), "a stream ended")
    for s in streams:
        s.close()


def address_space(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as f:
        return int(f.read().split()[0]) * resource.getpagesize()


def no_memory(lab, ledger, room):
    """room: MiB that the process may still take. Six large requests at once want more."""
    pid = lab.server.pid
    before = resource.prlimit(pid, resource.RLIMIT_AS)
    resource.prlimit(pid, resource.RLIMIT_AS, (address_space(pid) + room * MIB, before[1]))
    answers = []
    began = time.monotonic()

    def large():
        batch = ledger.posts(300)
        for p in batch:
            p["text"] *= 100
        answers.append(ledger.send(batch, 60))

    threads = [threading.Thread(target=large) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    odd = [a for a in answers if a not in (201, None, *REFUSED)]
    check(not odd, f"answers under memory pressure: {answers}")
    gone = lab.server.poll() is not None
    if gone:
        check(lab.server.returncode == 1, f"ended with {lab.server.returncode}: {lab.log_tail()}")
        lab.start()
        lab.wait_ready()
    else:
        resource.prlimit(pid, resource.RLIMIT_AS, before)
        wait_until(lambda: ledger.look() == 200, 10, "it does not go on")
    print(f"{time.monotonic() - began:.1f} s {room} MiB of memory: {answers.count(201)} taken, "
          f"{sum(a in REFUSED for a in answers)} refused, {answers.count(None)} without an answer"
          f"{'; ended with a word' if gone else ''}", flush=True)
    check(ledger.post() == 201, "a post afterwards")


def body(lab):
    peers = Peers(1, SECRET)
    lab.add_api_account("api", f"url=http://127.0.0.1:{peers.webhook_port}/hook",
                        f"secret={SECRET}")
    lab.shim = Shim(lab.dir, lab.data)
    lab.start()
    lab.wait_ready()
    lab.sign_in()
    ledger = Ledger(lab, peers)
    no_descriptors(lab, ledger)
    if not SANITIZED:
        for room in (1, 200):
            no_memory(lab, ledger, room)
    lab.stop()
    with lab.snapshot() as db:
        lab_module.check_sound(db)
        ledger.verify(db)
    peers.close()


if __name__ == "__main__":
    lab_module.run("scarce", body)
