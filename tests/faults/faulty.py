"""faulty.py - other servers that are out of order in one way each, on loopback, and certificates for
them. Each can be made well again."""

import contextlib
import http.server
import os
import ssl
import subprocess
import threading
import time

from peers import Web


def certificates(folder):
    """An authority of our own (ca.pem), and certificates that are right and wrong in one way each: NAME.pem, NAME.key."""
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, cwd=folder, capture_output=True)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    for name in ("ca", "other"):
        openssl("req", "-x509", *key, "-days", "30", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")
    for name, host, authority, start, end in (
            ("good", "localhost", "ca", "20200101000000Z", "20400101000000Z"),
            ("name", "elsewhere.example", "ca", "20200101000000Z", "20400101000000Z"),
            ("expired", "localhost", "ca", "20200101000000Z", "20210101000000Z"),
            ("early", "localhost", "ca", "20380101000000Z", "20400101000000Z"),
            ("stranger", "localhost", "other", "20200101000000Z", "20400101000000Z")):
        openssl("req", *key, "-subj", f"/CN={host}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        with open(os.path.join(folder, "ca.cnf"), "w", encoding="ascii") as f:
            f.write("[ca]\ndefault_ca=d\n[d]\ndatabase=index\nnew_certs_dir=.\nserial=serial\npolicy=p\ndefault_md=sha256\n"
                    f"rand_serial=yes\nunique_subject=no\nx509_extensions=x\n[p]\ncommonName=supplied\n[x]\nsubjectAltName=DNS:{host}\n")
        open(os.path.join(folder, "index"), "w", encoding="ascii").close()
        openssl("ca", "-batch", "-config", "ca.cnf", "-cert", f"{authority}.pem", "-keyfile", f"{authority}.key", "-in",
                f"{name}.csr", "-out", f"{name}.pem", "-startdate", start, "-enddate", end, "-notext")
    openssl("req", "-x509", *key, "-days", "30", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout",
            "self.key", "-out", "self.pem")


def tls_context(folder, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(folder, f"{name}.pem"), os.path.join(folder, f"{name}.key"))
    return context


class FaultyWeb(Web):
    """Takes webhooks and gives a feed; before that it does what its server's fault says."""

    def setup(self):
        s = self.server
        s.connections += 1
        if s.context and s.fault != "cut":
            self.request = s.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self):
        s = self.server
        with contextlib.suppress(OSError), s.held():
            if s.fault == "silent":
                while self.request.recv(4096):
                    pass
            elif s.fault == "drip":
                for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok":
                    self.request.sendall(bytes([byte]))
                    time.sleep(3)
            elif s.fault == "cut":
                self.request.recv(100)  # the client's first words, and no answer to them
            else:
                super().handle()

    def fault(self):
        """True: it has answered as its fault says."""
        s = self.server
        s.requests.append(time.time())
        if s.fault == "slow":
            time.sleep(5)
        if isinstance(s.fault, tuple):
            status, after = s.fault
            after = after() if callable(after) else after
            self.answer(status, **({} if after is None else {"Retry_After": after}))
            return True
        return False

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.fault():
            return
        with self.server.lock:
            self.server.taken.append((self.headers["X-Zuruf-Id"], body.decode()))
        self.answer(200)

    def do_GET(self):
        if not self.fault():
            self.answer(200, self.server.feed, Content_Type="application/feed+json")


class Faulty(http.server.ThreadingHTTPServer):
    """fault: refused, silent, slow (5 s), drip, cut; (status, Retry-After or what gives it); None: well."""
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, fault, context=None):
        super().__init__(("127.0.0.1", 0), FaultyWeb, bind_and_activate=False)
        self.fault, self.context = fault, context
        self.lock = threading.Lock()
        self.requests, self.taken, self.connections = [], [], 0
        self.open_now, self.open_most = 0, 0
        self.feed = b'{"version":"https://jsonfeed.org/version/1.1","title":"F","items":[]}'
        self.server_bind()  # the port is ours; until it listens, connections are refused
        if fault != "refused":
            self.listen()

    def listen(self):
        self.server_activate()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def make_well(self, context=None):
        was, self.fault = self.fault, None
        self.context = context
        if was == "refused":
            self.listen()

    @contextlib.contextmanager
    def held(self):
        with self.lock:
            self.open_now += 1
            self.open_most = max(self.open_most, self.open_now)
        try:
            yield
        finally:
            with self.lock:
                self.open_now -= 1

    def handle_error(self, request, client_address):
        pass  # the other side did not like what it saw
