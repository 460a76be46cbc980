"""The entry point: commands, errors as one sentence, exit codes."""

from __future__ import annotations

import io
import sys
from typing import NoReturn

import click

from topograph_cli.analyze_command import analyze
from topograph_cli.bench_command import bench
from topograph_cli.bottleneck_command import bottleneck
from topograph_cli.check_command import check
from topograph_cli.collect_command import collect
from topograph_cli.compare_command import compare
from topograph_cli.convert_command import convert
from topograph_cli.data_command import data
from topograph_cli.draw_command import draw
from topograph_cli.export_command import export
from topograph_cli.generate_command import generate
from topograph_cli.metrics_command import metrics
from topograph_cli.parameters import SETTINGS
from topograph_cli.prune_command import prune
from topograph_cli.study_command import study
from topograph_cli.suggest_command import suggest
from topograph_cli.train_command import train
from topograph_cli.twin_command import twin
from topograph_cli.verify_command import verify

BAD_INPUT, WRONG_OPTION, INTERRUPTED = 1, 2, 130

EPILOG = """\b
Exit codes:
  0    done, or every property holds
  1    an input is missing, unreadable or no mask, or an extra is not installed
  2    a wrong option
  3    warnings under --strict
  4    a property is refuted, or a mask violated
  5    a property is undecided
  130  interrupted
"""


@click.group(epilog=EPILOG, context_settings=SETTINGS)
@click.version_option(package_name="topograph", message="topograph %(version)s")
def topograph() -> None:
    """Measure, verify and generate the topology of sparse neural networks."""


_MEASURE = (analyze, verify, check, bottleneck, compare, draw, metrics)
_MAKE = (generate, suggest, twin, prune, convert)
_TRAIN = (export, train, collect, data, study, bench)
for _command in (*_MEASURE, *_MAKE, *_TRAIN):
    topograph.add_command(_command)


def main() -> NoReturn:
    """Run the command line and exit with the documented code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what an encoding lacks is no reason to fail
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run a command and return its exit code; errors are one sentence on stderr."""
    try:
        outcome = topograph.main(arguments, prog_name="topograph", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.UsageError as wrong:
        wrong.show()
        return WRONG_OPTION
    except click.ClickException as wrong:
        wrong.show()
        return BAD_INPUT
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        return _closed()
    except SystemExit as ended:
        if "PacifyFlush" in type(sys.stdout).__name__:  # how click says that a pipe closed
            return _closed()
        return ended.code if isinstance(ended.code, int) else BAD_INPUT
    except Exception as error:
        return _explain(error)
    return outcome if isinstance(outcome, int) else 0


def _closed() -> int:
    """Whoever read the answer has read enough."""
    sys.stderr.close()
    return 0


def _explain(error: Exception) -> int:
    from topograph.errors import ParameterError, TopographError

    if isinstance(error, TopographError):
        click.echo(f"Error: {error.message}", err=True)
        if error.hint:
            click.echo(f"Hint: {error.hint}", err=True)
        return WRONG_OPTION if isinstance(error, ParameterError) else BAD_INPUT
    if isinstance(error, MemoryError):
        click.echo("Error: this needs more memory than the machine has.", err=True)
        return BAD_INPUT
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        click.echo(f"Error: {place}{error.strerror or error}.", err=True)
        return BAD_INPUT
    raise error
