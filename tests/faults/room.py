"""room.py - the disk is full, at once and for longer, and then there is room again: a small tmpfs
where this test may mount one, else a limit in the shim. Writing is refused with 503 and
Retry-After, reading goes on, /readyz says what is wrong, no row is damaged, and less than ten
seconds after there is room it goes on by itself."""

import os
import subprocess
import time

import lab as lab_module
from lab import SENT, check, wait_until
from ledger import Ledger, REFUSED
from peers import Peers
from shim import Shim

SECRET = "a secret of the test"
TMPFS = 16  # MiB


class Tmpfs:
    """The data directory lies in a small file system of its own."""

    def __init__(self, lab):
        self.place = os.path.join(lab.dir, "small")
        self.filler = os.path.join(self.place, "filler")
        os.mkdir(self.place)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={TMPFS}m", "tmpfs", self.place],
                              capture_output=True, check=False)
        self.mounted = done.returncode == 0
        if self.mounted:
            subprocess.run(["cp", "-a", lab.data, self.place], check=True)
            lab.data = os.path.join(self.place, "data")

    def fill(self, leave=0):
        """All but so many bytes."""
        with open(self.filler, "ab", buffering=0) as f:
            space = os.statvfs(self.place)
            f.write(bytes(max(0, space.f_bavail * space.f_frsize - leave)))

    def free(self):
        os.unlink(self.filler)

    def close(self):
        if self.mounted:
            subprocess.run(["umount", self.place], check=True)


class Quota:
    """The same by the shim, for whoever may not mount."""

    def __init__(self, lab):
        self.shim = lab.shim

    def fill(self, leave=0):
        self.shim.limit_room(leave)

    def free(self):
        self.shim.limit_room(None)

    def close(self):
        pass


def says_full(lab):
    ready = lab.request("GET", "/readyz")
    return ready.status == 503 and b"full" in ready.body


def desk_says(lab, words):
    """The line that an administrator has on every page of the desk."""
    return words in lab.request("GET", "/desk/part/troubles", headers={"Cookie": lab.cookie}).body.decode()


def full(lab, ledger, disk, leave):
    """One time of no room; leave: bytes that are there still."""
    disk.fill(leave)
    until = time.monotonic() + 30
    while (status := ledger.post(20)) == 201:  # what is left
        check(time.monotonic() < until, "the disk does not get full")
    for _ in range(5):
        check(status in REFUSED, f"posts are answered with {status} on a full disk")
        status = ledger.post(20)
    reply = ledger.reply()
    check(reply in REFUSED or reply == 204, f"a reply is answered with {reply} on a full disk")
    for path in ("/desk", "/desk/search?q=Rechnung"):
        check(ledger.look(path) == 200, f"{path} cannot be read on a full disk")
    # a small write of the server's own may still find room behind a refused one
    wait_until(lambda: ledger.post(20) in REFUSED and says_full(lab) and desk_says(lab, "ist voll"), 10,
               "/readyz or the desk does not say that the disk is full")
    disk.free()
    seconds = wait_until(lambda: ledger.post(20) == 201, 10, "it does not go on with room")
    check(lab.request("GET", "/readyz").status == 200, "/readyz does not get well")
    check(not desk_says(lab, "ist voll"), "the desk still says that the disk is full")
    print(f"{leave} bytes left: refused, read, and {seconds * 1000:.0f} ms after there was room "
          "it went on", flush=True)


def while_sending(lab, ledger, peers, disk):
    """A message that a receiver has accepted, and no room to note it."""
    peers.trap.arm("webhook")
    check(ledger.reply() == 204, "a reply")
    check(peers.trap.caught.wait(20), "the reply does not leave")
    disk.fill()
    peers.trap.open()
    time.sleep(1.5)  # a try to note it and one more
    disk.free()

    def noted():
        with lab.reader() as db:
            return set(db.column("SELECT state FROM message")) == {SENT}
    wait_until(noted, 20, "what came of the message is not noted")


def body(lab):
    peers = Peers(1, SECRET)
    peers.calm = True
    lab.add_api_account("api", f"url=http://127.0.0.1:{peers.webhook_port}/hook",
                        f"secret={SECRET}")
    disk = Tmpfs(lab)
    if not disk.mounted:
        lab.shim = Shim(lab.dir, lab.data)
        disk = Quota(lab)
    print(f"by {type(disk).__name__.lower()}", flush=True)
    try:
        lab.start()
        lab.wait_ready()
        lab.sign_in("administrator")
        ledger = Ledger(lab, peers)
        check(ledger.post(20) == 201, "the first posts")
        for leave in (0, 4096, 100000):
            full(lab, ledger, disk, leave)
        while_sending(lab, ledger, peers, disk)
        lab.stop()
        with lab.snapshot() as db:
            lab_module.check_sound(db)
            ledger.verify(db)
            ledger.verify_peer(db)
    finally:
        if lab.server and lab.server.poll() is None:
            lab.kill()
        disk.close()
    peers.close()


if __name__ == "__main__":
    lab_module.run("room", body)
