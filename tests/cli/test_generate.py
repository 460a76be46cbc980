from __future__ import annotations

import pytest

import topograph


def test_the_papers_radix_net(run, tmp_path):
    path = tmp_path / "net.npz"
    outcome = run(
        "generate", "radix", "--systems", "[[10,10]]", "--dense-widths", "8,3,1", "-o", path
    )
    assert outcome.code == 0
    assert "800-300-100" in outcome.err
    graph = topograph.read(path)
    assert topograph.metrics.density(graph) == pytest.approx(0.1)
    assert graph.equals(topograph.generators.radix_net([[10, 10]], [8, 3, 1]))


def test_fitted_and_with_dense_outputs(run, tmp_path):
    path = tmp_path / "net.npz"
    arguments = ["--systems", "[[10,10]]", "--dense-widths", "8,3,1", "--fit", "784,300,100"]
    outcome = run("generate", "radix", *arguments, "--append-dense", "10", "-o", path)
    assert outcome.code == 0
    assert topograph.read(path).widths == (784, 300, 100, 10)
    assert run("verify", path, "--symmetric").code == 0
    fitted = ["--fit", "800,290,100", "--drop", "last"]
    outcome = run("generate", "radix", *arguments[:4], *fitted, "-o", path)
    assert "Note:" in outcome.err


def test_widths_and_degrees(run, tmp_path):
    path = tmp_path / "net.npz"
    arguments = ["--widths", "800,300,100", "--degrees", "30,10", "--direction", "-1"]
    assert run("generate", "radix", *arguments, "-o", path).code == 0
    assert topograph.read(path).provenance["parameters"]["direction"] == -1


def test_a_graphchallenge_net_gives_the_same_bytes_again(run, tmp_path):
    paths = [tmp_path / "a.npz", tmp_path / "b.npz"]
    for path in paths:
        arguments = ["--neurons", "1024", "--layers", "12", "--seed", "3", "-o", path]
        assert run("generate", "graphchallenge", *arguments).code == 0
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert run("verify", paths[0], "--symmetric").code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["radix", "--systems", "[[10,10],[7]]"], "7"),
        (["radix", "--systems", "ten"], "list of systems"),
        (["radix", "--systems", "[[2]]", "--dense-widths", "1;2"], "list of integers"),
        (["radix"], "--systems"),
        (["radix", "--systems", "[[2]]", "--widths", "2,2", "--degrees", "2"], "--systems"),
        (["graphchallenge", "--neurons", "1000", "--layers", "3"], "1024"),
    ],
)
def test_bad_requests_are_2_and_write_nothing(run, tmp_path, arguments, words):
    path = tmp_path / "net.npz"
    outcome = run("generate", *arguments, "-o", path)
    assert outcome.code == 2
    assert words in outcome.err
    assert not path.exists()
