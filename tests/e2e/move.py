"""move.py - zuruf copy with the data of the demo: from a directory to PostgreSQL and back. Dumps are equal, the search
finds the same on all three, and a server runs on each. Runs beside a PostgreSQL (tests/with-pg)."""
import os
import re
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

PROGRAM = os.environ["ZURUF"]
URL = os.environ["ZURUF_TEST_PG"]
STORE_TABLES = ("lease", "id_mark", "migration", "unfinished")  # of the database, not of the installation


def run(*words, check=True):
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=120)
    if check and done.returncode != 0:
        raise AssertionError(f"{words}: {done.returncode}: {done.stderr}")
    return done


class Server:
    def __init__(self, data, *options):
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--data", data, "--listen", "127.0.0.1:0", *options],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            if re.search(" is at http", line):
                return
        raise AssertionError("the server does not start")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.stdout.read()
        assert self.process.wait(60) == 0
        self.process.stdout.close()


def dump(data):
    """Every row of every table, index of the search included, as the database says it."""
    db = sqlite3.connect(f"file:{data}/zuruf.db?mode=ro", uri=True)
    names = [name for (name,) in db.execute(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' ORDER BY name")]
    rows = {name: sorted(db.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)
            for name in names if name not in STORE_TABLES and not name.startswith("sqlite_")}
    db.close()
    return rows


class Copy(unittest.TestCase):
    def test_there_and_back(self):
        with tempfile.TemporaryDirectory(prefix="zuruf-copy-") as home:
            first, back = os.path.join(home, "first"), os.path.join(home, "back")
            server = Server(first, "--demo")
            deadline = time.monotonic() + 60
            while run("search", "--data", first, "--limit", "100", "s*").stdout.count("\n") < 60:
                self.assertLess(time.monotonic(), deadline, "the story of the demo streams in")
            busy = run("copy", "--from", first, "--to", URL, check=False)
            self.assertEqual(busy.returncode, 1)
            self.assertIn("in use by another process", busy.stderr)
            server.stop()

            done = run("copy", "--from", first, "--to", URL)
            self.assertIn("all are alike", done.stdout)
            again = run("copy", "--from", first, "--to", URL, check=False)
            self.assertEqual(again.returncode, 1)
            self.assertIn("is not empty", again.stderr)
            self.assertIn("all are alike", run("copy", "--from", URL, "--to", back).stdout)
            os.link(os.path.join(first, "key"), os.path.join(back, "key"))

            one, two = dump(first), dump(back)
            self.assertEqual(sorted(one), sorted(two))
            self.assertGreater(len(one["post"]), 60)
            for name in one:
                self.assertEqual(one[name], two[name], name)
            for query in ("s*", "rechnung", "die Störung", "\"seit drei\"", "Svea Lorenz", "nosuchword"):
                found = [run("search", "--limit", "500", *place, query).stdout for place in (
                    ("--data", first), ("--data", first, "--db", URL), ("--data", back))]
                self.assertEqual(found[0], found[1], query)
                self.assertEqual(found[0], found[2], query)
            for place in (("--db", URL), ()):
                Server(back, *place).stop()

            node = Server(back, "--db", URL)
            late = run("copy", "--from", URL, "--to", os.path.join(home, "late"), check=False)
            node.stop()
            self.assertEqual(late.returncode, 1)
            self.assertIn("in use by 1 other process", late.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
