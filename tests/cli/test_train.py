from __future__ import annotations

import json

import pytest

import topograph

pytest.importorskip("torch")
pytest.importorskip("sklearn")

QUICK = ("--steps", 20, "--engine", "dense", "--quiet")


@pytest.fixture
def masks(tmp_path):
    """Two masks on disk that fit the digits, and one that does not."""
    paths = []
    for name, widths in (("a", (64, 20, 10)), ("b", (64, 20, 10)), ("wide", (65, 20, 10))):
        net = topograph.generators.family_net("uniform", widths, 0.3, seed=len(paths))
        paths.append(tmp_path / f"{name}.npz")
        topograph.write(net, paths[-1])
    return paths


def cells(out):
    header, *lines = out.splitlines()
    assert header.split()[:3] == ["mask", "density", "rate"]
    return {line.split()[0]: line.split() for line in lines}


def test_a_mask_in_one_step(run, masks):
    done = run("train", masks[0], *QUICK)
    assert done.code == 0, done.err
    assert set(cells(done.out)) == {"a"}
    assert "Engine: dense" in done.err
    assert "Nothing is kept" in done.err


def test_nets_made_on_the_spot_are_trained(run, tmp_path):
    made = "uniform --widths 64,20,10 --density .3"
    done = run("train", f"generate:{made}", f"generate:{made} --seed 1", *QUICK)
    assert done.code == 0, done.err
    assert [line[: len(made)] for line in done.out.splitlines()[1:]] == [made, made]
    folder = tmp_path / "bundle"
    assert run("export", f"generate:{made}", "-o", folder).code == 0
    (entry,) = json.loads((folder / "manifest.json").read_text())["masks"]
    assert entry["name"] == made
    assert entry["provenance"]["family"] == "uniform"
    for wrong, said in (("generate:", ""), ("generate:uniform --widths 64,10", "a density")):
        outcome = run("train", wrong, *QUICK)
        assert outcome.code == 2
        assert said in outcome.err


def test_patterns_are_files(run, masks):
    done = run("train", masks[0].parent / "[ab].npz", *QUICK)
    assert set(cells(done.out)) == {"a", "b"}


def test_export_train_collect(run, masks, tmp_path):
    folder = tmp_path / "bundle"
    done = run("export", *masks[:2], "--seeds", 2, "--steps", 20, "--with-data", "-o", folder)
    assert done.code == 0, done.err
    assert done.out.startswith(f"Wrote {folder}: 2 masks, 4 runs on digits")
    early = run("collect", folder, "-o", tmp_path / "early.csv")
    assert early.code == 1
    assert "no results" in early.err
    done = run("train", folder, "--engine", "dense", "--quiet")
    assert done.code == 0, done.err
    table = cells(done.out)
    assert set(table) == {"a", "b"}
    assert table["a"][3] == "2"
    again = run("train", folder, "--quiet")
    assert "4 runs are finished" in again.err
    assert again.out == done.out
    done = run("collect", folder, "-m", "path_count", "-o", tmp_path / "table.jsonl")
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in (tmp_path / "table.jsonl").read_text().splitlines()]
    assert len(rows) == 4
    for row in rows:
        graph = topograph.read(tmp_path / f"{row['name']}.npz")
        assert row["metric.path_count"] == topograph.metrics.path_count(graph)


def test_output_keeps_and_resumes(run, masks, tmp_path):
    folder = tmp_path / "runs"
    assert run("train", masks[0], "-o", folder, *QUICK).code == 0
    done = run("train", *masks[:2], "--seeds", 2, "-o", folder, *QUICK)
    assert done.code == 0, done.err
    assert "1 run is finished" in done.err
    assert [row[3] for row in cells(done.out).values()] == ["2", "2"]


def test_switches_of_the_recipe_can_be_changed(run, masks, tmp_path):
    folder = tmp_path / "b"
    done = run(
        "export", masks[0], "--recipe", "alford2018", "--set", "relu_logits=false",
        "--set", "initialisation=fan_in", "--epochs", 2, "--rates", "0.1,1", "-o", folder,
    )  # fmt: skip
    assert done.code == 0, done.err
    said = json.loads((folder / "manifest.json").read_text())
    assert said["recipe"]["relu_logits"] is False
    assert said["recipe"]["initialisation"] == "fan_in"
    assert (said["recipe"]["n_epochs"], said["recipe"]["n_steps"]) == (2, None)
    assert said["rate_factors"] == [0.1, 1.0]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--epochs", 1, "--steps", 1), 2, "either --epochs or --steps"),
        (("--set", "momentum"), 2, "SWITCH=VALUE"),
        (("--set", "momentun=1"), 2, "momentun"),
        (("--recipe", "best"), 2, "best"),
        (("--rates", "a"), 2, "numbers"),
        (("--rates", "0"), 2, "above 0"),
        (("--shard", "3/2"), 2, "shard"),
        (("--shard", "half"), 2, "I/N"),
        (("--validation", 100000), 2, "validation"),
        (("--data", "mnist", "--data-dir", "nowhere"), 2, "784 inputs"),
    ],
)
def test_wrong_options_are_named(run, masks, options, code, words):
    done = run("train", masks[0], "--quiet", *options)
    assert done.code == code
    assert words in done.err
    assert "Traceback" not in done.err


def test_data_that_are_not_there_are_named(run, tmp_path):
    net = topograph.generators.family_net("uniform", (784, 10), 0.3)
    topograph.write(net, tmp_path / "net.npz")
    done = run("train", tmp_path / "net.npz", "--data", "mnist", "--data-dir", "nowhere")
    assert done.code == 1
    assert "nowhere" in done.err


def test_a_net_that_does_not_fit_the_data_is_refused(run, masks):
    done = run("train", masks[2], *QUICK)
    assert done.code == 2
    assert "64 inputs and 10 outputs" in done.err
    assert "fit_widths" in done.err


def test_a_bundle_says_itself_how_to_train(run, masks, tmp_path):
    folder = tmp_path / "bundle"
    run("export", masks[0], "-o", folder)
    done = run("train", folder, "--seeds", 3)
    assert done.code == 2
    assert "--seeds" in done.err
    done = run("train", folder, "-o", tmp_path / "x")
    assert done.code == 2
    done = run("train", tmp_path)
    assert done.code == 1
    assert "manifest.json" in done.err


def test_what_is_done_is_shown_after_an_interruption(run, masks, tmp_path, monkeypatch):
    from topograph.training.bundle import running

    real, calls = running.train_chunk, []

    def interrupted(*arguments):
        if calls:
            raise KeyboardInterrupt
        calls.append(1)
        return real(*arguments)

    monkeypatch.setattr(running, "train_chunk", interrupted)
    done = run("train", *masks[:2], "--members", 1, "-o", tmp_path / "r", *QUICK)
    assert done.code == 130
    assert set(cells(done.out)) == {"a"}
    assert "Interrupted" in done.err


def test_masks_that_leave_a_folder_are_told(run, masks, tmp_path):
    folder = tmp_path / "runs"
    assert run("train", masks[0], *QUICK, "-o", folder).code == 0
    done = run("train", masks[1], *QUICK, "-o", folder)
    assert done.code == 0
    assert "1 finished run of a" in done.err
    table = run("collect", folder, "-m", "density,edge_count", "-o", tmp_path / "t.csv", "--quiet")
    assert "1 run is left out" in table.err
    assert run("train", *masks[:2], *QUICK, "-o", folder).err.count("Note") == 0
    for wrong in ("t.xlsx", "nowhere/t.csv"):
        assert run("collect", folder, "-o", tmp_path / wrong).code == 2
    refused = run("collect", folder, "-m", "sigma_1", "-o", tmp_path / "t.csv")
    assert "layers alone" in refused.err


@pytest.mark.parametrize("command", ["train", "export"])
def test_a_mask_that_can_never_be_trained_leaves_nothing_behind(run, masks, tmp_path, command):
    done = run(command, masks[2], "--steps", 3, "-o", tmp_path / "out")
    assert done.code == 2
    assert "64 inputs and 10 outputs" in done.err
    assert not (tmp_path / "out").exists()


def test_a_folder_of_graphchallenge_is_a_mask_and_no_bundle(run, tmp_path):
    net = topograph.generators.radix_net([[8, 8]])
    topograph.write(net, tmp_path / "net.npz")
    assert run("convert", tmp_path / "net.npz", tmp_path / "folder").code == 0
    done = run("train", tmp_path / "folder", *QUICK)
    assert done.code == 2
    assert "64 inputs and 10 outputs" in done.err
