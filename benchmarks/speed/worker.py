"""The process of one library: it answers a JSON line on stdout to each JSON line on stdin."""

import contextlib
import json
import os
import sys
import time
import traceback
from typing import Any

from benchmarks.speed.cores import keep_to_cores
from benchmarks.speed.tasks import Task

SLOW_SECONDS = 1.0
"""A unit that takes longer is tried with one number of threads only, after the first time."""


class _Job:
    """One prepared task, and what is known of its speed."""

    def __init__(self, adapter, task: Task):
        self.adapter = adapter
        self.prepared = adapter.prepare(task)
        self.fastest: tuple[float, int] | None = None

    def warm(self) -> float:
        """Run it once, untimed; return the seconds that this took."""
        start = time.perf_counter()
        if self.prepared.compiles:
            self.adapter.use_threads(self.adapter.thread_choices[-1])
            self.prepared.burst(0.0)
        return time.perf_counter() - start

    def run(self, seconds: float) -> dict[str, Any]:
        """Time it with every number of threads; return the fastest."""
        choices = self.adapter.thread_choices
        if self.fastest is not None and self.fastest[0] > SLOW_SECONDS:
            choices = (self.fastest[1],)
        results = []
        for threads in choices:
            self.adapter.use_threads(threads)
            results.append((self.prepared.burst(seconds), threads))
        self.fastest = min(results)
        return {"seconds": self.fastest[0], "threads": self.fastest[1]}


class _Office:
    """Answers requests."""

    def __init__(self, library: str):
        # Imported after the cores are chosen: libraries count them when they start.
        from benchmarks.speed import adapters

        self._adapter = adapters.load(library)
        self._unsupported = adapters.Unsupported
        self._jobs: dict[int, _Job] = {}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one request; what goes wrong is an answer too."""
        try:
            return getattr(self, "on_" + request.pop("ask"))(**request)
        except self._unsupported as error:
            return {"unsupported": str(error)}
        except Exception:
            return {"error": traceback.format_exc()}

    def on_versions(self) -> dict[str, Any]:
        """Return the versions of the library and of what it stands on."""
        return {"python": sys.version.split()[0], **self._adapter.versions()}

    def on_prepare(self, task: dict[str, Any]) -> dict[str, Any]:
        """Build and warm a task; its number serves to run it."""
        job = _Job(self._adapter, Task.from_json(task))
        number = len(self._jobs)
        self._jobs[number] = job
        warm = job.warm()
        return {"job": number, "n_parameters": job.prepared.n_parameters, "warm_seconds": warm}

    def on_run(self, job: int, seconds: float) -> dict[str, Any]:
        """Time a prepared task."""
        return self._jobs[job].run(seconds)

    def on_forget(self) -> dict[str, Any]:
        """Drop all prepared tasks."""
        self._jobs.clear()
        return {}


def main() -> None:
    """Serve until stdin ends."""
    keep_to_cores()
    # Libraries print; the channel is kept for answers.
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    office = _Office(sys.argv[1])
    with contextlib.suppress(KeyboardInterrupt):
        for line in sys.stdin:
            print(json.dumps(office.answer(json.loads(line))), file=channel, flush=True)


if __name__ == "__main__":
    main()
