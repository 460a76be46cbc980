"""The documentation says what is so.

Generated pages are up to date; every `topograph` command on a page parses; sessions in
```console blocks print what the page shows (a line `...`, or `...` inside a line, stands for
anything); Python examples run. All blocks of a page run in order, in a folder of their own
that holds the examples.
"""

from __future__ import annotations

import contextlib
import difflib
import doctest
import importlib
import inspect
import io
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import click
import pytest
from hypothesis import given

import topograph
import topograph.warnings_of_graphs
from topograph.analysis import measure
from topograph.metrics import METRICS
from topograph.testing import layered_graphs
from topograph_cli.app import run
from topograph_cli.app import topograph as command_line

ROOT = Path(__file__).parents[2]
PAGES = [
    path
    for path in (ROOT / "README.md", ROOT / "examples/README.md", *sorted(ROOT.glob("docs/*.md")))
    if path.exists()
]
BLOCK = re.compile(r"^( *)```(\w+)([^\n]*)\n(.*?)^\1```$", flags=re.DOTALL | re.MULTILINE)
OTHER_PROGRAMS = ("pip", "make", "python", "pytest", "eval", "_TOPOGRAPH_COMPLETE")


class Block(NamedTuple):
    language: str
    title: str
    text: str


def blocks(page):
    for indent, language, options, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        title = re.search(r'title="([^"]+)"', options)
        lines = (line.removeprefix(indent) for line in text.splitlines(keepends=True))
        yield Block(language, title[1] if title else "", "".join(lines))


def commands(block):
    """Return the command lines of a block, without prompts, comments and continuations."""
    joined = block.text.replace("\\\n", " ").splitlines()
    if block.language == "console":
        joined = [line[2:] for line in joined if line.startswith("$ ")]
    return [line for line in joined if line.strip() and not line.startswith("#")]


def every_command():
    for page in PAGES:
        for block in blocks(page):
            if block.language in ("sh", "console"):
                for line in commands(block):
                    yield pytest.param(line, id=f"{page.name}: {line}")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with the examples in it, as the working directory."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    metrics, modules = dict(METRICS), set(sys.modules)
    yield tmp_path
    METRICS.clear()
    METRICS.update(metrics)
    for name in set(sys.modules) - modules:
        if getattr(sys.modules[name], "__file__", None) == str(tmp_path / f"{name}.py"):
            del sys.modules[name]


def test_generated_pages_are_up_to_date():
    script = ROOT / "docs" / "generate_pages.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_stale_page_is_noticed(tmp_path):
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    script = [sys.executable, tmp_path / "docs" / "generate_pages.py"]
    (tmp_path / "docs" / "metrics.md").unlink()
    assert subprocess.run([*script, "--check"], capture_output=True).returncode == 1
    assert subprocess.run(script, capture_output=True).returncode == 0
    assert subprocess.run([*script, "--check"], capture_output=True).returncode == 0
    with (tmp_path / "docs" / "cli.md").open("a") as page:
        page.write("more\n")
    assert subprocess.run([*script, "--check"], capture_output=True).returncode == 1


def test_every_target_of_make_that_a_page_names_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        named = re.findall(r"`make ([a-z-]+)`", text)
        named += re.findall(r"^(?:    )?make ([a-z-]+)(?: +#.*)?$", text, flags=re.MULTILINE)
        assert set(named) <= targets, page


def test_metrics_page_has_every_metric_with_its_definition():
    page = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    for metric in METRICS.values():
        assert f"\n## {metric.name}\n\n{metric.legend}\n" in page


@given(layered_graphs())
def test_metrics_that_are_never_undefined_never_are(graph):
    for metric in METRICS.values():
        if "Raises\n" not in inspect.getdoc(metric.function):
            assert all(row.undefined is None for row in measure(graph, metric))


def test_command_line_page_shows_what_help_prints(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for words in re.findall(r"^## topograph *(.*)$", page, flags=re.MULTILINE):
        assert run([*words.split(), "--help"]) == 0
        printed = "\n".join(map(str.rstrip, capsys.readouterr().out.splitlines()))
        assert f"```text\n{printed}\n```" in page


@pytest.mark.parametrize("line", list(every_command()))
def test_commands_on_pages_exist_with_their_options(line):
    first, *words = shlex.split(line, comments=True)
    if first != "topograph":
        assert first == "echo" or first.startswith(OTHER_PROGRAMS)
        return
    command = command_line
    root = click.Context(command_line, **command_line.context_settings)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        command = command.get_command(click.Context(command, parent=root), name)
        assert command is not None, f"there is no command {name}"
    with contextlib.suppress(click.exceptions.Exit):
        command.make_context(command.name, words, parent=root)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_blocks_of_the_page_do_what_it_says(page, folder):
    names = {"__name__": "page"}
    for block in blocks(page):
        if block.language == "console":
            difference = compare_session(block)
            assert not difference, difference
        elif block.language == "sh":
            for line in commands(block):
                if line.startswith("topograph "):
                    code, printed = run_command(line)
                    assert code == 0, f"{line}\n{printed}"
        elif block.language == "python" and block.title:
            (folder / block.title).write_text(block.text)
            if block.title.startswith("test_"):
                run_tests(block.title.removesuffix(".py"))
        elif block.language == "python":
            run_python(block, names, page)


def run_command(line):
    """Run a command line in this process; its exit code and all that it printed."""
    words = [
        found
        for word in shlex.split(line, comments=True)[1:]
        for found in (sorted(map(str, Path().glob(word))) if "*" in word else [word])
    ]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = run(words)
    return code, printed.getvalue()


def compare_session(block):
    """Run a console session; return the difference to what it shows, empty if there is none."""
    code, shown, actual = 0, [], []
    for line in block.text.splitlines():
        shown.append(line)
        if line == "$ echo $?":
            actual += [line, str(code)]
        elif line.startswith("$ "):
            code, printed = run_command(line[2:])
            actual += [line, *printed.splitlines()]
    shown_text, actual_text = ("\n".join(lines) + "\n" for lines in (shown, actual))
    checker, flags = doctest.OutputChecker(), doctest.ELLIPSIS
    if checker.check_output(shown_text, actual_text, flags):
        return ""
    lines = difflib.ndiff(shown, actual)
    return "page (-) and commands (+) differ:\n" + "\n".join(lines)


def run_python(block, names, page):
    """Run a block as a doctest if it has prompts, else as code."""
    if ">>>" not in block.text:
        exec(compile(block.text, str(page), "exec"), names)  # noqa: S102
        return
    test = doctest.DocTestParser().get_doctest(block.text, names, page.name, str(page), 0)
    complaints: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF)
    runner.run(test, out=complaints.append, clear_globs=False)
    names.update(test.globs)
    assert not complaints, "".join(complaints)


def run_tests(module):
    """Import a test module and call its tests."""
    found = vars(importlib.import_module(module))
    tests = [function for name, function in found.items() if name.startswith("test_")]
    assert tests
    for function in tests:
        function()


def test_report_page_names_every_field_and_warning():
    page = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    report = topograph.analyze(topograph.toy.broken_bridge()).as_dict()
    fields = set(report)
    for part in ("layers", "verdicts", "measurements", "warnings"):
        fields |= set(report[part][0])
    said = inspect.getsource(topograph.warnings_of_graphs)
    codes = re.findall(r'Warn\(\s*"([a-z-]+)"', said)
    assert len(codes) >= 9
    assert [name for name in [*sorted(fields), *codes] if f"`{name}`" not in page] == []


def test_architecture_page_says_what_every_package_is_for():
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    order = page.partition("<!-- imports -->")[2].split("```")[1]
    packages = re.findall(r"topograph\.(\w+)", order)
    assert len(packages) > 10
    assert [name for name in packages if f"| `{name}` |" not in page] == []


def test_comparison_in_the_examples_is_what_its_script_prints():
    script = ROOT / "examples" / "compare_radix_and_random.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout in (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
