"""peers.py - the outside world of the fault tests, on loopback: a receiver of webhooks, a mail
server that takes mail and has a mailbox, a web server with feeds. Each writes down what it was made to do, and
misbehaves as real ones do unless it is told to be calm."""

import contextlib
import email.utils
import hashlib
import hmac
import http.server
import json
import random
import re
import socketserver
import threading
import time


class Trap:
    """Holds the next peer that has received a whole body, so that a kill finds the message in the
    state "sending"."""

    def __init__(self):
        self.lock = threading.Lock()
        self.armed = None
        self.caught = threading.Event()
        self.opened = threading.Event()
        self.limit = 10  # seconds

    def arm(self, kind):
        with self.lock:
            self.armed = kind
            self.caught.clear()
            self.opened.clear()

    def open(self):
        with self.lock:
            self.armed = None
            self.opened.set()

    def pass_by(self, kind):
        with self.lock:
            mine = self.armed == kind
            if mine:
                self.armed = None
        if mine:
            self.caught.set()
            self.opened.wait(self.limit)


class Peers:
    """secret: of the webhook's signatures."""

    def __init__(self, seed, secret):
        self.secret = secret.encode()
        self.lock = threading.Lock()
        self.chance = random.Random(seed)
        self.calm = False
        self.trap = Trap()
        self.errors = []
        self.effects = {}  # id of a webhook -> its text: what the receiver acted on, once an id
        self.repeats = 0  # requests with an id that was acted on before
        self.tries = {}  # id -> requests
        self.mails = []  # (Message-ID, text) of mails that were taken
        self.mail_tries = {}
        self.feeds = {}  # name -> number of entries
        self.feed_pause = 0  # seconds that an answer takes
        self.feed_polls = 0
        self.polling = {}  # name -> requests under way
        self.overlaps = []  # names that were asked for while they were being answered
        self.inbox = []  # whole mails, oldest first
        self.servers = [serve(Webhook, self), serve(Feed, self), serve(Mail, self, mail=True),
                        serve(Imap, self, mail=True)]
        self.webhook_port, self.feed_port, self.mail_port, self.imap_port = [
            s.server_address[1] for s in self.servers]

    def put_mail(self, key, text):
        """A new mail in the mailbox; key: its Message-ID."""
        mail = (f"From: Kunde <{key}>\r\nTo: care@nordlicht.example\r\nMessage-ID: <{key}>\r\n"
                f"Subject: Meine Rechnung\r\nDate: {email.utils.formatdate()}\r\n"
                "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                f"Content-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n")
        with self.lock:
            self.inbox.append(mail.encode())

    def close(self):
        for s in self.servers:
            s.shutdown()
            s.server_close()

    def mails_with(self, key):
        with self.lock:
            return [text for k, text in self.mails if k == key]

    @contextlib.contextmanager
    def answering(self, name):
        with self.lock:
            self.polling[name] = self.polling.get(name, 0) + 1
            if self.polling[name] > 1:
                self.overlaps.append(name)
        try:
            yield
        finally:
            with self.lock:
                self.polling[name] -= 1
                self.feed_polls += 1

    def luck(self):
        with self.lock:
            return self.chance.random()


def serve(handler, peers, mail=False):
    base = socketserver.ThreadingTCPServer if mail else http.server.ThreadingHTTPServer
    base.daemon_threads = True
    base.request_queue_size = 64
    server = base(("127.0.0.1", 0), handler)
    server.peers = peers
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"{}", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self):
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            pass  # the other side was killed


class Webhook(Web):
    def do_POST(self):
        p = self.server.peers
        size = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(size)
        if len(body) < size:
            return
        key = self.headers.get("X-Zuruf-Id", "")
        stamp = self.headers.get("X-Zuruf-Timestamp", "")
        mac = hmac.new(p.secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest("sha256=" + mac, self.headers.get("X-Zuruf-Signature", "")):
            p.errors.append(f"webhook {key}: the signature is wrong")
            self.answer(401)
            return
        post = json.loads(body)
        if post["key"] != key or abs(time.time() - int(stamp)) > 300:
            p.errors.append(f"webhook {key}: key {post['key']}, stamp {stamp}")
        self.act(p, key, post)

    def act(self, p, key, post):
        with p.lock:
            first_try = key not in p.tries
            p.tries[key] = p.tries.get(key, 0) + 1
        luck = 1 if p.calm or not first_try or post["attempt"] > 1 else p.luck()
        if luck < 0.08:
            self.answer(500)
            return
        if luck < 0.20:
            self.answer(429, Retry_After="1")
            return
        with p.lock:
            if key in p.effects:
                p.repeats += 1
            p.effects.setdefault(key, post["text"])
        p.trap.pass_by("webhook")
        if luck < 0.28:  # acted, and nobody learns of it
            self.close_connection = True
            return
        if luck < 0.40:
            time.sleep(0.2 + luck)
        self.answer(200)


class Feed(Web):
    def do_GET(self):
        name = self.path.rpartition("/")[2]
        with self.server.peers.answering(name):
            self.give(self.server.peers, name)

    def give(self, p, name):
        time.sleep(p.feed_pause)
        with p.lock:
            count = p.feeds.get(name)
        if count is None:
            self.answer(404)
            return
        tag = f'"{name}-{count}"'
        luck = 1 if p.calm else p.luck()
        if luck < 0.3:
            time.sleep(luck)
        if self.headers.get("If-None-Match") == tag:
            self.answer(304, b"", ETag=tag)
            return
        items = [{"id": f"{name}-{i}", "url": f"https://news.example/{name}/{i}",
                  "content_text": f"Nordlicht in den Nachrichten, {name} Meldung {i}"}
                 for i in range(count)]
        body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": name,
                           "items": items}).encode()
        self.answer(200, body, ETag=tag, Content_Type="application/feed+json")


class Mail(socketserver.StreamRequestHandler):
    """SMTP (RFC 5321), as much as one mail needs."""

    def handle(self):
        try:
            self.talk()
        except (ConnectionError, TimeoutError):
            pass  # the other side was killed

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def talk(self):
        self.say("220 mail.example ready")
        while line := self.rfile.readline():
            verb = line.strip().upper().split(b" ")[0]
            if verb == b"EHLO":
                self.say("250-mail.example\r\n250 8BITMIME")
            elif verb in (b"MAIL", b"RCPT", b"RSET", b"NOOP", b"HELO"):
                self.say("250 fine")
            elif verb == b"DATA":
                self.say("354 go on")
                if not self.take():
                    return
            elif verb == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("502 what is that?")

    def take(self):
        p = self.server.peers
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line.endswith(b"\n"):
                return False  # cut off: no mail
            lines.append(line)
        text = b"".join(lines)
        key = next(x for x in lines if x.lower().startswith(b"message-id:")).split(b":")[1].strip()
        with p.lock:
            first_try = key not in p.mail_tries
            p.mail_tries[key] = p.mail_tries.get(key, 0) + 1
        luck = 1 if p.calm or not first_try else p.luck()
        if luck < 0.08:
            self.say("451 later, please")
            return True
        with p.lock:
            p.mails.append((key.decode().strip("<>"), text))
        p.trap.pass_by("mail")
        if luck < 0.16:  # taken, and nobody learns of it
            return False
        if luck < 0.3:
            time.sleep(luck)
        self.say("250 taken")
        return True


class Imap(socketserver.StreamRequestHandler):
    """A mailbox (RFC 3501), as much as a reader needs who never changes it."""

    def handle(self):
        try:
            self.wfile.write(b"* OK ready\r\n")
            while line := self.rfile.readline():
                tag, _, command = line.decode().strip().partition(" ")
                for answer in self.answers(command):
                    self.wfile.write(answer if isinstance(answer, bytes) else answer.encode())
                    self.wfile.write(b"\r\n")
                self.wfile.write(f"{tag} OK done\r\n".encode())
                if command.upper() == "LOGOUT":
                    return
        except (ConnectionError, TimeoutError):
            pass  # the other side was killed

    def answers(self, command):
        p = self.server.peers
        with p.lock:
            inbox = list(p.inbox)
        verb = command.upper()
        if verb == "CAPABILITY":
            return ["* CAPABILITY IMAP4rev1"]
        if verb.startswith(("SELECT", "EXAMINE")):
            return [f"* {len(inbox)} EXISTS", "* OK [UIDVALIDITY 7]",
                    f"* OK [UIDNEXT {len(inbox) + 1}]"]
        uids = [n for a, b in re.findall(r"(\d+)(?::(\d+))?", command.partition("(")[0])
                for n in range(int(a), int(b or a) + 1) if 1 <= n <= len(inbox)]
        if verb.startswith("UID SEARCH"):
            return ["* SEARCH " + " ".join(map(str, uids))]
        if verb.startswith("UID FETCH") and "RFC822.SIZE" in verb:
            return [f'* {n} FETCH (UID {n} RFC822.SIZE {len(inbox[n - 1])} '
                    'INTERNALDATE "22-Nov-2026 09:00:00 +0000")' for n in uids]
        if verb.startswith("UID FETCH"):
            n = int(re.search(r"\d+", command)[0])
            mail = inbox[n - 1]
            return [f"* {n} FETCH (UID {n} BODY[] {{{len(mail)}}}\r\n".encode() + mail + b")"]
        return []
