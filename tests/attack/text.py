"""text.py - hostile documents: mails, JSON, feeds and search lines, by the shell's faces and by a running server. Each
must be answered in bounded time and memory, and say the same wherever it is read."""
import json
import os
import re
import subprocess
import tempfile
import threading
import urllib.parse

from house import Server, case, check, main, post_lines, same

PROGRAM = os.environ["ZURUF"]
SANITIZED = bool(os.environ.get("ASAN_OPTIONS"))
LONGEST = 4000  # bytes of an address


class Parsed:
    """zuruf parse KIND on bytes, or on the pieces that make() gives: exit code, what it printed, seconds of processor time,
    megabytes at its largest beside the document (it inherits those of the process that starts it, so this one stays small)."""

    def __init__(self, kind, make, *more):
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
            pieces = make() if callable(make) else make
            given.writelines([pieces] if isinstance(pieces, bytes) else pieces)
            del pieces
            size = given.tell() / (1 << 20)
            given.seek(0)
            p = subprocess.Popen([PROGRAM, "parse", kind, *more], stdin=given, stdout=said, stderr=subprocess.DEVNULL)
            watch = threading.Timer(60, p.kill)
            watch.start()
            _, status, used = os.wait4(p.pid, 0)
            watch.cancel()
            p.returncode = self.code = os.waitstatus_to_exitcode(status)
            said.seek(0)
            self.out = said.read()
        self.cpu = used.ru_utime + used.ru_stime
        self.memory = 0 if SANITIZED else used.ru_maxrss / 1024 - size  # AddressSanitizer has much of its own

    def json(self):
        return json.loads(self.out)


def mail(*lines, body="Guten Tag"):
    head = "\r\n".join(("From: Kundin <kundin@e.example>", "To: care@nordlicht.example", *lines))
    return f"{head}\r\n\r\n{body}\r\n".encode("utf-8", "surrogateescape")


@case("case 47: whatever a machine sent is known as such")
def machines(_):
    for line in ("Auto-Submitted: auto-replied", "Auto-Submitted: auto-generated", "AUTO-SUBMITTED: Auto-Notified",
                 "Precedence: bulk", "Precedence: list", "precedence: JUNK", "List-Id: <a.b>",
                 "List-Unsubscribe: <mailto:x@y.example>", "X-Auto-Response-Suppress: All", "X-Autorespond: yes",
                 "Feedback-ID: 1:2:3", "Return-Path: <>", "Return-Path:<>"):
        check(Parsed("mail", mail(line)).json()["auto"] is True, f"{line} was taken for a person's")
    for sender in ("mailer-daemon@e.example", "MAILER-DAEMON@e.example", "postmaster@e.example", "no-reply@e.example"):
        check(Parsed("mail", f"From: {sender}\r\n\r\nx".encode()).json()["auto"], f"{sender} was taken for a person")
    for line in ("Auto-Submitted: no", "Precedence: first-class", "Return-Path: <kundin@e.example>", "X-Mailer: list"):
        check(Parsed("mail", mail(line)).json()["auto"] is False, f"{line} was taken for a machine's")


def into_mailbox(server, posts):
    """Mails as the reader of mailboxes hands them on, by the way of an import; results in order."""
    file = os.path.join(server.dir, "mails.jsonl")
    with open(file, "w", encoding="utf-8") as f:
        f.writelines(json.dumps(p) + "\n" for p in posts)
    done = server.command("import", "--account", "nordlicht/post", file)
    check(done.returncode == 0, done.stderr)


def threads(server, *ids):
    with server.store() as db:
        found = [db.execute("SELECT p.thread FROM post p JOIN account k ON k.id = p.account WHERE k.key = 'post' AND"
                            " p.external_id = ?", (i,)).fetchone() for i in ids]
    check(all(found), f"stored: {dict(zip(ids, found))}")
    return [f[0] for f in found]


def letter(number, author, answers=None, text=None, **more):
    return {"id": number, "author": author, "in_reply_to": answers or [], "private": True, "title": "Rechnung",
            "text": text or f"Meine Rechnung ist falsch, bitte melden Sie sich! ({number})", **more}


@case("case 50: naming a thread's ids is not enough to join it")
def joining(server):
    anna, berta, eve = "anna@e.example", "berta@e.example", "eve@evil.example"
    into_mailbox(server, [letter("a1@e", anna, to=["care@nordlicht.example"], cc=[berta])])
    agent = server.person("nordlicht", "agent")
    with server.store() as db:
        number = db.execute("SELECT c.id FROM \"case\" c JOIN post p ON p.id = c.post WHERE p.external_id = 'a1@e'"
                            ).fetchone()[0]
    same(agent.post(f"/desk/case/{number}/reply", {"text": "Wir sehen nach."}).status, 303, "an answer")
    with server.store() as db:
        key = db.execute("SELECT key FROM message WHERE case_id = ?", (number,)).fetchone()[0]
    check(re.fullmatch(r"zuruf-\d+-[\w-]{22}@nordlicht\.example", key), f"the id of our mail: {key}")
    into_mailbox(server, [letter("a2@e", anna, ["a1@e"]), letter("b1@e", berta, ["a1@e"]),
                          letter("e1@e", eve, ["a1@e"]), letter("e2@e", eve, ["nowhere@e", "a1@e"]),
                          letter("c1@e", "carl@e.example", ["a1@e"], to=[anna]),
                          letter("e3@e", eve, [key.replace(key[-20], "x")])])
    first = threads(server, "a1@e")[0]
    same(threads(server, "a2@e", "b1@e", "c1@e"), [first] * 3, "who wrote it, or got it, joins")
    check(first not in threads(server, "e1@e", "e2@e", "e3@e"), "a stranger joined by an id")
    into_mailbox(server, [letter("w1@e", anna, ["unknown@e"]), letter("w2@e", eve, ["unknown@e"]),
                          letter("w3@e", anna, ["unknown@e"])])
    one, two, three = threads(server, "w1@e", "w2@e", "w3@e")
    check(one == three and two != one, "threads that wait for a mail")


@case("case 49: a forged sender brings no rights, and nobody new gets the history")
def forged(server):
    into_mailbox(server, [letter("f1@e", "anna@e.example")])
    into_mailbox(server, [letter("f2@e", "care@nordlicht.example", ["f1@e"], ours=True, text="Erledigt, danke.")])
    into_mailbox(server, [letter("f3@e", "anna@e.example", ["f1@e"], cc=["eve@evil.example"], reply_to=["eve@evil.example"])])
    same(len(set(threads(server, "f1@e", "f3@e"))), 1, "the same address joins")
    with server.store() as db:
        number, state = db.execute("SELECT c.id, c.state FROM \"case\" c JOIN post p ON p.thread = c.thread WHERE"
                                   " p.external_id = 'f1@e'").fetchone()
        same(state, 0, "our address in a mail ends no wait")
    agent = server.person("nordlicht", "agent")
    same(agent.post(f"/desk/case/{number}/reply", {"text": "Guten Tag"}).status, 303, "an answer")
    with server.store() as db:
        to = db.execute("SELECT a.identity FROM message m JOIN post p ON p.id = m.parent JOIN author a ON a.id = p.author"
                        " WHERE m.case_id = ?", (number,)).fetchall()
        text = db.execute("SELECT text FROM message WHERE case_id = ?", (number,)).fetchone()[0]
    same(to, [("anna@e.example",)], "who gets it")
    check("Rechnung" not in text, "the history goes along")


@case("case 49: who is not confirmed joins no thread of another, speaks not for us, and is marked")
def unconfirmed(server):
    anna, ours = "anna.g@e.example", "care@nordlicht.example"
    into_mailbox(server, [letter("g1@e", anna, author_name="Anna", to=[ours], cc=["berta@e.example"])])
    into_mailbox(server, [letter("g2@e", anna, ["g1@e"], author_name="Betrug", doubted=True),
                          letter("g3@e", "berta@e.example", ["g1@e"], doubted=True),
                          letter("g4@e", ours, ["g1@e"], to=[anna], ours=False, doubted=True),
                          letter("g5@e", anna, ["g1@e"], author_name="Anna")])
    first = threads(server, "g1@e")[0]
    check(first not in threads(server, "g2@e", "g3@e", "g4@e"), "a mail that nobody confirms joined")
    same(threads(server, "g5@e"), [first], "one that is confirmed joins")
    with server.store() as db:
        of = lambda key: db.execute("SELECT c.id, a.name FROM \"case\" c JOIN post p ON p.thread = c.thread JOIN author a"
                                    " ON a.id = p.author WHERE p.external_id = ?", (key,)).fetchone()
        (forged, name), (true, _) = of("g2@e"), of("g1@e")
    same(name, "Anna", "what the known author is called")
    agent = server.person("nordlicht", "agent")
    check("sender not confirmed" in agent.get(f"/desk/case/{forged}").text, "the case says it")
    check("Absender nicht best" in agent.get(f"/desk/case/{forged}", {"Accept-Language": "de"}).text, "in German")
    check("sender not confirmed" not in agent.get(f"/desk/case/{true}").text, "the other one does not")


@case("case 53: another mail under a known Message-ID is kept with a note, the same mail twice once")
def same_id(server):
    anna, eve = "anna@e.example", "eve@evil.example"
    mails = [letter("t1@e", anna, text="Meine Rechnung stimmt nicht, bitte melden Sie sich!"),
             letter("t1@e", eve, text="Bitte überweisen Sie auf dieses Konto, bitte melden Sie sich!")]
    for _ in range(3):
        into_mailbox(server, mails)
        into_mailbox(server, mails[::-1])
    with server.store() as db:
        rows = db.execute("SELECT p.external_id, a.identity, p.flags & 32, p.thread = p.id FROM post p JOIN author a ON"
                          " a.id = p.author WHERE p.external_id LIKE 't1@e%' ORDER BY p.flags").fetchall()
        number = db.execute("SELECT c.id FROM \"case\" c JOIN author a ON a.id = c.author WHERE a.identity = ?"
                            " ORDER BY c.id DESC", (eve,)).fetchone()[0]
    same([r[1:] for r in rows], [(anna, 0, 1), (eve, 32, 1)], "what is kept")
    check(rows[0][0] == "t1@e" and re.fullmatch(r"t1@e#[0-9a-f]{16}", rows[1][0]), f"under which ids: {rows}")
    check("bears the number of another mail" in server.person("nordlicht", "agent").get(f"/desk/case/{number}").text, "note")
    added = server.command("channel", "add", "mail", "zwei", "--brand", "nordlicht", *MAILBOX)
    same(added.returncode, 0, added.stderr)
    file = os.path.join(server.dir, "mails.jsonl")
    done = server.command("import", "--account", "nordlicht/zwei", file)
    with server.store() as db:
        same(db.execute("SELECT count(*) FROM post p JOIN account k ON k.id = p.account WHERE k.key = 'zwei'").fetchone(),
             (0,), f"the same mails in another mailbox ({done.stdout})")


@case("case 51: mails that are built to break a reader cost little and are told as damaged")
def bombs(_):
    many = b"From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    deep = b"From: a@b.example\r\nMIME-Version: 1.0\r\n"
    for n in range(1000):
        deep += b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
    bombs_by_name = {
        "10,000 parts": lambda: many + b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" * 10000 + b"--b--\r\n",
        "10,000 attachments": lambda: many + b"--b\r\nContent-Disposition: attachment; filename=x\r\n\r\nx\r\n" * 10000,
        "1,000 levels": lambda: deep,
        "1,000 mails in mails": lambda: b"From: a@b.example\r\nContent-Type: message/rfc822\r\n\r\n" * 1000 + b"x",
        "an encoded word without an end": lambda: mail("Subject: =?utf-8?b?" + "QUFB" * 30000),
        "100,000 encoded words": lambda: mail("Subject: " + "=?utf-8?q?a?= " * 100000),
        "100,000 recipients": lambda: mail("Cc: " + ", ".join(["a@b.example"] * 100000)),
        "an address of brackets": lambda: mail("Reply-To: " + "<" * 100000),
        "comments in comments": lambda: mail("Cc: " + "(" * 100000),
        "100,000 references": lambda: mail("References: " + "<a@b>" * 100000),
        "a header that is one line of a megabyte": lambda: mail("X: " + "a" * 1000000),
        "100,000 headers": lambda: mail(*["X-A: b"] * 100000),
        "20 MB of base64": lambda: (mail("Content-Transfer-Encoding: base64", "Content-Type: text/plain", body=""),
                                    *[b"QUFBQUFBQUFBQUFBQUFBQUFB\r\n"] * 800000),
        "a charset that is none": lambda: mail("Content-Type: text/plain; charset=" + "x" * 10000),
        "a charset that lies": lambda: mail("Content-Type: text/plain; charset=utf-16", body="\udcff\udcfe" * 5000),
        "the same header twice": lambda: mail("From: b@c.example", "Content-Type: text/html", "Content-Type: text/plain"),
        "NUL": lambda: b"From: a\0b@c.example\r\nSubject: \0\r\n\r\n\0" * 10,
        "RFC 2231 pieces": lambda: mail("Content-Disposition: attachment;" + "".join(f" filename*{n}*=utf-8''%2e;" for n in range(5000))),
        "a boundary that is a line": lambda: many.replace(b"=b", b'="' + b"-" * 70 + b'"') + b"--" * 500000,
        "nothing": lambda: b"", "a line end": lambda: b"\r\n", "a colon": lambda: b":", 
        "only a boundary": lambda: b"Content-Type: multipart/mixed; boundary=\r\n\r\n--",
    }
    for name, make in bombs_by_name.items():
        p = Parsed("mail", make)
        check(p.code in (0, 1), f"{name}: exit {p.code}")
        check(p.cpu < 3, f"{name}: {p.cpu:.1f} s of processor time")
        check(p.memory < 64, f"{name}: {p.memory:.0f} MB of memory beside it")
        if p.code == 0:
            m = p.json()
            check(len(m.get("attachments", [])) <= 100, f"{name}: {len(m['attachments'])} attachments")
        if name in ("NUL", "1,000 levels"):
            check(p.code == 1 or m.get("damaged"), f"{name} is not told as damaged")
        print(f"# {name}: {p.memory:.0f} MB, {p.cpu:.2f} s")


@case("case 52: a file name from a mail is safe to store and shows what it is")
def file_names(_):
    hostile = ("../../etc/passwd", "..\\..\\windows\\system.ini", "/etc/passwd", "C:\\x.exe", "CON", "NUL.txt", "a" * 4096,
               ".htaccess", "x\tb.txt", "x\u202egpj.exe", "x\u200b.txt", "...", "", " ", "-rf", "a/b/c", "x:stream",
               "<img src=x onerror=alert(1)>.png", "a|b;c`d`$(e).txt", "com1.log")
    for name in hostile:
        encoded = urllib.parse.quote(name)
        for form in (f'filename="{name}"' if '"' not in name and name.isascii() else f"filename*=utf-8''{encoded}",
                     f"filename*=utf-8''{encoded}",
                     "; ".join(f"filename*{i}*={'' if i else chr(117) + 'tf-8' + chr(39) * 2}{urllib.parse.quote(name[i * 50:(i + 1) * 50])}"
                               for i in range(min(1 + len(name) // 50, 40)))):
            data = mail("MIME-Version: 1.0", "Content-Type: application/octet-stream", f"Content-Disposition: attachment; {form}")
            found = [x["name"] for x in Parsed("mail", data).json()["attachments"]]
            check(len(found) == 1 and 0 < len(found[0].encode()) <= 255, f"{name!r} became {found!r}")
            got = found[0]
            check(not re.search(r"[/\\\x00-\x1f\u202a-\u202e\u2066-\u2069]", got) and not got.startswith((".", "-")),
                  f"{name!r} became {got!r}")
            check(not re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", got), f"{name!r} became {got!r}")
    two = mail("MIME-Version: 1.0", 'Content-Type: text/plain; name="harmless.txt"',
               'Content-Disposition: attachment; filename="evil.exe"')
    same([x["name"] for x in Parsed("mail", two).json()["attachments"]], ["evil.exe"], "of two names")


def json_texts():
    """Every sort of text that is JSON or nearly: (text, is it JSON)."""
    good = [b"0", b"-0", b"1", b"-1", b"0.5", b"1e5", b"1E+2", b'""', b'"\\u00e4"',
            b'"\\ud83d\\ude00"', '"ä😀"'.encode(), b'"\\"\\\\\\/\\b\\f\\n\\r\\t"', b"true", b"false", b"null", b"[]", b"{}",
            b"[1,2]", b'{"a":{"b":[null]}}', b" \t\r\n1 ", b"[" * 60 + b"]" * 60, b'{"":0}', b"9223372036854775807",
            b"-9223372036854775808", b'"\x7f"', b'"\xe2\x80\xa8"']
    bad = [b"", b" ", b"+1", b"01", b"-01", b"1.", b".5", b"1e", b"1e+", b"0x1", b"1_0", b"NaN", b"Infinity", b"-Infinity",
           b"'a'", b'"', b'"a', b'"\\x41"', b'"\\u12"', b'"\\ug000"', b'"\n"', b'"\t"', b'"\x00"', b'"\\', b"tru", b"True",
           b"nul", b"[1", b"[1,", b"[1,]", b"[,1]", b"[1 2]", b"]", b"{", b'{"a"', b'{"a":', b'{"a":1', b'{"a":1,}', b"{a:1}",
           b"{'a':1}", b'{1:1}', b'{"a" 1}', b'{"a"::1}', b"}", b"//x\n1", b"/*x*/1", b"1 2", b"1,", b"{}{}", b"[]]",
           b'"\xff"', b'"\xc3"', b'"\xed\xa0\x80"', b'"\xc0\xaf"', b'"\xf4\x90\x80\x80"', b'"\\ud800"', b'"\\udc00\\ud800"',
           b"\xef\xbb\xbf\xef\xbb\xbf1", b"\x00", b"1\x00", b"[1\x00]", "１".encode(), b"\xa01", b"[" * 100000,
           b'{"a":' * 100000, b"[" * 100000 + b"]" * 100000, b"--1", b"1e1.5", b'["a\x1f"]', b"\x0b1", b"`a`", b"undefined",
           b"1e999", b"-1e999", b"[1e400]",
           b"123456789012345678901234567890"]  # larger than what is kept exactly
    for word in (b"true", b'"a"', b"[1,2]", b'{"a":1}', b"12.5e3"):
        bad += [word[:n] for n in range(1, len(word)) if word[:n] not in (b"12", b"1", b"12.5", b"12.5e3")]
        bad += [word + tail for tail in (b"x", b",", b'"', b"\x00")]
        good += [b" " + word, word + b"\n", b"[" + word + b"]", b'{"k":' + word + b"}"]
    return [(t, True) for t in good] + [(t, False) for t in bad]


@case("case 59: JSON is taken or refused as the standard says, and read alike by the API and the shell")
def json_documents(server):
    token = server.world["nordlicht"]["api"]["token"]
    for text, sound in json_texts():
        p = Parsed("json", text)
        same(p.code, 0 if sound else 1, f"parse json {text[:60]!r}")
        check(p.cpu < 3, f"{text[:40]!r}: {p.cpu:.1f} s")
    for n, (text, sound) in enumerate(json_texts()):
        if b"\n" in text or b"\r" in text or not text.strip():
            continue
        line = b'{"id":"json-%d","text":"x","more":%s}' % (n, text)
        alone = Parsed("json", line).code == 0
        got = post_lines(server, token, [line])
        want = (201,) if alone else (422,)
        check(got.status in want, f"the API and the shell differ on {line[:80]!r}: {got.status}, {got.text[:200]}")
    for line, want in ((b'{"id":"dup","id":"dup2","text":"x","text":"zweiter"}', "zweiter"),):
        same(post_lines(server, token, [line]).status, 201, "names that stand twice")
        with server.store() as db:
            same(db.execute("SELECT text FROM post WHERE external_id = 'dup2'").fetchone(), (want,), "the last counts")
        same(Parsed("json", line).json()["text"], want, "in the shell too")
    for line in (b'{"id":"n","text":"x","published_at":1e999}', b'{"id":"n","text":"x","reach":1e999}',
                 b'{"id":"n","text":"a\\u0000b"}' * 2, b'{"id":1e3,"text":"x"}', b'{"id":["a"],"text":"x"}',
                 b'{"id":"n","text":{"a":1}}', b'[1]', b'"x"', b'{"text":"x"}', b'{"id":"n"}'):
        check(post_lines(server, token, [line]).status == 422, f"{line[:60]!r} was taken")
    nul = post_lines(server, token, [b'{"id":"nul","text":"a\\u0000b"}'])
    check(nul.status in (201, 422), "a NUL in a text")
    big = server.request("POST", "/api/v1/posts", b'{"id":"big","text":"' + b"a" * 17000000 + b'"}',
                         {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    same(big.status, 413, "17 MB")


def processor_time(server):
    """Seconds, of all threads: what else runs on the machine does not count."""
    with open(f"/proc/{server.process.pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@case("case 60: no line in a search box and no rule is slow or shows the engine's own words")
def searches(server):
    reader = server.person("nordlicht", "reader")
    lines = ["a" * 100000, '"' * 5000, "(" * 5000, "* NEAR ( ^ :", "NEAR(a b, 5)", "a NEAR b", "^a", "a:b", "terms:a", "-a",
             "NOT", "AND OR NOT", "a AND", '"a', "a*", "**", "%", "_", "%%%%%_____", "'; DROP TABLE post; --", "a\\", "{a b}",
             "a+b", "+ +", "\u202e", "\u0000", "((((a))))", "a OR " * 5000, "ß" * 5000, "ﷺ" * 5000, "ä́̈" * 5000,
             "a" + "\u0300" * 10000, "rowid:1", "post_search MATCH 'a'", "🙂" * 3000, " ".join(f"wort{n}" for n in range(3000)),
             "' OR '1'='1", "\" OR \"\"=\"", "sqlite_master", "1e999", "x" * 60 + " " + "y*" * 200]
    slow = []
    for line in lines:
        for path in (f"/desk/search?q={urllib.parse.quote(line)}", f"/desk/search?kind=idea&q={urllib.parse.quote(line)}"):
            if len(path) > LONGEST:
                check(reader.get(path[:16000]).status in (414, 431), "an address that is too long")
                path = re.sub("%[0-9A-F]?$", "", path[:LONGEST])
            began = processor_time(server)
            answer = reader.get(path)
            slow.append((processor_time(server) - began, line[:40]))
            check(answer.status in (200, 400), f"{line[:40]!r}: {answer.status}")
            shown = answer.text.lower()
            for word in ("fts5", "sqlite", "syntax error", "postgres", "tsquery", "no such column"):
                check(word not in shown.replace(line.lower(), "").replace("sqlite_master", ""), f"{line[:40]!r} shows {word}")
    took, line = max(slow)
    check(took < 2, f"{line!r} took {took:.1f} s of processor time")
    lead = server.person("nordlicht", "lead")
    rule = {"name": "R", "field-1": "words", "value-1": ",".join("(a+)+$" for _ in range(500)), "enabled": "1"}
    check(lead.post("/desk/routing/new", rule).status in (303, 422), "a rule of nested quantifiers")
    began = processor_time(server)
    done = post_lines(server, server.world["nordlicht"]["api"]["token"],
                      [{"id": f"redos-{n}", "text": "a" * 60000 + "!"} for n in range(5)])
    same(done.status, 201, "posts of one letter")
    took = processor_time(server) - began
    check(took < 5, f"five posts took {took:.1f} s of processor time")


@case("case 64: feeds bring no entities, read no files, ask nobody and stay small")
def feeds(_):
    secret = b"root:x:0:0"
    entity = b'<?xml version="1.0"?><!DOCTYPE rss [%s]><rss version="2.0"><channel><title>T &x;</title><item><title>I &x;</title><guid>1</guid></item></channel></rss>'
    documents = {
        "a file as an entity": entity % b'<!ENTITY x SYSTEM "file:///etc/passwd">',
        "an address as an entity": entity % b'<!ENTITY x SYSTEM "http://127.0.0.1:9/">',
        "a parameter entity": entity % b'<!ENTITY %% p SYSTEM "file:///etc/passwd"> %%p; <!ENTITY x "y">',
        "an outside DTD": b'<?xml version="1.0"?><!DOCTYPE rss SYSTEM "file:///etc/passwd"><rss version="2.0"><channel><title>T</title></channel></rss>',
        "a billion laughs": entity % (b'<!ENTITY a "ha">' + b"".join(
            b'<!ENTITY a%d "%s">' % (n, (b"&a%d;" % (n - 1) if n else b"&a;") * 10) for n in range(12)) + b'<!ENTITY x "&a11;">'),
        "quadratic growth": entity % (b'<!ENTITY x "' + b"a" * 100000 + b'">') .replace(b"&x;", b"&x;" * 1000),
        "1,000 levels": b"<rss version='2.0'><channel><item>" + b"<a>" * 1000,
        "100,000 levels": b"<rss version='2.0'><channel><item>" + b"<a>" * 100000,
        "100,000 entries": b"<rss version='2.0'><channel>" + b"<item><guid>x</guid><title>t</title></item>" * 100000,
        "an attribute of a megabyte": b"<rss version='2.0' x='" + b"a" * 1000000 + b"'><channel><title>T</title></channel></rss>",
        "XInclude": b'<rss version="2.0" xmlns:xi="http://www.w3.org/2001/XInclude"><channel><title>T</title><item><title><xi:include href="/etc/passwd" parse="text"/></title><guid>1</guid></item></channel></rss>',
    }
    for name, data in documents.items():
        p = Parsed("feed", data)
        check(p.code in (0, 1), f"{name}: exit {p.code}")
        check(p.cpu < 3, f"{name}: {p.cpu:.1f} s")
        check(secret not in p.out and len(p.out) < 40000000, f"{name}: a file was read, or {len(p.out)} bytes came out")
        check(p.code == 1 or len(p.json().get("entries", [])) <= 1000, f"{name}: too many entries")


MAILBOX = ("--name", "Post", "--allow-private", "imap_url=imaps://127.0.0.1:9", "smtp_url=smtps://127.0.0.1:9", "user=care",
           "password=geheim", "address=care@nordlicht.example", "folders=INBOX")

with Server() as world:
    made = world.command("channel", "add", "mail", "post", "--brand", "nordlicht", *MAILBOX)
    if made.returncode:
        raise SystemExit(f"Bail out! {made.stderr}")
    main(world)
