"""The parent's side of the worker processes."""

import json
import selectors
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.speed.adapters import ENVIRONMENT
from benchmarks.speed.environments import BENCH, ROOT, Environments


class WorkerFailed(Exception):
    """A worker gave no figure: it cannot, it failed, or it took too long."""


class Worker:
    """One library's process.

    Args:
        library: name of the library.
        python: the interpreter of its environment.
    """

    def __init__(self, library: str, python: Path):
        self.package = library
        self.log = BENCH / "logs" / f"{library}.log"
        with self.log.open("w") as stderr:
            self._process = subprocess.Popen(
                [python, "-m", "benchmarks.speed.worker", library],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        if self._process.stdin is None or self._process.stdout is None:
            raise WorkerFailed(f"{library}: no pipes")
        self._stdin, self._stdout = self._process.stdin, self._process.stdout

    def ask(self, what: str, *, timeout: float, **arguments: Any) -> dict[str, Any]:
        """Send a request and return its answer.

        Raises:
            WorkerFailed: where there is none, or it says that there is no figure.
        """
        request = json.dumps({"ask": what, **arguments}) + "\n"
        try:
            self._stdin.write(request.encode())
            self._stdin.flush()
        except BrokenPipeError:
            raise WorkerFailed(f"the process has ended; see {self.log}") from None
        line = self._read_line(timeout)
        answer = json.loads(line)
        if "unsupported" in answer:
            raise WorkerFailed(answer["unsupported"])
        if "error" in answer:
            with self.log.open("a") as log:
                log.write(answer["error"])
            last = answer["error"].strip().splitlines()[-1]
            raise WorkerFailed(f"{last[:200]} (see {self.log})")
        return answer

    def _read_line(self, timeout: float) -> bytes:
        # Each request has one answer of one line, so a readable pipe holds a whole line soon.
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdout, selectors.EVENT_READ)
            if not selector.select(timeout):
                self.stop()
                raise WorkerFailed(f"no answer within {timeout:.0f} s")
        line = self._stdout.readline()
        if not line:
            raise WorkerFailed(f"the process has ended; see {self.log}")
        return line

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()


class Pool:
    """One worker a library, started when it is first needed."""

    def __init__(self, environments: Environments):
        self._environments = environments
        self._workers: dict[str, Worker] = {}
        self.versions: dict[str, dict[str, str]] = {}

    def worker(self, library: str) -> Worker:
        """Return the library's worker; a new one where the last has ended."""
        worker = self._workers.get(library)
        if worker is None or not worker.alive:
            python = self._environments.python(ENVIRONMENT.get(library, "jax"))
            worker = self._workers[library] = Worker(library, python)
            self.versions[library] = worker.ask("versions", timeout=300)
        return worker

    def note_versions(self, *libraries: str) -> None:
        """Record the versions of libraries that were timed without a worker."""
        for library in libraries:
            self.worker(library)

    def forget(self) -> None:
        """Let all workers drop their models."""
        for worker in self._workers.values():
            if worker.alive:
                worker.ask("forget", timeout=60)

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers.values():
            worker.stop()
