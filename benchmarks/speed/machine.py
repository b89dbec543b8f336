"""What machine the figures come from."""

import os
import platform
from pathlib import Path

from benchmarks.speed.cores import CORES


def describe_machine() -> list[str]:
    """Return the processor, its cores, the system and the load, as lines of a list."""
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return [
        f"* processor: {_processor()}, {os.cpu_count()} cores, of which {CORES} are used",
        f"* system: {platform.system()} {platform.machine()}",
        f"* load before the first run: {load}",
    ]


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
