"""nodes.py - durable ingest by one, two and three servers on one PostgreSQL, one after the other in one
run; the client, the database and the servers share this machine. Prints posts a second, CPU of a
server and connections to the database. From the source tree, with the variables of tests/faults:
  tests/with-pg --fsync python3 bench/nodes.py"""

import os
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "faults"))
from cluster import House  # noqa: E402
from ledger import Ledger  # noqa: E402

SECONDS, CLIENTS, BATCH = 6, 6, 20
TICKS = os.sysconf("SC_CLK_TCK")


def cpu(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure(house, nodes, brand_accounts, turn):
    ledgers = []
    for i in range(CLIENTS):
        node = nodes[i % len(nodes)]
        node.token = brand_accounts[i % len(brand_accounts)]
        ledgers.append(Ledger(node, None, f"t{turn}c{i}-"))
    until = time.monotonic() + SECONDS
    before = sum(cpu(n.server.pid) for n in nodes)

    def work(ledger):
        while time.monotonic() < until:
            ledger.post(BATCH)

    threads = [threading.Thread(target=work, args=(x,)) for x in ledgers]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    posts = sum(len(x.acked) for x in ledgers)
    used = sum(cpu(n.server.pid) for n in nodes) - before
    connections = house.db.row("SELECT count(*) FROM pg_stat_activity WHERE backend_type = "
                               "'client backend' AND application_name = 'zuruf'")[0]
    print(f"{len(nodes)} nodes: {posts / SECONDS:6.0f} posts/s, {used / max(posts, 1) * 1e6:5.0f} us of "
          f"CPU a post in the servers, {connections} connections, load {os.getloadavg()[0]:.0f}", flush=True)


def main():
    house = House(tempfile.mkdtemp(prefix="zuruf-bench-"), 3)
    try:
        house.nodes[0].add_api_account("api")
        token = house.nodes[0].token
        house.start()
        for turn, n in enumerate((1, 2, 3, 3, 2, 1)):
            measure(house, house.nodes[:n], [token], turn)
    finally:
        house.close(False)


if __name__ == "__main__":
    main()
