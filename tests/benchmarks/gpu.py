"""Measure on a CUDA device what could only be estimated without one.

Every section prints a Markdown table and can be run alone; `--output` keeps the numbers as
JSON, written anew after every section. A section starts no case once its seconds are over, so
that a run of n sections takes about n times `--seconds`. `widest` fills the memory and comes
last, as an error of the device there would spoil what follows.

    python tests/benchmarks/gpu.py [SECTION ...] [--seconds 60] [--output gpu.json]
    python tests/benchmarks/gpu.py --device cpu --quick      # tiny sizes: does it run at all?

Topology-epochs per second: how many nets are trained for 468 steps, an epoch of MNIST, in a
second. All times end with the device at rest; the best of several repeats is taken.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # as a program it lies outside

from tests.benchmarks.gpu_sections.arithmetic import set_arithmetic
from tests.benchmarks.gpu_sections.bench import Bench, Row
from tests.benchmarks.gpu_sections.convolution_ways import convolutions
from tests.benchmarks.gpu_sections.densities import break_even
from tests.benchmarks.gpu_sections.loops import aim
from tests.benchmarks.gpu_sections.radix_times import radix
from tests.benchmarks.gpu_sections.repetition import determinism
from tests.benchmarks.gpu_sections.rounded import tf32
from tests.benchmarks.gpu_sections.subjects import noise
from tests.benchmarks.gpu_sections.widths import widest

SECTIONS: dict[str, tuple[str, Callable[[Bench], Iterator[Row]]]] = {
    "breakeven": ("topology-epochs/s of the engines dense and sparse", break_even),
    "tf32": ("the dense engine in TF32 against fp32", tf32),
    "convolutions": ("images x nets per second, forward and backward", convolutions),
    "determinism": ("two runs from the same seeds", determinism),
    "radix": ("RadiX layers as shifted views, CSR, BSR and dense", radix),
    "aim": ("engines against a loop over modules", aim),
    "widest": ("the widest layer with 32 edges a unit that can be trained", widest),
}


def main() -> None:
    """Run the sections asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_AsWritten)
    parser.add_argument("sections", nargs="*", help=f"of {', '.join(SECTIONS)}; all by default")
    parser.add_argument("--seconds", type=float, default=60.0, help="of a section, about")
    parser.add_argument("--output", type=Path, help="file for the numbers, as JSON")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to test this script")
    asked = parser.parse_args()
    if stray := [name for name in asked.sections if name not in SECTIONS]:
        parser.error(f"no section {', '.join(stray)}; there are {', '.join(SECTIONS)}")
    # cuBLAS reads it once, and is deterministic with it; on a Hopper this is its size anyway
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    device = torch.device(asked.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        parser.error("torch finds no CUDA device; --device cpu --quick tests the script")
    if device.type == "cpu":
        torch.set_num_threads(1)
    found: dict[str, Any] = _about(device) | {"sections": {}, "failed": {}}
    _say(f"{found['device']}, torch {found['torch']}, {found['date']}")
    for name in asked.sections or SECTIONS:
        rows, failure = _run(name, Bench(device, asked.quick, asked.seconds))
        found["sections"][name] = rows
        if failure:
            found["failed"][name] = failure
        if asked.output is not None:
            asked.output.write_text(json.dumps(found, indent=1))
    if found["failed"]:
        raise SystemExit(1)


class _AsWritten(argparse.RawDescriptionHelpFormatter):
    """Show the description line by line."""


def _about(device: torch.device) -> dict[str, str]:
    has_cuda = device.type == "cuda"
    return {
        "device": torch.cuda.get_device_name(device) if has_cuda else "CPU",
        "torch": torch.__version__,
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def _run(name: str, bench: Bench) -> tuple[list[Row], str]:
    """Print the table of a section row by row; return the rows, and why it failed if it did."""
    title, section = SECTIONS[name]
    _say(f"\n## {name}: {title}\n")
    rows: list[Row] = []
    failure = ""
    try:
        with torch.random.fork_rng(devices=[]):
            for row in section(bench):
                if not rows:
                    _say(f"| {' | '.join(row)} |\n| {' | '.join('---' for _ in row)} |")
                _say(f"| {' | '.join(map(_cell, row.values()))} |")
                rows.append(row)
    except Exception as error:  # the other sections are still worth having
        failure = f"{type(error).__name__}: {error}".split("\n")[0]
        _say(f"\nFailed: {failure}")
    finally:
        set_arithmetic("fp32")
        if torch.are_deterministic_algorithms_enabled():
            torch.use_deterministic_algorithms(False)
        noise.cache_clear()
        with suppress(RuntimeError):  # after an error of the device all calls fail
            bench.forget_peak()
    _say(f"\n{time.monotonic() - bench.began:.0f} s{'' if bench.has_time() else ', out of time'}")
    return rows, failure


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
    return str(value).replace("|", "/")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
