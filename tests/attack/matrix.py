"""matrix.py - every route with every role, and with ids of another brand, against the table that was written by hand
(matrix.tsv). A route that is missing there, or stands there and is gone, is a failure too."""
import http.client
import os
import subprocess

from house import Failed, Person, ROLES, Server, case, check, main, same
from things import TABLE, Things

def ask(person, method, path, fields, headers=None):
    """An event stream never ends: its head is the answer."""
    if path == "/desk/events":
        return Head(person, path, headers)
    return person.get(path, headers) if method == "GET" else person.post(path, fields, headers)


class Head:
    def __init__(self, person, path, headers):
        c = http.client.HTTPConnection("127.0.0.1", person.server.port, timeout=20)
        c.request("GET", path, headers=person.headers(headers))
        answer = c.getresponse()
        self.status, self.headers, self.text = answer.status, answer.headers, ""
        c.close()


def expect(found, what, want, answer):
    if str(answer.status) != want:
        found.append(f"{what}: {answer.status} instead of {want}")
    elif want == "303" and "as nobody" in what or "with a token" in what and want == "303":
        place = answer.headers.get("Location")
        if not place.startswith(("/signin", "/desk")):
            found.append(f"{what}: leads to {place}")


@case("every route of the program stands in the table, and no other")
def routes(_):
    lines = subprocess.run([os.environ["LIST_ROUTES"]], capture_output=True, text=True, check=True).stdout.splitlines()
    program = {tuple(line.split("\t")) for line in lines}
    table = {(row[0], row[1]) for row in TABLE}
    same(sorted(program - table), [], "routes without a line")
    same(sorted(table - program), [], "lines without a route")


@case("each route answers each role as the table says")
def roles(things):
    server, found = things.server, []
    for method, route, path, fields, want in TABLE:
        if route == "/signout":
            continue  # ends sessions: below
        for role in ROLES:
            filled = {k: things.fill(v) for k, v in fields.items()}
            answer = ask(server.person("nordlicht", role), method, things.fill(path), filled)
            expect(found, f"{method} {route} as {role}", want[role], answer)
        given = {k: things.fill(v, True) for k, v in fields.items()}
        expect(found, f"{method} {route} as nobody", want["nobody"],
               ask(Person(server), method, things.fill(path, True), given))
        bearer = {"Authorization": f"Bearer {things.world['api']['token']}"}
        expect(found, f"{method} {route} with a token", want["token"],
               ask(Person(server), method, things.fill(path, True), given, bearer))
    if found:
        raise Failed("\n".join(found))


@case("case 01: ids of another brand are answered as ids that do not exist, and nothing changes")
def foreign(things):
    server, found = things.server, []
    stranger = server.person("suedwind", "administrator")
    rows = [row for row in TABLE if row[4]["foreign"] != "-"]
    asked = [(method, route, things.fill(path), {k: things.fill(v) for k, v in fields.items()},
              things.fill(path, True), {k: things.fill(v, True) for k, v in fields.items()}, want["foreign"])
             for method, route, path, fields, want in rows]
    before = server.of_brand(things.world["id"])
    for method, route, path, fields, absent, no_fields, want in asked:
        real = ask(stranger, method, path, fields)
        expect(found, f"{method} {route} as a stranger", want, real)
        none = ask(stranger, method, absent, no_fields)
        if [x.replace(path, absent) if isinstance(x, str) else x for x in real.bare] != list(none.bare):
            found.append(f"{method} {route}: another answer for {path} than for {absent}")
    after = server.of_brand(things.world["id"])
    found += [f"{table} has changed" for table in before if before[table] != after[table]]
    check(before["post"] and before["case"] and before["audit"], "there is something to change")
    if found:
        raise Failed("\n".join(found))


@case("signing out ends the session of whoever asks, and no other")
def sign_out(things):
    server = things.server
    leaving = server.person("nordlicht", "reader")
    same(leaving.post("/signout").status, 303, "signing out")
    same(leaving.get("/desk").status, 303, "afterwards")
    same(server.person("nordlicht", "agent").get("/desk").status, 200, "somebody else")
    same(Person(server).post("/signout").status, 303, "nobody signs out")


with Server() as world:
    main(Things(world))
