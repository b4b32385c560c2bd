"""stop.py - SIGTERM under load: the server is gone in less than ten seconds, requests that were
running have their whole answer, event streams end, a message that was just leaving is waited for,
and one whose receiver does not answer is left for the next start. Prints the time from start to the
first answer and the memory of a fresh server; both depend on the machine and are not judged."""

import http.client
import socket
import threading
import time

import lab as lab_module
from lab import SENDING, SENT, TEXTS, check
from peers import Peers

SECRET = "a secret of the test"
LONGEST = 10
EACH = 150  # posts of a request at first; more where the machine is done with them in a moment
EACH_MOST = 1000


def memory_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))


def posts(first, n, times=1):
    return [{"id": f"{first}-{i}", "author": "kunde", "text": TEXTS[i % 4] * times}
            for i in range(n)]


class Stream:
    """A desk that listens for events."""

    def __init__(self, lab):
        self.connection = http.client.HTTPConnection("127.0.0.1", lab.port, timeout=30)
        self.connection.request("GET", "/desk/events", headers={"Cookie": lab.cookie})
        self.response = self.connection.getresponse()
        check(self.response.status == 200, f"/desk/events answers {self.response.status}")
        self.ended = None
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        try:
            while self.response.read(1):
                pass
            self.ended = "well"
        except (OSError, http.client.HTTPException) as e:
            self.ended = repr(e)


class Running(threading.Thread):
    """A request with many large posts, long enough to be running when the signal comes."""

    def __init__(self, lab, name, each):
        super().__init__(daemon=True)
        self.lab, self.name, self.each, self.answer, self.error = lab, name, each, None, None
        self.start()

    def run(self):
        try:
            self.answer = self.lab.post_lines(posts(self.name, self.each, 12), timeout=60)
        except (OSError, http.client.HTTPException) as e:
            self.error = e


def start_measured(lab):
    began = time.monotonic()
    lab.start()
    lab.wait_ready()
    return time.monotonic() - began


def first_start(lab):
    seconds = start_measured(lab)
    print(f"first answer {seconds * 1000:.0f} ms after the start, "
          f"{memory_kib(lab.server.pid) / 1024:.1f} MiB resident", flush=True)
    lab.sign_in()


def half_a_request(lab):
    """A client that never ends what it began to send."""
    s = socket.create_connection(("127.0.0.1", lab.port))
    s.sendall(b"POST /api/v1/posts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n"
              b"Content-Type: application/x-ndjson\r\n"
              b"Authorization: Bearer " + lab.token.encode() + b"\r\n\r\n" + b'{"id":')
    return s


def replied_case(lab, peers, answer):
    """A reply that the receiver has in its hands and does not answer yet; its case."""
    case = next(r["case"] for r in answer.json()["results"] if r.get("case"))
    peers.trap.arm("webhook")
    reply = lab.desk("POST", f"/desk/case/{case}/reply", {"text": "Guten Tag", "then": "keep"})
    check(reply.status == 204, f"the reply is answered with {reply.status}")
    check(peers.trap.caught.wait(10), "the reply did not leave")
    return int(case)


def well_answered(r):
    r.join(60)
    check(r.answer is not None and r.answer.status == 201 and r.answer.json()["stored"] == r.each,
          f"a running request was not answered: {r.error or r.answer and r.answer.status}")


def all_running(lab):
    """Three requests that are being worked on; before them, those that were done too soon."""
    each, done = EACH, []
    while True:
        running = [Running(lab, f"running{each}-{i}", each) for i in range(3)]
        time.sleep(0.15)  # sent and being worked on
        if all(r.answer is None for r in running):
            return running, done
        for r in running:
            well_answered(r)
        done += running
        check(each < EACH_MOST, "the machine is too fast for this test")
        each = min(each * 2, EACH_MOST)


def under_load(lab, peers):
    """All at once: running requests, streams, half a request, a reply that is just leaving."""
    answer = lab.post_lines(posts("first", 10))
    check(answer.status == 201, f"posts are answered with {answer.status}")
    streams = [Stream(lab) for _ in range(3)]
    case = replied_case(lab, peers, answer)
    half = half_a_request(lab)
    running, done = all_running(lab)
    threading.Timer(1.0, peers.trap.open).start()
    seconds = lab.stop()
    half.close()
    for r in running:
        well_answered(r)
    for s in streams:
        s.thread.join(2)
        check(s.ended == "well", f"an event stream ended so: {s.ended}")
    check(seconds < LONGEST, f"stopping took {seconds:.1f} s")
    print(f"stopped {seconds:.2f} s after SIGTERM, under load", flush=True)
    with lab.snapshot() as db:
        lab_module.check_sound(db)
        n = db.row("SELECT count(*) AS n FROM post WHERE external_id LIKE 'running%'")[0]
        sent = sum(r.each for r in done + running)
        check(n == sent, f"{n} of {sent} posts are stored")
        state = db.row("SELECT state FROM message WHERE case_id = ?", case)[0]
        check(state == SENT, "the reply that was just leaving was not waited for")


def with_a_dead_receiver(lab, peers):
    """A receiver that never answers does not keep the server; the next start sends again."""
    lab.start()
    lab.wait_ready()
    case = replied_case(lab, peers, lab.post_lines(posts("second", 10)))
    seconds = lab.stop()
    check(seconds < LONGEST, f"stopping took {seconds:.1f} s with a receiver that does not answer")
    print(f"stopped {seconds:.2f} s after SIGTERM, a receiver does not answer", flush=True)
    peers.trap.open()
    with lab.snapshot() as db:
        key, state = db.row("SELECT key, state FROM message WHERE case_id = ?", case)
        check(state not in (SENT, SENDING), f"the message is in state {state}")
    start_measured(lab)
    until = time.monotonic() + 60
    while peers.tries[key] < 2:
        check(time.monotonic() < until, "the message is not sent again")
        time.sleep(0.1)
    lab.stop()


def body(lab):
    peers = Peers(1, SECRET)
    peers.calm = True
    lab.add_api_account("api", f"url=http://127.0.0.1:{peers.webhook_port}/hook",
                        f"secret={SECRET}")
    first_start(lab)
    under_load(lab, peers)
    with_a_dead_receiver(lab, peers)
    peers.close()


if __name__ == "__main__":
    lab_module.run("stop", body)
