"""shim.py - the other side of shim.c: arms and disarms its gates while the program runs."""

import contextlib
import errno
import mmap
import os
import random
import struct

CLASSES = ["open", "read", "write", "sync", "rename", "truncate", "accept", "malloc", "mmap",
           "resolve", "recv", "send", "connect"]
ACTIONS = ["fail", "kill", "tear", "wait"]
HEAD_WORDS, GATE_WORDS = 8, 8
CLOCK, LIMITED, ROOM = range(3)  # words of the head
CALLS, FIRST, LAST, ERROR, ACTION, HITS = range(6)  # words of a gate
FOR_EVER = 1 << 62
EAI_AGAIN = -3

# what the system would say
ERRORS = {"open": errno.EMFILE, "read": errno.EIO, "write": errno.EIO, "sync": errno.EIO,
          "rename": errno.EIO, "truncate": errno.EIO, "accept": errno.EMFILE,
          "malloc": errno.ENOMEM, "mmap": errno.ENOMEM, "resolve": EAI_AGAIN,
          "recv": errno.ECONNRESET, "send": errno.ECONNRESET, "connect": errno.ECONNREFUSED}


class Shim:
    """directory: for its own files; data: the directory whose files count; port: connections to it
    count."""

    def __init__(self, directory, data, undo=False, port=None):
        self.data, self.port = data, port
        self.file = os.path.join(directory, "shim")
        size = 8 * (HEAD_WORDS + GATE_WORDS * len(CLASSES))
        with open(self.file, "wb") as f:
            f.write(bytes(size))
        with open(self.file, "r+b") as f:
            self.words = mmap.mmap(f.fileno(), size)
        self.undo = os.path.join(directory, "undo") if undo else None
        if undo:
            os.makedirs(self.undo, exist_ok=True)

    def env(self):
        env = {"LD_PRELOAD": os.environ["FAULT_SHIM"], "FAULT_CONTROL": self.file,
               "FAULT_DIR": self.data}
        if self.port:
            env["FAULT_PORT"] = str(self.port)
        if self.undo:
            env["FAULT_UNDO"] = self.undo
        return env

    def get(self, word):
        return struct.unpack_from("q", self.words, 8 * word)[0]

    def set(self, word, value):
        struct.pack_into("q", self.words, 8 * word, value)

    def gate(self, name, word):
        return HEAD_WORDS + GATE_WORDS * CLASSES.index(name) + word

    def count(self, name):
        return self.get(self.gate(name, CALLS))

    def hits(self, name):
        return self.get(self.gate(name, HITS))

    def arm(self, name, n, times=1, error=None, action="fail"):
        """The n-th call from now on, and times - 1 behind it."""
        self.set(self.gate(name, FIRST), 0)
        first = self.count(name) + n
        self.set(self.gate(name, HITS), 0)
        self.set(self.gate(name, ERROR), ERRORS[name] if error is None else error)
        self.set(self.gate(name, ACTION), ACTIONS.index(action))
        self.set(self.gate(name, LAST), min(first + times - 1, FOR_EVER))
        self.set(self.gate(name, FIRST), first)

    def disarm(self, name):
        self.set(self.gate(name, FIRST), 0)

    def move_clock(self, seconds):
        """From the true time, not from where it stands."""
        self.set(CLOCK, int(seconds * 1000))

    def limit_room(self, room):
        """Bytes that the data may still grow; None: as the disk has."""
        self.set(ROOM, room or 0)
        self.set(LIMITED, int(room is not None))

    # --- loss of power ---

    def forget_undo(self):
        for name in os.listdir(self.undo):
            os.unlink(os.path.join(self.undo, name))

    def lose_power(self, chance):
        """Takes back what was not yet safe, as the disk might have it: of some files all, of
        others a random part of the sectors. The process is dead. Returns bytes taken back."""
        lost = 0
        with contextlib.suppress(FileNotFoundError), \
                open(os.path.join(self.undo, "created"), encoding="ascii") as f:
            nameless = set(f.read().split())
            for name in os.listdir(self.data):
                path = os.path.join(self.data, name)
                if str(os.stat(path).st_ino) in nameless and chance.random() < 0.5:
                    lost += os.stat(path).st_size
                    os.unlink(path)
        for name in os.listdir(self.data):
            path = os.path.join(self.data, name)
            if not os.path.isfile(path):
                continue
            records = os.path.join(self.undo, str(os.stat(path).st_ino))
            if name.endswith("-shm"):
                os.unlink(path)  # memory
            elif os.path.exists(records):
                keep = chance.choice([0, 0, chance.random()])
                lost += undo_file(path, records, chance, keep)
        self.forget_undo()
        return lost


def undo_file(path, records, chance, keep):
    """keep: share of the sectors that reached the disk in spite of all."""
    done, lost = [], 0
    with open(records, "rb") as f:
        while head := f.read(24):
            at, size, n = struct.unpack("qqq", head)
            done.append((at, size, f.read(n)))
    with open(path, "r+b") as f:
        for at, size, old in reversed(done):
            for sector in range(0, len(old), 512):
                if chance.random() >= keep:
                    f.seek(at + sector)
                    f.write(old[sector:sector + 512])
                    lost += 512
            if os.fstat(f.fileno()).st_size > size and chance.random() >= keep:
                lost += os.fstat(f.fileno()).st_size - size
                f.truncate(size)
    return lost


def spread(highest, n):
    """n numbers from 1 to highest: the first ones, then wider and wider apart."""
    if highest <= n:
        return list(range(1, highest + 1))
    wanted = {1, 2, highest}
    step = (highest / 2) ** (1 / max(1, n - 2))
    x = 2.0
    while len(wanted) < n and x < highest:
        x = max(x + 1, x * step)
        wanted.add(min(highest, round(x)))
    return sorted(wanted)


def some(highest, n, chance=None):
    """As spread, with chance in it, so that many runs try all."""
    chance = chance or random.Random()
    return sorted({min(highest, max(1, x + chance.randint(-x // 4, x // 4)))
                   for x in spread(highest, n)})
