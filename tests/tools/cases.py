"""cases.py - the table of attack cases in SECURITY.md and the tests agree: each case has a line; a line names exactly the
files whose tests bear its number ("case NN: ..."), or says why there is none yet."""
import os
import re
import sys

CASES = 68
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def tests_by_case():
    found = {}
    for folder, folders, files in os.walk(os.path.join(ROOT, "tests")):
        folders[:] = [f for f in folders if f != "node_modules"]
        for name in files:
            path = os.path.join(folder, name)
            if not name.endswith((".c", ".py", ".mjs")) or os.path.samefile(path, __file__):
                continue
            with open(path, encoding="utf-8") as f:
                for number in re.findall(r"case (\d\d): ", f.read()):
                    found.setdefault(int(number), set()).add(os.path.relpath(path, ROOT))
    return found


def main():
    bad = []
    tests = tests_by_case()
    with open(os.path.join(ROOT, "SECURITY.md"), encoding="utf-8") as f:
        rows = {int(n): where for n, where in re.findall(r"^\| (\d\d) \|[^|\n]+\| ([^|\n]+) \|$", f.read(), re.M)}
    for case in range(1, CASES + 1):
        where, have = rows.get(case), tests.get(case, set())
        if where is None:
            bad.append(f"case {case:02} has no line in SECURITY.md")
            continue
        named = set(re.findall(r"`(tests/[^`]+)`", where))
        if named != have:
            bad += [f"case {case:02}: {x} has a test that SECURITY.md does not name" for x in sorted(have - named)]
            bad += [f"case {case:02}: SECURITY.md names {x}, which has no such test" for x in sorted(named - have)]
        if not named and "not yet: " not in where:
            bad.append(f"case {case:02}: neither a test nor a reason")
    bad += [f"there is no case {n}" for n in sorted(set(rows) | set(tests)) if not 0 <= n <= CASES]
    print("\n".join(bad) or f"{len(rows)} cases, {sum(1 for n in rows if tests.get(n))} of them tested")
    return 1 if bad else 0


sys.exit(main())
