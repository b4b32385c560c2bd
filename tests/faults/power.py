"""power.py - the power fails at random moments under load: the process is killed, and of what it had
written since each file's last fsync the disk has nothing, or a random part of the sectors. What was
acknowledged is there all the same. SQLite; long form only: 200 cuts, or FAULTS_KILLS of them."""

import os
import random
import threading
import time

import lab as lab_module
from lab import check
from ledger import Ledger
from peers import Peers
from shim import Shim

SECRET = "a secret of the test"
CUTS = int(os.environ.get("FAULTS_KILLS") or 200)


def load(ledger, ended):
    while not ended.is_set():
        ledger.post(5)
        ledger.reply()


def body(lab):
    chance = random.Random(lab_module.seed_of_run())
    peers = Peers(1, SECRET)
    peers.calm = True
    lab.add_api_account("api", f"url=http://127.0.0.1:{peers.webhook_port}/hook",
                        f"secret={SECRET}")
    lab.start()
    lab.wait_ready()
    lab.sign_in()
    lab.stop()
    lab.shim = Shim(lab.dir, lab.data, undo=True)
    ledger = Ledger(lab, peers)
    lost = hit = 0
    for n in range(CUTS):
        lab.start()
        lab.wait_ready()
        ended = threading.Event()
        worker = threading.Thread(target=load, args=(ledger, ended))
        worker.start()
        time.sleep(chance.uniform(0, 0.6))
        lab.kill()
        ended.set()
        worker.join()
        taken_back = lab.shim.lose_power(chance)
        lost += taken_back
        hit += taken_back > 0
        with lab_module.saying(f"cut {n + 1}"), lab.snapshot() as db:
            lab_module.check_sound(db)
            ledger.verify(db)
            ledger.verify_peer(db)
    check(hit > CUTS // 10, "too few cuts took anything back to say something")
    print(f"{CUTS} cuts of the power, {hit} took back {lost} bytes in all; "
          f"{len(ledger.acked)} posts and {sum(ledger.replies.values())} replies were "
          "acknowledged, none is lost", flush=True)
    peers.close()


if __name__ == "__main__":
    lab_module.run("power", body)
