"""input.py - what strangers and old systems send: broken JSON, wrong bodies and tokens, requests
that are no requests, tables and archives with bad lines. Nothing of it stops the server or the
sound posts beside it; what was refused is kept as it came; a second run brings only known posts."""

import json
import os
import re
import socket
import time

import lab as lab_module
from lab import TEXTS, Failed, check

ARCHIVE = 20000

# Lines that are no post. Each stands between two sound ones.
BAD_LINES = [
    b"{", b"}", b"[]", b"null", b"true", b"17", b'"text"', b"{}", b"nonsense", b"\xff\xfe\x00",
    b'{"id":"1","text":"x"', b'{"id":"1","text":"x"}}', b'{"id":"1","text":"x"} {}',
    b'{"id":"1","text":"x",}', b"{'id':'1','text':'x'}", b'{id:"1",text:"x"}',
    b'{"id":"1" "text":"x"}', b'{"id":"1","text":x}', b'{"id":"1","text":"x"]',
    b'{"id":"1","text":"\xc3\x28"}', b'{"id":"1","text":"\xed\xa0\x80"}',
    b'{"id":"1","text":"\xf8\x88\x80\x80\x80"}', b'{"id":"1","text":"\xc0\xaf"}',
    b'{"id":"1","text":"\\ud800"}', b'{"id":"1","text":"\\u12"}', b'{"id":"1","text":"\\x41"}',
    b'{"id":"1","text":"a\tb"}', b'{"id":"1","text":"open', b'{"id":"1","text":"x","reach":NaN}',
    b'{"id":"1","text":"x","reach":01}', b'{"id":"1","text":"x","reach":1e999}',
    b'{"id":"1","text":"x","reach":99999999999999999999}', b'{"id":"1","text":"x","reach":"many"}',
    b'{"id":"1","text":"x","reach":+1}', b'{"id":"1","text":"x"} // remark',
    b'{"id":"1","text":"x","deep":' + b"[" * 100 + b"]" * 100 + b"}", b"[" * 100000,
    b'{"\\u0000":1,"id":"1","text":"x"}', b'{"id":"","text":"x"}', b'{"id":null,"text":"x"}',
    b'{"id":"' + b"x" * 513 + b'","text":"x"}', b'{"id":{},"text":"x"}', b'{"text":"no id"}',
    b'{"id":"1"}', b'{"id":"1","text":""}', b'{"id":"1","text":"  \\n "}',
    b'{"id":"1","text":["x"]}',
    b'{"id":"1","text":"x","author":[]}', b'{"id":"1","text":"x","in_reply_to":{}}',
    b'{"id":"1","text":"x","in_reply_to":[null]}', b'{"id":"1","text":"x","published_at":"today"}',
    b'{"id":"1","text":"x","published_at":"2026-13-45T99:00:00Z"}',
]

# Posts that only look odd: stored, with the text that is said here.
ODD_LINES = [
    (b'{"id":"odd1","text":"\\ud83d\\ude00"}', "\U0001f600"),
    (b'{"id":"odd2","text":"first","text":"last"}', "last"),
    (b'  {"id" : "odd3" , "text" : "blanks" }  ', "blanks"),
    (b'{"id":4711,"text":"a number as id"}', "a number as id"),
    (b'{"id":"odd5","text":"<script>alert(1)</script>"}', "<script>alert(1)</script>"),
    (b'{"id":"odd6","text":"x","other":{"kept":[1,2,{"deep":true}]}}', "x"),
    (b'{"id":"odd7","text":"\xc3\xa4\xc3\xb6\xc3\xbc"}', "äöü"),
    (b'{"id":"odd8","text":"a\\u0301"}', "\u00e1"),  # composed at the border
    (b'{"id":"odd9","title":"only a title"}', ""),
]

# Requests that are none; the answer is an error or a closed connection, never silence or a crash.
NO_REQUESTS = [
    b"GET\r\n\r\n", b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", b"G\x00T / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
    b"POST /api/v1/posts HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"POST /api/v1/posts HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"
    b"abcdef",
    b"POST /api/v1/posts HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /api/v1/posts HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
]

# What never becomes a request: the client begins and goes away, or stays and says no more.
BEGINNINGS = [
    b"", b"\r\n\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET / HTTP/1.1\r\nHo",
    b"POST /api/v1/posts HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{",
]


def refused_of(lab, key):
    with lab.reader() as db:
        return db.rows("SELECT place, what, raw FROM refused WHERE account = ? ORDER BY id",
                       lab_module.account_id(db, key))


def count_posts(lab, key):
    with lab.reader() as db:
        return db.row("SELECT count(*) AS n, count(DISTINCT external_id) AS d FROM post "
                      "WHERE account = ?", lab_module.account_id(db, key))


def bad_lines(lab):
    lines = []
    for i, bad in enumerate(BAD_LINES):
        lines += [{"id": f"sound{i}", "author": "a", "text": TEXTS[i % 4]}, bad]
    answer = lab.post_lines(lines)
    check(answer.status == 201, f"a mix of lines is answered with {answer.status}")
    results = answer.json()["results"]
    check([r["line"] for r in results] == list(range(1, len(lines) + 1)), "lines are missing")
    for line, r in zip(lines, results, strict=True):
        wanted = "refused" if isinstance(line, bytes) else "stored"
        check(r["status"] == wanted, f"{line!r:.100} is {r['status']}")
        check(wanted == "stored" or r["message"], f"{line!r:.100} is refused without a reason")
    kept = refused_of(lab, "api")
    check(len(kept) == len(BAD_LINES), f"{len(kept)} of {len(BAD_LINES)} refused lines are kept")
    for i, (place, what, raw) in enumerate(kept):
        check(place == f"line {2 * i + 2}" and what and bytes(raw) == BAD_LINES[i],
              f"kept as {place}, {what}, {bytes(raw)!r:.100}")
    print(f"{len(BAD_LINES)} bad lines refused with a reason and kept, those between them stored")


def bad_documents(lab):
    before = count_posts(lab, "api")
    for bad in BAD_LINES + [b""]:
        answer = lab.request("POST", "/api/v1/posts", bad,
                             {"Authorization": f"Bearer {lab.token}",
                              "Content-Type": "application/json"})
        check(answer.status == 422, f"{bad!r:.100} is answered with {answer.status}")
        answer.json()
    check(count_posts(lab, "api") == before, "a bad document left a post")


def odd_lines(lab):
    answer = lab.post_lines([line for line, _ in ODD_LINES])
    for (line, text), r in zip(ODD_LINES, answer.json()["results"], strict=True):
        check(r["status"] == "stored", f"{line!r} is {r}")
        with lab.reader() as db:
            stored = db.row("SELECT text FROM post WHERE id = ?", int(r["post"]))[0]
        check(stored == text, f"{line!r} is stored as {stored!r}")


def bad_bodies(lab):
    before = count_posts(lab, "api")
    auth = {"Authorization": f"Bearer {lab.token}", "Content-Type": "application/x-ndjson"}
    large = b'{"id":"large","text":"' + b"x" * (17 << 20) + b'"}\n'

    def status(body, headers):
        try:
            return lab.request("POST", "/api/v1/posts", body, headers).status
        except (BrokenPipeError, ConnectionResetError):
            return 413  # refused while we were still sending

    check(status(large, auth) == 413, "an oversized body is not answered with 413")
    check(status(iter([large[:1 << 20]] * 17), auth) == 413, "nor is an oversized one in chunks")
    many = b"".join(b'{"id":"many%d","text":"x"}\n' % i for i in range(1001))
    check(status(many, auth) == 413, "1,001 posts in one request are not answered with 413")
    check(status(b"\n\n\n", auth) == 422, "a body without posts is not answered with 422")
    check(count_posts(lab, "api") == before, "a refused body left a post")


def bad_tokens(lab):
    before = count_posts(lab, "api")
    body = b'{"id":"token","text":"x"}'
    swapped = lab.token[::-1]
    for header in (None, "", "Bearer", "Bearer ", "Bearer x", f"Bearer {swapped}",
                   f"Basic {lab.token}", f"Bearer {lab.token}x", f"Bearer {lab.token[:-1]}",
                   "Bearer " + "x" * 5000, f"Bearer {lab.token} {lab.token}"):
        headers = {"Content-Type": "application/json"}
        if header is not None:
            headers["Authorization"] = header
        answer = lab.request("POST", "/api/v1/posts", body, headers)
        check(answer.status == 401, f"token {header!r:.60} is answered with {answer.status}")
    check(lab.request("GET", "/api/v1/posts").status == 405, "GET is not answered with 405")
    check(count_posts(lab, "api") == before, "a request without a right left a post")


def no_requests(lab):
    for raw in NO_REQUESTS:
        with socket.create_connection(("127.0.0.1", lab.port), timeout=20) as s:
            answer = b""
            try:
                s.sendall(raw)
                answer = s.recv(65536)
            except TimeoutError:
                raise Failed(f"{raw[:60]!r} is left without an answer") from None
            except OSError:
                pass  # closed while we were still sending
        check(not answer or re.match(rb"HTTP/1\.[01] [345]\d\d ", answer),
              f"{raw[:60]!r} is answered with {answer[:60]!r}")


def beginnings(lab):
    staying = []
    for i in range(40):
        for raw in BEGINNINGS:
            s = socket.create_connection(("127.0.0.1", lab.port), timeout=20)
            s.sendall(raw)
            if i % 2:
                s.close()
            else:
                staying.append(s)
    seconds = lab.wait_ready(5)
    print(f"/healthz answers in {seconds * 1000:.0f} ms beside {len(staying)} idle connections")
    for s in staying:
        s.close()


def import_counts(p):
    """stored, known already, refused: what the command tells at the end."""
    found = re.findall(r"(\d+) stored, (\d+) known already, (\d+) refused \(100 %\)", p.stderr)
    check(len(found) == 1, f"the import does not tell its counts: {p.stderr[-300:]}")
    return tuple(int(x) for x in found[0])


def import_twice(lab, key, name, content, wanted, bad):
    """wanted: (stored, refused); bad: numbers of the refused lines."""
    path = os.path.join(lab.dir, name)
    with open(path, "wb") as f:
        f.write(content)
    first = lab.command("import", "--account", key, path)
    check(import_counts(first) == (wanted[0], 0, wanted[1]), f"{name}: {first.stderr}")
    told = [int(n) for n in re.findall(r"^line (\d+): .", first.stderr, re.MULTILINE)]
    check(told == bad, f"{name}: lines {told} are told as refused, {bad} are")
    again = lab.command("import", "--account", key, path)
    check(import_counts(again) == (0, wanted[0], wanted[1]), f"{name} again: {again.stderr}")


CSV = ('id;author;text;published_at;private\r\n'
       'c1;Ines;"Zwei\r\nZeilen; und ""Zitat""";2026-01-02T03:04:05Z;1\r\n'
       'c2;Jörn;@nordlicht wo bleibt meine Lieferung?;;\r\n'
       ';Ohne;eine Nummer;;\r\n'
       'c3;Zuviel;Zellen;;;;;\r\n'
       'c4;Klaus;"Text" danach;;\r\n'
       'c5;Lea;gestern war;gestern;\r\n'
       'c6;Mona;;;\r\n'
       'c7;Nils;der letzte;1767225600;false\r\n')
CSV_BAD = [5, 6, 7, 8, 9]  # the first record takes two lines

JSON_LINES = (b'\xef\xbb\xbf{"id":"j1","text":"mit Marke"}\n\n'
              b'{"id":"j2","text":"\xc3\xa4"}\r\n'
              b'{"id":"j3","text":"\xff"}\n'
              b'not json\n'
              b'{"id":"j4","text":"in Antwort","in_reply_to":"j1"}\n'
              b'{"text":"no id"}\n'
              b'{"id":"j5","text":"' + b"x" * (1 << 20) + b'"}\n'
              b'{"id":"j6","text":"the last, without an end of line"}')


def imports(lab, key):
    """A table and JSON Lines with bad lines, twice each; what was refused is kept."""
    lab.command("channel", "add", "file", key, "--name", "Archiv")
    import_twice(lab, key, "table.csv", CSV.encode("cp1252"), (3, 5), CSV_BAD)
    import_twice(lab, key, "lines.jsonl", JSON_LINES, (4, 4), [4, 5, 7, 8])


def check_imports(lab, key):
    check(count_posts(lab, key) == (7, 7), f"{key}: {count_posts(lab, key)} posts instead of 7")
    kept = refused_of(lab, key)
    places = [place for place, _, _ in kept]
    wanted = [f"line {n}" for n in CSV_BAD * 2 + [4, 5, 7, 8] * 2]
    check(places == wanted, f"{key}: kept are {places}")
    raws = [bytes(raw) for _, _, raw in kept]
    check(b"not json" in raws, "a refused line is not kept as it came")
    check(any(b"Zuviel" in raw for raw in raws), "a refused record is not kept as it came")
    with lab.reader() as db:
        rows = dict(db.rows("SELECT external_id, text FROM post WHERE account = ?",
                            lab_module.account_id(db, key)))
    check(rows["c1"] == 'Zwei\nZeilen; und "Zitat"', f"c1 is {rows['c1']!r}")


def says_why(lab):
    """An account whose server is not there tells so in words."""
    lab.command("channel", "add", "mail", "mail", "--name", "care@nordlicht.example",
                "--allow-private", f"imap_url=imap://127.0.0.1:{lab_module.free_port()}",
                "user=care", "password=none", "address=care@nordlicht.example", "plain=1")
    until = time.monotonic() + 20
    error = ""
    while not error:
        check(time.monotonic() < until, "an account that cannot be polled shows no error")
        time.sleep(0.05)
        with lab.reader() as db:
            error = db.row("SELECT error FROM account WHERE key = 'mail'")[0]
    check(error == "refused", f"the account shows only: {error}")


def archive(lab):
    """Years of posts, while the server answers others."""
    lab.command("channel", "add", "file", "archive", "--name", "Archiv")
    path = os.path.join(lab.dir, "archive.jsonl")
    with open(path, "w", encoding="utf-8") as f:
        for i in range(ARCHIVE):
            f.write(json.dumps({"id": f"a{i}", "author": f"customer{i % 997}",
                                "text": f"{TEXTS[i % len(TEXTS)]} {i}",
                                "published_at": 1500000000 + i * 3600}) + "\n")
    began = time.monotonic()
    check(import_counts(lab.command("import", "--account", "archive", path)) == (ARCHIVE, 0, 0),
          "the archive is not stored whole")
    seconds = time.monotonic() - began
    check(import_counts(lab.command("import", "--account", "archive", path)) == (0, ARCHIVE, 0),
          "a second run stores something")
    check(count_posts(lab, "archive") == (ARCHIVE, ARCHIVE), "the count of the archive is wrong")
    print(f"an archive of {ARCHIVE} posts: {seconds:.1f} s, {ARCHIVE / seconds:.0f} posts a second")
    found = lab.command("search", "--limit", "3", "Rechnung").stdout.splitlines()
    check(len(found) == 3, "the imported posts are not found")


def body(lab):
    lab.add_api_account("api")
    lab.start()
    lab.wait_ready()
    for step in (bad_lines, bad_documents, odd_lines, bad_bodies, bad_tokens, no_requests,
                 beginnings, says_why):
        step(lab)
    imports(lab, "running")
    check_imports(lab, "running")
    archive(lab)
    lab.stop()
    imports(lab, "stopped")
    lab.start()
    lab.wait_ready()
    check_imports(lab, "stopped")
    lab.stop()
    with lab.snapshot() as db:
        lab_module.check_sound(db)


if __name__ == "__main__":
    lab_module.run("input", body)
