"""backup.py - a backup is taken while posts come in, and again and again is killed, and so is its
restore: what a file holds is one moment of the source, everything that was acknowledged before it
is in it, and nobody ever finds half a file or half a directory. Then by the desk: one now, proved,
taken away by its owner with a password and by nobody else."""

import contextlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import tarfile
import threading
import time
import urllib.parse

import lab as lab_module
from lab import QUEUED, TEXTS, UNCLEAR, Store, check

PASSWORD = "drei Wörter reichen"
KILLS = 200 if os.environ.get("FAULTS_LONG") else 12


def kill_within(chance, program, seconds, sign):
    """Starts it and kills it somewhere in the time that it would take: every other time after the
    file or folder that says that it has begun to write."""
    p = subprocess.Popen(program.words, env=program.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_sign = chance.random() < 0.6
    if not wait_for_sign:
        time.sleep(chance.uniform(0, 1.2) * seconds)
    while wait_for_sign and p.poll() is None and not os.path.exists(sign):
        pass
    if wait_for_sign:
        time.sleep(chance.uniform(0, 0.3) * seconds)
    p.kill()
    p.wait()


class Program:
    """A command with its measured time."""

    def __init__(self, lab, *words):
        self.words, self.env = [lab.program, *words], lab.env

    def measure(self):
        began = time.monotonic()
        subprocess.run(self.words, env=self.env, check=True, capture_output=True, timeout=60)
        return time.monotonic() - began


class Load(threading.Thread):
    """Posts by the API until told to end; acked: ids whose storing was confirmed, in order."""

    def __init__(self, lab):
        super().__init__(daemon=True)
        self.lab, self.acked, self.ended, self.errors = lab, [], False, []
        self.start()

    def run(self):
        n = 0
        while not self.ended:
            ids = [f"load-{n}-{i}" for i in range(20)]
            posts = [{"id": i, "author": "kunde", "text": TEXTS[n % len(TEXTS)]} for i in ids]
            answer = self.lab.post_lines(posts)
            if answer.status != 201:
                self.errors.append(answer.status)
            self.acked += ids
            n += 1
            time.sleep(0.01)

    def end(self):
        self.ended = True
        self.join(30)
        check(not self.errors, f"posts were refused during a backup: {self.errors[:5]}")


@contextlib.contextmanager
def opened(directory):
    db = sqlite3.connect(os.path.join(directory, "zuruf.db"), isolation_level=None)
    try:
        yield Store(db)
    finally:
        db.close()


def external_ids(directory):
    with opened(directory) as db:
        return db.column("SELECT external_id FROM post WHERE external_id LIKE 'load-%' ORDER BY id")


def counts(directory):
    with opened(directory) as db:
        tables = db.column(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
            " AND name NOT LIKE 'sqlite_%'")
        return {t: db.row(f'SELECT count(*) FROM "{t}"')[0] for t in tables}


def manifest(file):
    with tarfile.open(file) as t:
        check(t.getnames()[:2] == ["manifest.json", "SHA256SUMS"], f"{file} begins with {t.getnames()[:2]}")
        return json.load(t.extractfile("manifest.json"))


def restored(lab, file, name):
    """A new directory of a backup, whose rows are those that the manifest promises."""
    directory = os.path.join(lab.dir, name)
    p = subprocess.run([lab.program, "restore", "--data", directory, file], text=True, env=lab.env,
                       capture_output=True, timeout=60, check=False)
    check(p.returncode == 0, f"restore ends with {p.returncode}: {p.stderr}")
    check(counts(directory) == manifest(file)["rows"], "the rows are not those of the manifest")
    with opened(directory) as db:
        lab_module.check_sound(db)
    return directory


def under_load(lab):
    """Everything acknowledged before the copy began is in it, as an unbroken beginning."""
    load = Load(lab)
    lab.wait_for("posts", lambda: len(load.acked) >= 200)
    before = len(load.acked)
    file = os.path.join(lab.dir, "load.tar")
    lab.command("backup", file)
    during = len(load.acked) - before
    lab.wait_for("more posts", lambda: len(load.acked) > before + during + 40)
    load.end()
    found = external_ids(restored(lab, file, "from-load"))
    check(len(found) >= before, f"{before} posts were acknowledged before, {len(found)} are in it")
    check(set(found) == set(load.acked[:len(found)]), "what is in it is not what came first")
    check(os.stat(file).st_mode & 0o777 == 0o600, "others may read the backup")
    print(f"{during} posts came in while the backup was made", flush=True)
    return file


def kill_backups(lab, chance):
    """Killed at any moment: FILE is whole or not there, and the next run is not disturbed."""
    outcomes = {"nothing": 0, "whole": 0}
    file = os.path.join(lab.dir, "killed.tar")
    program = Program(lab, "backup", "--data", lab.data, "--force", file)
    seconds = program.measure()
    for _ in range(KILLS):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(file)
        kill_within(chance, program, seconds, file + ".part")
        outcomes["whole" if os.path.exists(file) else "nothing"] += 1
        if os.path.exists(file):
            lab.command("restore", "--check", file)
            os.unlink(file)
    lab.command("backup", file)
    restored(lab, file, "after-kills")
    left = [f for f in os.listdir(os.path.join(lab.data, "backups")) if f.startswith("scratch-")]
    check(not left, f"scratch files stay: {left}")
    check(not os.path.exists(file + ".part"), "a .part file stays")
    print(f"killed backups: {outcomes}", flush=True)


def kill_restores(lab, file, chance):
    """Killed at any moment: DIR is empty, refused, or complete."""
    outcomes = {"empty": 0, "refused": 0, "complete": 0}
    seconds = Program(lab, "restore", "--data", os.path.join(lab.dir, "measured"), file).measure()
    for turn in range(KILLS):
        directory = os.path.join(lab.dir, f"half-{turn}")
        program = Program(lab, "restore", "--data", directory, file)
        kill_within(chance, program, seconds, os.path.join(directory, "restore.part"))
        there = os.listdir(directory) if os.path.isdir(directory) else []
        users = lab.command_on(directory, "user", "list")
        if not there:
            outcomes["empty"] += 1
        elif "restore.part" in there:
            outcomes["refused"] += 1
            check(users.returncode == 1 and "did not finish" in users.stderr, f"it is opened: {users.stderr}")
            again = lab.command_on(directory, "restore", file)
            check(again.returncode == 1 and "did not finish" in again.stderr, f"restored over it: {again.stderr}")
        else:
            outcomes["complete"] += 1
            check(users.returncode == 0 and "anna@nordlicht.example" in users.stdout, f"{users.stderr}")
        shutil.rmtree(directory, ignore_errors=True)
    print(f"killed restores: {outcomes}", flush=True)


def refused(lab, file):
    """Words for each, and nothing is made."""
    new = os.path.join(lab.dir, "refused")
    cut = os.path.join(lab.dir, "cut.tar")
    with open(file, "rb") as f, open(cut, "wb") as g:
        g.write(f.read()[:-20000])
    other = os.path.join(lab.dir, "other.tar")
    with tarfile.open(other, "w") as t:
        t.add(__file__, "manifest.json")
    newer = os.path.join(lab.dir, "newer.tar")
    rewrite(file, newer, lambda m: m | {"version": 999, "program": "9.9.9"})
    for what, words in ((cut, "cut off"), (other, "no backup of Zuruf"), (newer, "version 999"),
                        (os.path.join(lab.dir, "missing"), "No such file")):
        p = lab.command_on(new, "restore", what)
        check(p.returncode == 1 and words in p.stderr, f"{what}: {p.stderr}")
        check(not os.path.exists(new) or not os.listdir(new), f"{what} left something")
    check("9.9.9" in lab.command_on(new, "restore", newer).stderr, "the newer program is not named")
    for where in (lab.data, os.path.join(lab.dir, "from-load")):
        p = lab.command_on(where, "restore", file)
        check(p.returncode == 1 and "not empty" in p.stderr, f"{where}: {p.stderr}")
    p = lab.command("backup", file, check_exit=False)
    check(p.returncode == 1 and "--force" in p.stderr, f"a file was replaced: {p.stderr}")
    p = lab.command("backup", "/dev/full/x.tar", check_exit=False)
    check(p.returncode == 1 and p.stderr, "a place that is none")


def rewrite(file, to, change):
    """The same archive with another manifest and right sums: only the version speaks against it."""
    import hashlib
    import io
    with tarfile.open(file) as old, tarfile.open(to, "w") as new:
        text = json.dumps(change(json.load(old.extractfile("manifest.json")))).encode()
        sums = old.extractfile("SHA256SUMS").read().split(b"\n", 1)[1]
        sums = hashlib.sha256(text).hexdigest().encode() + b"  manifest.json\n" + sums
        for member in old.getmembers():
            data = {"manifest.json": text, "SHA256SUMS": sums}.get(member.name) or old.extractfile(member).read()
            member.size = len(data)
            new.addfile(member, io.BytesIO(data))


def what_waited(lab):
    """A reply that waits when the backup is made may have left since: it must not leave again by
    itself. And nobody is signed in on restored data."""
    answer = lab.post_lines([{"id": "waits-1", "author": "kunde", "text": TEXTS[0]}])
    case = next(r["case"] for r in answer.json()["results"] if r.get("case"))
    reply = lab.desk("POST", f"/desk/case/{case}/reply", {"text": "Guten Tag", "then": "keep"})
    check(reply.status == 204, f"the reply is answered with {reply.status}")
    with lab.reader() as db:
        state = db.column("SELECT state FROM message")
        check(state == [QUEUED], f"the reply is in state {state}")
    file = os.path.join(lab.dir, "waits.tar.zst")
    lab.command("backup", "--without-key", file)
    with tarfile.open(os.path.join(lab.dir, "load.tar")) as t:
        check("key" in t.getnames(), "the key is missing")
    directory = os.path.join(lab.dir, "waits")
    p = lab.command_on(directory, "restore", file)
    check(p.returncode == 0 and "no key" in p.stdout, f"nobody says that the key is missing: {p.stdout}")
    check("key" not in os.listdir(directory), "a key came from somewhere")
    shutil.copy(os.path.join(lab.data, "key"), directory)
    check(lab.command_on(directory, "user", "list").returncode == 0, "the restored directory does not open")
    with opened(directory) as db:
        state, what = db.row("SELECT state, what FROM message")
        check(state == UNCLEAR and "restored" in what, f"the reply is in state {state}: {what}")
        check(db.row("SELECT count(*) FROM session")[0] == 0, "somebody is signed in")
        check(db.row("SELECT count(*) FROM audit WHERE what = 'backup.restore'")[0] > 0,
              "the log does not tell it")
    check("manifest.json" not in os.listdir(directory), "it would be done again at each start")


def by_the_desk(lab):
    """case 67: a backup leaves by its owner's password only; no address of it is in the web."""
    answer = lab.desk("POST", "/desk/backup/now")
    check(answer.status == 303, f"a backup now: {answer.status}")
    lab.wait_for("the backup", lambda: last_run(lab))
    run_id, file, what, size = last_run(lab)
    check(what == "" and size > 0, f"it failed: {what}")
    path = os.path.join(lab.data, "backups", file)
    check(os.stat(path).st_mode & 0o777 == 0o600, "others may read it")
    lab.command("restore", "--check", path)
    page = lab.desk("GET", "/desk/backup").body.decode()
    check(f"/desk/backup/file/{run_id}" in page, "the page does not show it")
    address = f"/desk/backup/file/{run_id}"
    check(b"SQLite" not in lab.desk("GET", address).body, "a link gives the file")
    wrong = lab.desk("POST", address, {"password": "falsch falsch"})
    check(wrong.status == 422, f"a wrong password: {wrong.status}")
    nobody = lab.request("POST", address, urllib.parse.urlencode({"password": PASSWORD}),
                         {"Content-Type": "application/x-www-form-urlencoded"})
    check(nobody.status in (303, 403), f"nobody gets {nobody.status}")
    got = lab.desk("POST", address, {"password": PASSWORD})
    check(got.status == 200 and "attachment" in got.headers["Content-Disposition"], f"the file: {got.status}")
    with open(path, "rb") as f:
        check(got.body == f.read(), "what was downloaded is another file")
    check(got.headers["Cache-Control"] == "no-store", f"it may be cached: {got.headers['Cache-Control']}")
    for guess in (f"/backups/{file}", f"/assets/x/../../backups/{file}", f"/{file}", "/zuruf.db",
                  "/desk/backup/file/1", f"/desk/backup/file/{file}", "/desk/backup/file/..%2fkey"):
        check(lab.desk("GET", guess).status in (400, 403, 404), f"{guess} is answered")
    refused_plan = lab.desk("POST", "/desk/backup", {"enabled": "1", "hour": "4", "keep": "0"})
    check(refused_plan.status == 422, f"none to keep: {refused_plan.status}")
    plan = lab.desk("POST", "/desk/backup", {"enabled": "1", "hour": "4", "keep": "1"})
    check(plan.status == 204, f"the plan: {plan.status}")
    time.sleep(1.05)  # names carry seconds
    lab.desk("POST", "/desk/backup/now")
    lab.wait_for("another", lambda: last_run(lab)[0] != run_id)
    kept = [f for f in os.listdir(os.path.join(lab.data, "backups")) if f.startswith("zuruf-")]
    check(len(kept) == 1 and file not in kept, f"one is kept: {kept}")
    gone = lab.desk("POST", address, {"password": PASSWORD})
    check(gone.status == 404, f"one that was rotated away: {gone.status}")


def a_failure_is_told(lab):
    """The disk says no: it stands in the page, in the log and in the store, and nothing stays."""
    folder = os.path.join(lab.data, "backups")
    shutil.rmtree(folder)
    with open(folder, "w", encoding="ascii"):
        pass
    seen = last_run(lab)[0]
    lab.desk("POST", "/desk/backup/now")
    lab.wait_for("the failure", lambda: last_run(lab)[0] != seen)
    _, file, what, _ = last_run(lab)
    check(what and not file, f"it says {what!r}")
    check(what.split(":")[-1].strip() in lab.desk("GET", "/desk/backup").body.decode(), "the page is silent")
    check("no backup was made" in lab.log_tail(), "the log is silent")
    os.unlink(folder)


def last_run(lab):
    with lab.reader() as db:
        return db.row("SELECT id, file, what, bytes FROM backup_run ORDER BY id DESC LIMIT 1")


def body(lab):
    chance = random.Random(lab_module.seed_of_run())
    lab.env["ZURUF_UNDO"] = "3600"
    lab.add_api_account("api")
    lab.start()
    lab.wait_ready()
    lab.sign_in("administrator", PASSWORD)
    file = under_load(lab)
    kill_backups(lab, chance)
    kill_restores(lab, file, chance)
    refused(lab, file)
    what_waited(lab)
    by_the_desk(lab)
    a_failure_is_told(lab)
    lab.stop()
    alone = os.path.join(lab.dir, "alone.tar.gz")
    lab.command("backup", alone)
    restored(lab, alone, "from-alone")


if __name__ == "__main__":
    lab_module.run("backup", body)
