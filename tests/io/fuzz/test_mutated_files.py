"""Whatever a file holds, reading gives a graph or a TopographError, within the memory stated."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.io.fuzz.searching import TIMES, check, fuzz
from tests.io.fuzz.valid_files import valid_files

NAMES = [
    "mask.npz",
    "mask.npy",
    "mask.mtx",
    "mask.mtx.gz",
    "n4-l1.tsv",
    "n4-l1.tsv.gz",
    "edges.tsv",
]


@st.composite
def mutations(draw, content):
    """A few bytes changed, cut out, doubled or put in; numbers made extreme."""
    mutated = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(mutated)))
        length = draw(st.sampled_from([0, 1, 1, 2, 4, 8, 30]))
        piece = draw(
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from(
                    [b"\xff" * 4, b"\xff" * 8, bytes(4), b"\x7f", b"99999999999", b"-1"]
                ),
                st.just(bytes(mutated[at : at + length]) * 2),
            )
        )
        mutated[at : at + length] = piece
    if draw(st.booleans()):
        del mutated[draw(st.integers(0, len(mutated))) :]
    return bytes(mutated)


@fuzz
@given(name=st.sampled_from(NAMES), content=st.binary(max_size=200), head=st.integers(0, 9))
def test_random_bytes(folder, name, content, head):
    heads = [b"", b"\x93NUMPY\x01\x00\x76\x00", b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b\x08\x00"]
    heads += [
        b"%%MatrixMarket matrix coordinate real general\n2 2 1\n",
        b"1\t1\t1\n",
        b"",
        b"",
        b"",
    ]
    (folder / name).write_bytes(heads[head] + content)
    check(folder / name)


@fuzz
@given(name=st.sampled_from([name for name in NAMES if "z" not in name]), data=st.data())
def test_random_text(folder, name, data):
    text = data.draw(st.text("0123456789\t\n\r .-+eEnaif%_", max_size=80))
    head = "%%MatrixMarket matrix coordinate real general\n" if ".mtx" in name else ""
    (folder / name).write_text(head + text)
    check(folder / name)


@pytest.fixture(scope="module")
def files(folder):
    return list(valid_files(folder))


@settings(fuzz, max_examples=250 * TIMES)
@given(data=st.data())
def test_mutated_files(folder, files, data):
    name, content = data.draw(st.sampled_from(files))
    (folder / name).write_bytes(data.draw(mutations(content)))
    check(folder / name)


@settings(fuzz, max_examples=250 * TIMES)
@given(data=st.data())
def test_mutated_contents_in_sound_containers(folder, files, data):
    name, content = data.draw(st.sampled_from([file for file in files if "z" in file[0]]))
    if name.endswith(".gz"):
        content = gzip.compress(data.draw(mutations(gzip.decompress(content))))
    else:
        file = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as sound, zipfile.ZipFile(file, "w") as archive:
            changed = data.draw(st.sampled_from(sound.namelist()))
            for member in sound.namelist():
                inside = sound.read(member)
                is_changed = member == changed
                archive.writestr(member, data.draw(mutations(inside)) if is_changed else inside)
        content = file.getvalue()
    (folder / name).write_bytes(content)
    check(folder / name)
