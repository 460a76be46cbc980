"""From a study's folder to its report."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path

from topograph.study.analysing import analyse_study
from topograph.study.collecting import collect_study
from topograph.study.design.preregistration import check_registered, registered
from topograph.study.design.specification import Specification
from topograph.study.design.units import count_runs
from topograph.study.report import WrittenReport, write_report
from topograph.version import topograph_version


def report_study(
    specification: Specification,
    folder: Path,
    target: Path,
    *,
    jobs: int = 1,
    progress: Callable[[str, int, int], None] | None = None,
) -> WrittenReport:
    """Run the tests that were laid down on what is done, and write the report.

    Parameters
    ----------
    specification : Specification
    folder : Path
        Of the study.
    target : Path
        Where the report goes.
    jobs : int, default 1
        Processes that measure topologies.
    progress : callable, optional

    Raises
    ------
    ParameterError
        If the study was not registered as it is.
    Undefined
        If no run is done yet.
    MissingExtraError
        If matplotlib is not installed.
    """
    check_registered(specification, folder)
    rows = collect_study(specification, folder, jobs=jobs, progress=progress)
    if progress is not None:
        progress("make the tests", 0, 1)
    results = analyse_study(rows, specification)
    total = count_runs(specification)
    versions = sorted({f"torch {row['torch']}" for row in rows})
    about = {
        "Runs done": f"{len(rows)} of {total}",
        "Versions": ", ".join([f"topograph {topograph_version()}", *versions]),
        "Devices": ", ".join(sorted({str(row["device"]) for row in rows})),
        "Report written with": f"Python {platform.python_version()}",
    }
    return write_report(
        rows, specification, results, target, registered=registered(folder), about=about
    )
