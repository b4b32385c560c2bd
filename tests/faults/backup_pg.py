"""backup_pg.py - the same promises on PostgreSQL, by its own programs: a backup while posts come in
is one moment, it becomes an empty database again with the same rows, what is not empty is refused,
the nightly proof restores into a scratch database of its own, and a missing pg_dump is said."""

import os
import subprocess
import tarfile

import backup
import lab as lab_module
from lab import QUEUED, TEXTS, UNCLEAR, check

URL = os.environ["ZURUF_TEST_PG"]
os.environ["ZURUF_DB"] = URL


def psql(sql, url=URL):
    p = subprocess.run(["psql", "-At", "-d", url, "-c", sql], text=True, capture_output=True, timeout=60, check=False)
    check(p.returncode == 0, f"{sql}: {p.stderr}")
    return p.stdout.strip().splitlines()


def beside(name):
    """The URL of another database on the same server."""
    base, _, query = URL.partition("?")
    return base.rsplit("/", 1)[0] + "/" + name + ("?" + query if query else "")


def new_database(name):
    psql(f'CREATE DATABASE "{name}"')
    return beside(name)


def counts(url):
    tables = psql("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace", url)
    return {t: int(psql(f'SELECT count(*) FROM "{t}"', url)[0]) for t in tables}


def restore(lab, file, name, url):
    return lab.command("restore", file, "--db", url, check_exit=False, data=os.path.join(lab.dir, name))


def under_load(lab):
    load = backup.Load(lab)
    lab.wait_for("posts", lambda: len(load.acked) >= 100)
    before = len(load.acked)
    file = os.path.join(lab.dir, "load.tar")
    lab.command("backup", file)
    during = len(load.acked) - before
    load.end()
    with tarfile.open(file) as t:
        check("zuruf.dump" in t.getnames() and "key" in t.getnames(), f"it holds {t.getnames()}")
    url = new_database("restored")
    p = restore(lab, file, "from-load", url)
    check(p.returncode == 0, f"restore ends with {p.returncode}: {p.stderr}")
    check(counts(url) == backup.manifest(file)["rows"], "the rows are not those of the manifest")
    found = set(psql("SELECT external_id FROM post WHERE external_id LIKE 'load-%'", url))
    check(len(found) >= before and found == set(load.acked[:len(found)]),
          f"{before} posts were acknowledged before, {len(found)} are in it")
    print(f"{during} posts came in while the backup was made", flush=True)
    return file


def what_waited(lab):
    """Restored data do not send by themselves what may have left since."""
    answer = lab.post_lines([{"id": "waits-1", "author": "kunde", "text": TEXTS[0]}])
    case = next(r["case"] for r in answer.json()["results"] if r.get("case"))
    check(lab.desk("POST", f"/desk/case/{case}/reply", {"text": "Guten Tag", "then": "keep"}).status == 204, "the reply")
    check(psql("SELECT state FROM message") == [str(QUEUED)], "it does not wait")
    file = os.path.join(lab.dir, "waits.tar.zst")
    lab.command("backup", file)
    url = new_database("waits")
    check(restore(lab, file, "waits", url).returncode == 0, "restore")
    p = lab.command("user", "list", "--db", url, data=os.path.join(lab.dir, "waits"))
    check("anna@nordlicht.example" in p.stdout, f"the restored one does not open: {p.stdout}")
    check(psql("SELECT state FROM message", url) == [str(UNCLEAR)], "it would leave again")
    check(psql("SELECT count(*) FROM session", url) == ["0"], "somebody is signed in")
    check(psql("SELECT state FROM message") == [str(QUEUED)], "the source was touched")


def refused(lab, file):
    p = restore(lab, file, "again", beside("restored"))
    check(p.returncode == 1 and "not empty" in p.stderr, f"into a full database: {p.stderr}")
    check(not os.listdir(os.path.join(lab.dir, "again")), "something was left")
    p = lab.command("restore", file, check_exit=False, data=os.path.join(lab.dir, "again"))
    check(p.returncode == 1 and "--db" in p.stderr, f"without a database: {p.stderr}")
    lab.command("restore", "--check", file)
    cut = os.path.join(lab.dir, "cut.tar")
    with open(file, "rb") as f, open(cut, "wb") as g:
        g.write(f.read()[:-20000])
    url = new_database("cut")
    p = restore(lab, cut, "cut", url)
    check(p.returncode == 1 and not counts(url), f"a cut file: {p.stderr}")
    path = lab.env.pop("PATH")
    lab.env["PATH"] = lab.dir
    p = lab.command("backup", os.path.join(lab.dir, "none.tar"), check_exit=False)
    lab.env["PATH"] = path
    check(p.returncode == 1 and "pg_dump" in p.stderr and "not installed" in p.stderr, f"without pg_dump: {p.stderr}")
    left = [f for f in os.listdir(os.path.join(lab.data, "backups")) if f.startswith("scratch-")]
    check(not left and not os.path.exists(os.path.join(lab.dir, "none.tar")), f"left: {left}")


def by_the_desk(lab):
    check(lab.desk("POST", "/desk/backup/now").status == 303, "a backup now")
    sql = "SELECT file, what, row_count FROM backup_run ORDER BY id DESC LIMIT 1"
    file, what, rows = lab.wait_for("the backup", lambda: psql(sql))[0].split("|")
    check(what == "" and int(rows) > 100, f"it failed: {what}")
    lab.command("restore", "--check", os.path.join(lab.data, "backups", file))
    left = psql("SELECT datname FROM pg_database WHERE datname LIKE 'zuruf_check%'")
    check(not left, f"scratch databases stay: {left}")
    check("only read" not in lab.log_tail(), "it was not restored")


def newer(lab):
    """A database of a newer version is refused by every command, naming both."""
    url = beside("restored")
    known = psql("SELECT max(number) FROM migration", url)[0]
    psql("INSERT INTO migration (number, name, applied_at) VALUES (999, 'future', 0)", url)
    for words in (("user", "list"), ("serve",), ("doctor",)):
        p = lab.command(*words, "--db", url, check_exit=False, data=os.path.join(lab.dir, "from-load"))
        said = p.stderr + p.stdout
        check(p.returncode == 1 and "999" in said and f"knows {known}" in said, f"{words}: {said}")


def body(lab):
    lab.env["ZURUF_UNDO"] = "3600"
    lab.add_api_account("api")
    lab.start()
    lab.wait_ready()
    lab.sign_in("administrator")
    file = under_load(lab)
    what_waited(lab)
    refused(lab, file)
    by_the_desk(lab)
    p = lab.command("doctor", "--lang", "en", check_exit=False)
    check("The database is sound (PostgreSQL" in p.stdout and "clocks of this machine and of the database agree" in p.stdout,
          f"doctor: {p.stdout}")
    lab.stop()
    newer(lab)


if __name__ == "__main__":
    lab_module.run("backup-pg", body)
