"""The checker reads masks and draws challenges as topograph does, and needs none of it."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings

import topograph
from tests.strategies import layered_graphs
from tests.verification.checking import CHECKER, checker, is_accepted
from tests.verification.forging import rebuilt
from topograph.digest import mask_digest
from topograph.toy import butterfly
from topograph.verification import certify, verify
from topograph.verification.challenges import challenge, n_challenge_primes


@settings(max_examples=25)
@given(layered_graphs())
def test_the_checker_hashes_as_topograph_does(folder, graph):
    topograph.write(graph, folder / "hashed.npz")
    assert checker._digest(*checker._read(folder / "hashed.npz", False)) == mask_digest(graph)


@pytest.mark.parametrize("orientation", ["in-out", "out-in"])
def test_dense_files_are_read_too(folder, orientation):
    masks = [np.ones((4, 3)), np.array([[1.5, 0], [0, -2], [1, 1]])]
    graph = topograph.from_layers(masks)
    if orientation == "out-in":
        masks = [mask.T for mask in masks]
    np.savez(folder / "dense.npz", masks[0], np.zeros(3), masks[1])
    certificate = folder / "dense.json"
    certificate.write_text(json.dumps(certify(graph, verify(graph))))
    assert is_accepted(folder / "dense.npz", certificate, orientation)
    np.save(folder / "one.npy", masks[0])
    graph = topograph.from_layers([np.ones((4, 3))])
    certificate.write_text(json.dumps(certify(graph, verify(graph))))
    assert is_accepted(folder / "one.npy", certificate, orientation)


def with_member(folder, name, array):
    """An archive of a butterfly, held as edges, with one array replaced."""
    graph = rebuilt(butterfly(), [one.biadjacency.to_csr().toarray() for one in butterfly().layers])
    topograph.write(graph, folder / "sound.npz")
    with (
        zipfile.ZipFile(folder / "sound.npz") as sound,
        zipfile.ZipFile(folder / "odd.npz", "w") as odd,
    ):
        for member in sound.namelist():
            content = sound.read(member)
            if member == name:
                buffer = io.BytesIO()
                np.save(buffer, array(np.load(io.BytesIO(content))))
                content = buffer.getvalue()
            odd.writestr(member, content)
    return folder / "odd.npz"


@pytest.mark.parametrize(
    "change",
    [
        lambda indices: indices[::-1].copy(),
        lambda indices: np.where(np.arange(indices.size) == 7, 4, indices),
        lambda indices: np.where(np.arange(indices.size) == 1, indices[0], indices),
        lambda indices: indices.astype(np.int64) - 1,
    ],
    ids=["unsorted", "out of range", "double", "negative"],
)
def test_masks_that_are_not_canonical_are_refused(folder, change):
    odd = with_member(folder, "layers/1/indices.npy", change)
    with pytest.raises(ValueError, match="edge"):
        checker._digest(*checker._read(odd, False))
    same = with_member(folder, "layers/1/indices.npy", lambda indices: indices)
    assert checker._digest(*checker._read(same, False)) == mask_digest(butterfly())


@pytest.mark.parametrize(("source", "target"), [(1, 0), (1, 1), (0, 2), (-1, 1)])
def test_layers_that_do_not_lead_up_are_refused(source, target):
    edge = (np.array([0]), np.array([0]))
    with pytest.raises(ValueError, match="does not lead up"):
        checker._digest([1, 1], [(source, target, lambda: edge)])


def test_challenges_are_as_the_page_defines_them():
    made = challenge("ab" * 32, "12", 3, 5)
    seed = b"topograph-certificate 1 " + b"ab" * 32 + b" 12 "
    first = hashlib.shake_256(seed + b"2").digest(8)
    assert made.vectors[0, 2] == int.from_bytes(first, "little") % made.primes[2]
    assert all(2**30 < prime < 2**31 for prime in made.primes)
    assert made.residues[1] == 12 * sum(made.vectors[:, 1].tolist()) % made.primes[1]


def test_the_checker_asks_for_as_many_primes():
    counts = [
        int(np.ceil(-100 / np.log2(64 * n // 30 / 50_697_537 + 2**-30))) for n in range(1, 4000)
    ]
    assert counts == [n_challenge_primes(n) for n in range(1, 4000)]


def test_the_checker_is_short_and_imports_nothing_of_topograph():
    text = CHECKER.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    imported = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.partition(".")[0])
    assert imported <= {*sys.stdlib_module_names, "numpy"}
    assert "importlib" not in imported


def test_the_checker_runs_where_there_is_no_topograph(folder):
    graph = butterfly()
    topograph.write(graph, folder / "alone.npz")
    (folder / "alone.json").write_text(json.dumps(certify(graph, verify(graph))))
    code = (
        "import sys, runpy; sys.modules['topograph'] = None; sys.modules['scipy'] = None;"
        f"sys.argv = {[str(CHECKER), str(folder / 'alone.npz'), str(folder / 'alone.json')]!r};"
        f"runpy.run_path({str(CHECKER)!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "accepted: connected holds\naccepted: symmetric holds\n"
    (folder / "alone.json").write_text("{}")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "rejected" in done.stderr
