"""Write what follows from the code: metrics.md, cli.md and the order of imports.

``make pages`` runs this; with --check nothing is written, and the exit code is 1 if a page on
disk differs from what the code says.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click

from topograph.metrics import METRICS, Metric
from topograph_cli.app import topograph

HERE = Path(__file__).resolve().parent
HELP_WIDTH = 78  # of click's help in any terminal of 80 columns or more
IMPORTS = re.compile(r"(?<=<!-- imports -->\n\n```text\n).*?(?=```)", flags=re.DOTALL)
GENERATED = "*This page is generated from the code by `make pages`: do not edit it.*"

METRICS_HEAD = """\
# Metrics

{generated}

Every metric is a plain function in `topograph.metrics`, and a row of a report.

- *Scope* says of what there is a value: of the whole `network`, of each `layer`, or of `both`.
- *Unit* says what is counted; it is empty for pure numbers.
- *Cost* is `linear` in the edges, `quadratic` (up to edges times inputs or outputs), `spectral`
  (singular values of layers) or `exact` (arithmetic on integers of any length).

A metric that has no value on a graph is *undefined*, and the report gives the reason. `M` is the
biadjacency of a layer, `(n_in, n_out)`, and `P = M_1 ... M_L` the path matrix; see
[Concepts](concepts.md) for all words used here.

| metric | scope | unit | cost | definition | paper |
|---|---|---|---|---|---|
{table}
"""

CLI_HEAD = """\
# Command line

{generated}

What every command prints with `--help`. [The report](report.md) explains what they answer.
"""


def main(arguments: list[str] | None = None) -> int:
    """Write the pages, or compare them with those on disk; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if stale")
    options = parser.parse_args(arguments)
    stale = False
    for name, text in pages().items():
        page = HERE / name
        if page.exists() and page.read_text(encoding="utf-8") == text:
            continue
        stale = True
        print(f"{name} {'is stale: run `make pages`' if options.check else 'written'}")
        if not options.check:
            page.write_text(text, encoding="utf-8")
    return 1 if stale and options.check else 0


def pages() -> dict[str, str]:
    """Return the pages that are generated, whole or in part, by file name."""
    architecture = (HERE / "architecture.md").read_text(encoding="utf-8")
    return {
        "metrics.md": metrics_page(),
        "cli.md": cli_page(),
        "architecture.md": IMPORTS.sub(order_of_imports(), architecture),
    }


def order_of_imports() -> str:
    """Return the layers of the contract on imports, a line each."""
    configuration = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = configuration["tool"]["importlinter"]["contracts"]
    return "".join(f"{line}\n" for line in contract["layers"])


def metrics_page() -> str:
    """Return the table of the registry, then a section a metric."""
    rows = [table_row(metric) for metric in METRICS.values()]
    head = METRICS_HEAD.format(generated=GENERATED, table="\n".join(rows))
    return "\n".join([head, *(details(metric) for metric in METRICS.values())]).rstrip() + "\n"


def table_row(metric: Metric) -> str:
    """Return a metric as a row of the table."""
    paper = one_line(sections(metric).get("References", ""))
    link = f"[`{metric.name}`](#{metric.name})"
    cells = [link, metric.scope, metric.unit, metric.cost, metric.legend, paper]
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"


def details(metric: Metric) -> str:
    """Return the section of a metric: definition, value, when it is undefined, paper."""
    found = sections(metric)
    kind, _, value = found["Returns"].partition("\n")
    raised = found.get("Raises", "").partition("\n")[2]
    facts = {
        "Value": f"{kind}. {one_line(value)}" if value else f"{kind}.",
        "Undefined": one_line(raised) or "Never.",
        "Seed": one_line(found.get("Parameters", "").partition("seed : int, default 0\n")[2]),
        "Better": {"less": "Less.", "more": "More."}.get(metric.better or "", ""),
        "Left out": "By default where it would cost too much; the report says so, and why."
        if metric.too_costly
        else "",
        "Paper": one_line(found.get("References", "")),
    }
    parts = [f"## {metric.name}", found["Summary"]]
    parts += ["\n".join(f"- **{name}:** {text}" for name, text in facts.items() if text)]
    imported = f">>> from topograph.metrics import {metric.name}"
    parts += [f"```python\n{imported}\n{found['Examples']}\n```"]
    return "\n\n".join(parts) + "\n"


def sections(metric: Metric) -> dict[str, str]:
    """Split a numpydoc docstring at its underlined titles; what comes first is the summary."""
    title, body = "Summary", {"Summary": []}
    lines = (inspect.getdoc(metric.function) or "").splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if re.fullmatch(r"-{3,}", following):
            title = line
            body[title] = []
        elif not re.fullmatch(r"-{3,}", line):
            body[title].append(line)
    return {title: "\n".join(text).strip("\n") for title, text in body.items()}


def one_line(text: str) -> str:
    """Join the lines of a paragraph."""
    return " ".join(text.split())


def cli_page() -> str:
    """Return the help of every command, at a fixed width."""
    parts = [CLI_HEAD.format(generated=GENERATED)]
    for name, text in helps(topograph, None, "topograph"):
        parts.append(f"## {name}\n\n```text\n{text.rstrip()}\n```\n")
    return "\n".join(parts)


def helps(
    command: click.Command, parent: click.Context | None, name: str
) -> Iterator[tuple[str, str]]:
    """Yield the path and the help of a command and of those under it."""
    context = click.Context(
        command,
        parent=parent,
        info_name=name,
        terminal_width=HELP_WIDTH,
        **command.context_settings,
    )
    yield context.command_path, "\n".join(map(str.rstrip, command.get_help(context).splitlines()))
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            yield from helps(command.get_command(context, below), context, below)


if __name__ == "__main__":
    sys.exit(main())
