"""doctor.py - zuruf doctor on an installation that is well, and on one broken thing after another:
it names the thing, says what to do, ends with 1, and changes nothing. Also on the command level:
a database of a newer version is refused by every command, naming both versions."""

import contextlib
import http.client
import json
import os
import shutil
import socket
import sqlite3
import ssl
import stat
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import lab as lab_module
from lab import check


def look(lab, *more, data=None):
    """(exit code, state by check, what is to be done by check)"""
    p = lab.command("doctor", "--json", *more, check_exit=False, data=data)
    check(p.returncode in (0, 1), f"doctor ends with {p.returncode}: {p.stderr}")
    found = json.loads(p.stdout)
    states = {c["check"]: c["state"] for c in found["checks"]}
    check(found["fail"] == sum(c["state"] == "fail" for c in found["checks"]), "the sum is wrong")
    check((p.returncode == 1) == (found["fail"] > 0), f"exit {p.returncode} with {found['fail']} failures")
    for c in found["checks"]:
        check((c["state"] == "ok") != bool(c["do"]), f"{c['check']} is {c['state']} and says {c['do']!r}")
    return p.returncode, states, {c["check"]: (c["what"], c["do"]) for c in found["checks"]}


def wants(lab, name, state, *words, more=(), data=None):
    code, states, texts = look(lab, *more, data=data)
    check(states.get(name) == state, f"{name} is {states.get(name)}: {texts.get(name)}")
    for word in words:
        check(word in " ".join(texts[name]), f"{name} does not say {word!r}: {texts[name]}")
    if state == "fail":
        check(code == 1, f"{name} fails, yet doctor ends with {code}")


def is_well(lab):
    code, states, texts = look(lab)
    bad = {k: texts[k] for k, v in states.items() if v == "fail"}
    check(code == 0 and not bad, f"what is well fails: {bad}")
    for name in ("directory", "key", "disk", "settings", "model", "zones", "database", "outbox", "backup"):
        check(states.get(name) == "ok", f"{name} is {states.get(name)}")
    for lang, word in (("de", "Die Datenbank ist heil"), ("en", "The database is sound")):
        p = lab.command("doctor", "--lang", lang)
        check(word in p.stdout, f"--lang {lang}: {p.stdout}")


def changes_nothing(lab):
    """On a stopped installation: no file more or less. (The database notes who opened it last.)"""
    def seen():
        with open(os.path.join(lab.data, "zuruf.db"), "rb") as f:
            return sorted(os.listdir(lab.data)), len(f.read())
    before = seen()
    look(lab)
    check(seen() == before, f"{before} became {seen()}")


@contextlib.contextmanager
def moved(path):
    os.rename(path, path + ".away")
    try:
        yield
    finally:
        if os.path.isdir(path):
            shutil.rmtree(path)
        elif os.path.exists(path):
            os.unlink(path)
        os.rename(path + ".away", path)


@contextlib.contextmanager
def mode(path, bits):
    before = stat.S_IMODE(os.stat(path).st_mode)
    os.chmod(path, bits)
    try:
        yield
    finally:
        os.chmod(path, before)


def broken_files(lab):
    key, conf = os.path.join(lab.data, "key"), os.path.join(lab.data, "zuruf.conf")
    with mode(key, 0o644):
        wants(lab, "key", "fail", "chmod 600")
    with mode(lab.data, 0o755):
        wants(lab, "directory", "warn", "chmod 700")
    with moved(key):
        wants(lab, "key", "fail", "backup")
        check(not os.path.exists(key), "doctor made a key")
        with open(key, "wb") as f:
            f.write(b"x" * 31)
        wants(lab, "key", "fail", "no sealing key")
        with open(key, "wb") as f:
            f.write(b"x" * 32)
        os.chmod(key, 0o600)
        wants(lab, "database", "fail", "fingerprint")
    with open(conf, "w", encoding="ascii") as f:
        f.write("nonsense = 1\n")
    wants(lab, "settings", "fail", "nonsense")
    os.unlink(conf)
    os.mkdir(os.path.join(lab.data, "restore.part"))
    wants(lab, "directory", "fail", "restore")
    os.rmdir(os.path.join(lab.data, "restore.part"))
    wants(lab, "directory", "fail", "zuruf serve", data=os.path.join(lab.dir, "nowhere"))
    check(not os.path.exists(os.path.join(lab.dir, "nowhere")), "doctor made a directory")


def a_damaged_database(lab):
    """A copy with a page of junk."""
    data = os.path.join(lab.dir, "damaged")
    shutil.copytree(lab.data, data, ignore=shutil.ignore_patterns("backups", "control.sock"))
    path = os.path.join(data, "zuruf.db")
    with sqlite3.connect(path) as db:
        page, size = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'message'").fetchone()[0], \
            db.execute("PRAGMA page_size").fetchone()[0]
    with open(path, "r+b") as f:
        f.seek((page - 1) * size)
        f.write(b"\x55" * size)
    wants(lab, "database", "fail", "damaged", data=data)


def other_versions(lab):
    """Newer: every command says so, with both versions. Older: doctor looks, and does not touch."""
    data = os.path.join(lab.dir, "newer")
    shutil.copytree(lab.data, data, ignore=shutil.ignore_patterns("backups", "control.sock"))
    path = os.path.join(data, "zuruf.db")
    with sqlite3.connect(path) as db:
        known = db.execute("SELECT max(number) FROM migration").fetchone()[0]
        db.execute("INSERT INTO migration (number, name, applied_at) VALUES (999, 'future', 0)")
    db.close()
    for command in (("user", "list"), ("backup", os.path.join(lab.dir, "newer.tar"))):
        p = lab.command_on(data, *command)
        check(p.returncode == 1 and "999" in p.stderr and f"knows {known}" in p.stderr, f"{command}: {p.stderr}")
    p = subprocess.run([lab.program, "serve", "--data", data], env=lab.env, capture_output=True, text=True,
                       timeout=30, check=False)
    check(p.returncode == 1 and "999" in p.stderr and f"knows {known}" in p.stderr, f"serve: {p.stderr}")
    wants(lab, "database", "fail", "999", f"knows {known}", data=data)


def accounts(lab):
    """A mail server that refuses, a feed that is gone: named, and tried only when it may be."""
    with socket.socket() as s:  # a port where nobody listens
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
        lab.command("channel", "add", "feed", "dead-feed", "--allow-private", f"url=http://127.0.0.1:{port}/feed")
        wants(lab, "account:nordlicht/dead-feed", "fail", "Channels")
        states = look(lab, "--offline")[1]
        check(states["account:nordlicht/dead-feed"] != "fail", "it was tried although it must not be")


class Proxy(BaseHTTPRequestHandler):
    """TLS in front, as Caddy or nginx do it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        c = http.client.HTTPConnection("127.0.0.1", self.server.to, timeout=20)
        c.request("GET", self.path, headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"})
        answer = c.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "content-length", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        c.close()

    def log_message(self, *_):
        pass


def certificate(lab):
    cert, key = os.path.join(lab.dir, "cert.pem"), os.path.join(lab.dir, "cert.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    return cert, key


def ways(lab):
    """The public address: nobody there, somebody else there, a proxy that is not believed, and one
    that is."""
    cert, key = certificate(lab)
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    proxy.to = lab.port
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    proxy.socket = context.wrap_socket(proxy.socket, server_side=True)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    url = f"https://localhost:{proxy.server_address[1]}"
    wants(lab, "address", "warn", "url =")
    lab.env["ZURUF_CA_FILE"] = cert
    for settings, name, state, words in (
            ({"ZURUF_URL": "http://127.0.0.1:9"}, "address", "fail", ("127.0.0.1:9",)),
            ({"ZURUF_URL": url}, "proxy", "fail", ("proxies =",)),
            ({"ZURUF_URL": url, "ZURUF_PROXIES": "127.0.0.1"}, "proxy", "ok", ())):
        lab.stop()
        for name_of in ("ZURUF_URL", "ZURUF_PROXIES"):
            lab.env.pop(name_of, None)
        lab.env.update(settings)
        lab.start()
        lab.wait_ready()
        wants(lab, name, state, *words)
    code, states, _ = look(lab)
    check(states["address"] == "ok", f"the address is {states['address']}")
    proxy.shutdown()


def body(lab):
    lab.command("user", "add", "anna@nordlicht.example", "--name", "Anna Berg", "--initials", "AB")
    lab.add_api_account("api")
    is_well(lab)
    changes_nothing(lab)
    broken_files(lab)
    a_damaged_database(lab)
    other_versions(lab)
    lab.start()
    lab.wait_ready()
    is_well(lab)
    check(look(lab)[1]["server"] == "ok", "the running server is not seen")
    ways(lab)
    accounts(lab)
    lab.stop()


if __name__ == "__main__":
    lab_module.run("doctor", body)
