"""Time sparse layers beside what PyTorch offers, each in a process of its own.

Milliseconds of process time, the best of several repeats, on one thread; memory is the peak
above that after the imports. Machines are noisy: read the ratios.

    python tests/benchmarks/sparse_layers.py [layer|wide|radix ...]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # as a program it lies outside

from tests.benchmarks.layer_tables.layers import Step
from tests.benchmarks.layer_tables.radix import PAIRS
from tests.benchmarks.layer_tables.square import SQUARE
from tests.benchmarks.layer_tables.wide import WIDE

METHODS = SQUARE | WIDE | {key: make for pair in PAIRS.values() for key, make in pair.items()}
TABLES = {"layer": [list(SQUARE)], "wide": [list(WIDE)], "radix": [list(p) for p in PAIRS.values()]}


def main() -> None:
    """Run the tables asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", help=f"of {', '.join(TABLES)}; all by default")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--method", help="one method in this process, as JSON")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    if asked.method:
        print(json.dumps(_measure(METHODS[asked.method], asked.repeats)))  # noqa: T201
        return
    for table in asked.tables or TABLES:
        for methods in TABLES[table]:
            _print_table(methods, asked.repeats)


def _print_table(methods: list[str], repeats: int) -> None:
    print("| method | time | | peak memory | |\n| --- | ---: | ---: | ---: | ---: |")  # noqa: T201
    first: dict[str, float] = {}
    for method in methods:
        run = [sys.executable, __file__, "--method", method, "--repeats", str(repeats)]
        done = subprocess.run(run, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout)
        first = first or found
        times, memory = found["ms"] / first["ms"], found["mib"] / first["mib"]
        print(  # noqa: T201
            f"| {method} | {found['ms']:.0f} ms | x{times:.2f} | {found['mib']:.0f} MiB "
            f"| x{memory:.2f} |",
            flush=True,
        )


def _measure(make: Callable[[], Step], repeats: int) -> dict[str, float]:
    before = _peak()
    step = make()
    step()
    seconds = []
    for _ in range(repeats):
        began = time.process_time()
        step()
        seconds.append(time.process_time() - began)
    return {"ms": 1e3 * min(seconds), "mib": _peak() - before}


def _peak() -> float:
    """Return the largest resident memory of this process so far, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    main()
