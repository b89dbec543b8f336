"""Kill fits at random moments, let each go on and kill it again, and finish what is left.

A script of its own: forks are safe only before JAX computes anything. Usage: `python killed.py
SECONDS SEED N ARGUMENT...` does so for N first and N second moments, each within SECONDS, which
begin for two of three fits when they have written a checkpoint. It prints a line of JSON for each:
the exit codes, how many checkpoints were there after a kill, the checksum of the model, and the
names of other files that were left.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

from tests.cli.forked import run

from fluvial.artifacts import read_model
from fluvial.densities import checkpoint
from fluvial.training import host_loop

N_KILLS = 2
MAX_WAIT = 60.0
"""Seconds that a checkpoint is waited for."""


def fork(arguments):
    child = os.fork()
    if not child:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        run(arguments)
    return child


def ended(child):
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def version(path):
    """Tell one content of a file from the next; None without a file."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def killed(arguments, seconds, at, *, wait):
    """Kill a fit after some time, in which it may have ended."""
    before = version(at)
    child = fork(arguments)
    until = time.monotonic() + MAX_WAIT
    while wait and version(at) in (None, before) and time.monotonic() < until:
        time.sleep(0.01)
        if before is not None and version(at) is None:  # it has ended
            break
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return ended(child)


def one(arguments, kept, moments, *, wait):
    """Kill a fit at each moment, then let it end."""
    at = Path(f"{kept}.checkpoint")
    codes, n_checkpoints = [], 0
    for moment in moments:
        codes.append(killed([*arguments, *["--resume"] * at.exists()], moment, at, wait=wait))
        n_checkpoints += at.exists()
        if kept.exists():
            break
    if not kept.exists():
        codes.append(ended(fork([*arguments, *["--resume"] * at.exists()])))
    model = read_model(kept).sha256
    left = sorted(path.name for path in Path.cwd().iterdir() if path != kept)
    kept.unlink()
    at.unlink(missing_ok=True)
    return {"codes": codes, "checkpoints": n_checkpoints, "model": model, "left": left}


if __name__ == "__main__":
    seconds, seed, n, *arguments = sys.argv[1:]
    checkpoint.INTERVAL_SECONDS = 0.0
    checkpoint.MOST_TIME = 1e9
    host_loop.SEGMENT_SECONDS = 0.02
    host_loop.TIMED_STEPS = 1
    rng = random.Random(int(seed))
    kept = Path.cwd() / arguments[arguments.index("-o") + 1]
    for i in range(int(n)):
        moments = [rng.uniform(0, float(seconds)) for _ in range(N_KILLS)]
        print(json.dumps(one(arguments, kept, moments, wait=i % 3 > 0)), flush=True)
