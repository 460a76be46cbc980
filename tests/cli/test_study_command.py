from __future__ import annotations

import json
import re

import pytest

from tests.study.small_studies import FILE
from topograph.study.design.preregistration import PREREGISTRATION
from topograph.study.execution.store import stored_rows

pytest.importorskip("torch")
pytest.importorskip("sklearn")

COMMANDS = ("plan", "run", "status", "collect", "ceiling", "report", "export")
HERE = ("--device", "cpu", "--engine", "sparse", "--quiet")


@pytest.fixture
def study(run, tmp_path, monkeypatch):
    """Run `topograph study` on a small study in an empty folder."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path)

    def start(command, *options):
        return run("study", command, "small.toml", *options)

    return start


def write(folder, count=2, more=""):
    (folder / "small.toml").write_text(FILE.format(count=count) + more)


def is_one_sentence(outcome, code):
    lines = outcome.err.strip().splitlines()
    assert outcome.code == code, outcome
    assert lines[0].startswith(("Error: ", "Usage: "))
    assert "Traceback" not in outcome.err
    return outcome.err


def test_every_command_has_help(run):
    listed = run("study", "--help")
    assert listed.code == 0
    for command in COMMANDS:
        assert re.search(rf"^  {command} ", listed.out, re.MULTILINE)
        shown = run("study", command, "--help")
        assert shown.code == 0
        assert "STUDY.toml" in shown.out
        assert "--folder" in shown.out


def test_from_plan_to_table(study, tmp_path):
    planned = study("plan", "--no-trial", "--quiet")
    assert planned.code == 0
    assert "small 0.25" in planned.out
    assert "384 96 40" in planned.out
    assert "16 runs of 1 variants" in planned.out
    folder = tmp_path / "small.study"
    content = json.loads((folder / PREREGISTRATION).read_text())
    assert content["hash"] in planned.out
    assert "0 of 16 runs are done" in study("status").out

    half = study("run", *HERE, "--members", "2", "--shard", "1/2")
    assert half.out == "8 runs done in small.study.\n"
    status = study("status")
    assert status.code == 0
    assert re.search(r"small 0\.25 +digits +8/16", status.out)
    assert "8 of 16 runs are done." in status.out

    assert study("run", *HERE, "--members", "2", "--shard", "2/2").out.startswith("8 runs done")
    assert study("run", *HERE).out == "0 runs done in small.study.\n"
    assert study("status", "--watch", "0.1").out.endswith("16 of 16 runs are done.\n")

    ceiling = study("ceiling")
    assert ceiling.code == 0
    assert re.search(r"digits, small +small 0\.25 +3 +8", ceiling.out)

    collected = study("collect", "--quiet")
    assert collected.code == 0
    assert collected.out.startswith("16 runs in small.study/table.")
    exported = study("export", "-o", "table.jsonl", "--quiet")
    assert exported.out == "16 runs in table.jsonl.\n"
    rows = [json.loads(line) for line in (tmp_path / "table.jsonl").read_text().splitlines()]
    assert len(rows) == 16
    assert "loss" not in rows[0]
    assert study("export", "-o", "curves.jsonl", "--curves", "--quiet").code == 0
    assert "loss" in json.loads((tmp_path / "curves.jsonl").read_text().splitlines()[0])


def test_the_report_is_written_as_a_page_for_the_browser_too(study, tmp_path):
    for package in ("jinja2", "markdown_it", "matplotlib"):
        pytest.importorskip(package, reason="pages need the extra pictures")
    write(tmp_path, more="\n[statistics]\nn_permutations = 99\nn_resamples = 99\n")
    assert study("plan", "--no-trial", "--quiet").code == 0
    assert study("run", *HERE).code == 0
    written = study("report", "--html", "study.html", "--quiet")
    assert written.code == 0
    assert "study.html" in written.out
    page = (tmp_path / "study.html").read_text(encoding="utf-8")
    title = (tmp_path / "small.study/report/report.md").read_text().splitlines()[0]
    assert title.replace("# ", "<h1>") + "</h1>" in page
    assert 'src="data:image/svg+xml;base64,' in page


def test_the_hash_stays_and_amending_is_told(study, tmp_path):
    first = study("plan", "--no-trial", "--quiet")
    assert study("plan", "--no-trial", "--quiet").out == first.out
    assert study("run", *HERE).out.startswith("16 runs done")
    write(tmp_path, count=3)
    for command in (("plan", "--no-trial"), ("run", *HERE)):
        assert "topologies" in is_one_sentence(study(*command), 2)
    amended = study("plan", "--no-trial", "--quiet", "--amend")
    assert amended.code == 0
    assert amended.out.splitlines()[-1] != first.out.splitlines()[-1]
    assert study("run", *HERE).out == "4 runs done in small.study.\n"
    content = json.loads((tmp_path / "small.study" / PREREGISTRATION).read_text())
    assert [one["changed"] for one in content["amends"]] == [["topologies"]]


def test_nothing_runs_before_it_is_registered(study, tmp_path):
    for options in ((), ("--bundles", "bundles"), ("--shard", "2/2")):
        error = is_one_sentence(study("run", *HERE, *options), 2)
        assert "topograph study plan" in error
    assert not (tmp_path / "bundles").exists()
    assert not (tmp_path / "small.study").exists()


def test_a_changed_preregistration_is_found(study, tmp_path):
    study("plan", "--no-trial", "--quiet")
    file = tmp_path / "small.study" / PREREGISTRATION
    file.write_text(file.read_text().replace('"seeds"', '"sedes"'))
    for command in (("run", *HERE), ("plan", "--no-trial", "--quiet", "--amend")):
        assert "hash does not fit" in is_one_sentence(study(*command), 1)


def test_what_is_not_done_cannot_be_judged(study):
    assert "must be registered" in is_one_sentence(study("ceiling"), 2)
    assert "must be registered" in is_one_sentence(study("status"), 2)
    study("plan", "--no-trial", "--quiet")
    assert "no run" in is_one_sentence(study("ceiling"), 1)


def test_a_folder_may_be_named(study, tmp_path):
    assert study("plan", "--no-trial", "--quiet", "--folder", "elsewhere").code == 0
    assert (tmp_path / "elsewhere" / PREREGISTRATION).is_file()
    assert not (tmp_path / "small.study").exists()
    assert study("run", *HERE, "--folder", "elsewhere").out == "16 runs done in elsewhere.\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--shard", "half"), "I/N"),
        (("--shard", "3/2"), "shard"),
        (("--shard", "1/2", "--bundles", "bundles"), "`topograph train BUNDLE --shard`"),
        (("--jobs", "0"), "--jobs"),
        (("--members", "0"), "--members"),
        (("--backend", "ray"), "ray"),
        (("--engine", "steam"), "steam"),
        (("--scheduler", "tcp://x:1"), "scheduler"),
    ],
)
def test_wrong_options_of_run_are_refused(options, said, study):
    study("plan", "--no-trial", "--quiet")
    assert said in is_one_sentence(study("run", "--quiet", *options), 2)


@pytest.mark.parametrize("seconds", ["nan", "inf", "0", "soon"])
def test_a_study_is_watched_every_so_many_seconds(seconds, study):
    study("plan", "--no-trial", "--quiet")
    assert "--watch" in is_one_sentence(study("status", "--watch", seconds), 2)


def test_errors_of_the_file_are_one_sentence(study, run, tmp_path):
    for command in COMMANDS:
        needed = ("-o", "x.csv") if command == "export" else ()
        missing = run("study", command, "none.toml", *needed)
        assert "none.toml" in is_one_sentence(missing, 1)
    write(tmp_path, more="\n[colours]\nred = 1\n")
    for command in COMMANDS:
        needed = ("-o", "x.csv") if command == "export" else ()
        assert "small.toml: A study must have no key 'colours'" in is_one_sentence(
            study(command, *needed), 2
        )


def test_tables_have_an_ending_that_is_known(study):
    assert ".csv" in is_one_sentence(study("export", "-o", "table.txt", "--quiet"), 2)


def test_bundles_go_and_come_back(study, run, tmp_path):
    study("plan", "--no-trial", "--quiet")
    written = study("run", "--quiet", "--bundles", "bundles")
    assert written.out == "Written: bundles/digits-modern\n"
    assert stored_rows(tmp_path / "small.study") == []
    bundle = tmp_path / "bundles" / "digits-modern"
    trained = run("train", bundle, "--engine", "sparse", "--device", "cpu", "--quiet")
    assert trained.code == 0
    taken = study("collect", "--bundle", bundle, "--quiet")
    assert taken.out.splitlines()[0] == f"16 new runs taken from {bundle}."
    assert "16 of 16 runs are done" in study("status").out
    assert study("run", *HERE).out.startswith("0 runs done")
    assert "nothing to bundle" in study("run", "--quiet", "--bundles", "again").out
    assert is_one_sentence(study("collect", "--bundle", "nowhere", "--quiet"), 1)


def test_families_that_cannot_be_had_are_refused_before_anything_is_registered(study, tmp_path):
    write(tmp_path, more='\n[[topologies]]\nfamily = "butterfly"\n')
    is_one_sentence(study("plan", "--no-trial", "--quiet"), 2)
    assert not (tmp_path / "small.study").exists()


@pytest.mark.parametrize(("command", "options"), [("collect", ()), ("export", ("-o", "t.csv"))])
def test_a_table_of_nothing_is_not_written(study, tmp_path, command, options):
    assert study("plan").code == 0
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert "study run" in is_one_sentence(study(command, *options, "--quiet"), 1)
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == before
