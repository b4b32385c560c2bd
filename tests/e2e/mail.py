"""mail.py COMMAND ...: an ordinary mail program for the tests, made of Python's own modules.

  send PORT FROM TO     hands the message on stdin to the SMTP server on that port
  read PORT CA USER     every message in USER's INBOX over IMAPS, as a JSON list, oldest first
"""
import email
import email.policy
import imaplib
import json
import smtplib
import ssl
import sys


def send(port, sender, to):
    with smtplib.SMTP("127.0.0.1", int(port)) as server:
        server.sendmail(sender, [to], sys.stdin.buffer.read())


def told(raw):
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    body = mail.get_body(("plain",))
    headers = {name: str(mail[name] or "") for name in
               ("From", "To", "Subject", "Message-ID", "In-Reply-To", "References", "Auto-Submitted")}
    return headers | {"text": body.get_content() if body else ""}


def read(port, ca, user):
    box = imaplib.IMAP4_SSL("localhost", int(port), ssl_context=ssl.create_default_context(cafile=ca))
    box.login(user, "geheim und lang")
    box.select("INBOX", readonly=True)
    numbers = box.search(None, "ALL")[1][0].split()
    json.dump([told(box.fetch(n, "(BODY.PEEK[])")[1][0][1]) for n in numbers], sys.stdout)
    box.logout()


{"send": send, "read": read}[sys.argv[1]](*sys.argv[2:])
