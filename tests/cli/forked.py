"""Run the command line in forks of a process that has imported everything, and signal them.

A script of its own: forks are safe only before JAX computes anything. Usage: `python forked.py
SIGNAL SECONDS N_SIGNALS GAP SEED N ARGUMENT...` forks N times, sends N_SIGNALS signals GAP seconds
apart at a random moment in the first SECONDS, which begin for every other fork when it first says
something, and prints a line of JSON for each fork.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from fluvial.cli import main


def run(arguments):
    """Be a process of the command line."""
    sys.argv = ["fluvial", *arguments]
    code: int = 1
    try:
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def forked(arguments, number, delay, n_signals, gap, *, wait):
    """Fork, signal, and tell how it ended."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(write, 1)
        os.dup2(write, 2)
        run(arguments)
    os.close(write)
    said = os.read(read, 1).decode() if wait else ""
    time.sleep(delay)
    began = time.monotonic()
    for _ in range(n_signals):
        os.kill(child, number)
        time.sleep(gap)
    with os.fdopen(read) as output:
        said += output.read()
    _, status = os.waitpid(child, 0)
    return {
        "delay": delay,
        "code": os.waitstatus_to_exitcode(status),
        "seconds": time.monotonic() - began,
        "said": said,
    }


if __name__ == "__main__":
    name, seconds, n_signals, gap, seed, n, *arguments = sys.argv[1:]
    kept = Path(arguments[arguments.index("-o") + 1])
    rng = random.Random(int(seed))
    for i in range(int(n)):
        kept.write_text("old")
        delay = rng.uniform(0, float(seconds))
        wait = i % 2 == 1
        of_signals = getattr(signal, name), delay, int(n_signals), float(gap)
        ended = forked(arguments, *of_signals, wait=wait)
        ended["is_old"] = kept.read_bytes() == b"old"
        print(json.dumps(ended))
