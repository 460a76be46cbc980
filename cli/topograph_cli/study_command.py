"""`topograph study`: from a study's file to its report."""

from __future__ import annotations

import click

from topograph_cli.study_collect_command import collect, export
from topograph_cli.study_import_command import import_table
from topograph_cli.study_plan_command import plan
from topograph_cli.study_report_command import ceiling, report
from topograph_cli.study_run_command import run, status


@click.group()
def study() -> None:
    """Ask whether properties of topologies predict trainability: plan, run, report.

    A study is a file STUDY.toml and a folder, by default STUDY.study where you are: its
    preregistration, its results and its report.

    \b
    Examples:
      topograph study plan main.toml
      topograph study run main.toml --jobs 2
      topograph study report main.toml
    """


for _command in (plan, run, status, collect, ceiling, report, export, import_table):
    study.add_command(_command)
