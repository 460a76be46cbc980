from __future__ import annotations

import json
import subprocess
import sys

import pytest

from topograph.metrics import METRICS
from topograph_cli.app import topograph


def test_help_loads_neither_numpy_nor_torch():
    code = (
        "import sys; from topograph_cli.app import run; run(['--help']); run(['analyze', '-h']);"
        "print([m for m in ('numpy', 'scipy', 'torch', 'rich', 'networkx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


def test_the_library_loads_nothing_heavy(tmp_path):
    code = (
        "import sys, numpy, topograph, topograph.toy; topograph.analyze(topograph.toy.fano());"
        "print([m for m in ('torch', 'igraph', 'networkx', 'hypothesis', 'matplotlib', 'rich')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "[]"


def test_a_report_as_a_table_loads_neither_figures_nor_pages(tmp_path):
    code = (
        "import sys; from topograph_cli.app import run;"
        "run(['analyze', 'generate:radix --systems [[2,3]]', '--quiet']);"
        "print([m for m in ('topograph.plots', 'topograph.export.html_page', 'jinja2', 'joblib')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip().endswith("[]")


def test_the_entry_point_works_as_a_program(tmp_path):
    code = "import sys; sys.argv[0] = 'topograph'; from topograph_cli.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "analyze", str(tmp_path / "none.npz")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_a_reader_that_hangs_up_is_no_error(radix):
    code = "import sys; sys.argv[0] = 'topograph'; from topograph_cli.app import main; main()"
    command = f'{sys.executable} -c "{code}" analyze {radix} | head -n 1'
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)  # noqa: S602
    assert done.stdout.startswith("source")
    assert "Traceback" not in done.stderr


def test_version_and_unknown_commands(run):
    assert run("--version").out.startswith("topograph ")
    assert run("nonsense").code == 2


def test_metrics_lists_the_registry(run):
    table = run("metrics").out
    listed = json.loads(run("metrics", "--format", "json").out)
    assert [row["name"] for row in listed] == list(METRICS)
    assert all(name in table for name in METRICS)
    assert "||P - c J||_F" in run("metrics", "path_count_cv").out
    assert run("metrics", "nonsense").code == 2


def test_an_interrupt_is_130(run, radix, monkeypatch):
    import topograph.analysis

    def interrupted(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(topograph.analysis, "analyze", interrupted)
    outcome = run("analyze", radix)
    assert outcome.code == 130
    assert "Interrupted" in outcome.err


def test_running_out_of_memory_is_a_sentence(run, radix, monkeypatch):
    import topograph.analysis

    def exhausted(*_args, **_options):
        raise MemoryError

    monkeypatch.setattr(topograph.analysis, "analyze", exhausted)
    outcome = run("analyze", radix)
    assert outcome.code == 1
    assert "memory" in outcome.err


def test_the_progress_bar_shows_on_a_terminal_only(monkeypatch):
    import io
    import time

    from topograph_cli import progress

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0.01)
    for stream, quiet, shown in (
        (Terminal(), False, True),
        (Terminal(), True, False),
        (io.StringIO(), False, False),
    ):
        monkeypatch.setattr(sys, "stderr", stream)
        with progress.ProgressBar(quiet) as bar:
            bar("verify symmetric", 1, 3)
            time.sleep(0.3)
            bar("path_count", 2, 3)
        assert ("verify symmetric" in stream.getvalue()) == shown


@pytest.mark.parametrize("name", topograph.commands)
def test_every_command_has_help(run, name):
    outcome = run(name, "--help")
    assert outcome.code == 0
    assert outcome.out.startswith(f"Usage: topograph {name} ")
    first = topograph.commands[name].help.partition("\n")[0]
    assert first in " ".join(outcome.out.split())
