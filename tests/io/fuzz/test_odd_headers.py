"""Whatever a header says, reading gives a graph or a TopographError, within the memory stated."""

from __future__ import annotations

import json
import zipfile

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hypothesis_numpy

from tests.io.fuzz.searching import TIMES, check, fuzz
from tests.io.fuzz.valid_files import CONVOLUTIONS, masks_of_convolutions, saved
from tests.strategies import convolutional_nets, layered_graphs
from topograph.io import write

NUMBER = st.one_of(
    st.integers(-2, 8),
    st.sampled_from([2**15, 2**31 - 1, 2**31, 2**40, 2**63, 2**64, 10**30, 10**400, -(2**63)]),
)

JSON = st.recursive(
    st.none() | st.booleans() | NUMBER | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["name", "kind", "source", "x"]), inner, max_size=4)
    ),
    max_leaves=6,
)

ARRAY = st.one_of(
    hypothesis_numpy.arrays(
        st.sampled_from(
            ["?", "i1", "<u2", "<i4", ">i4", "<i8", "<u8", "<f2", ">f4", "<f8", "<c8", "S3"]
        ),
        hypothesis_numpy.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
    ),
    hypothesis_numpy.arrays("<i4", st.integers(0, 6), elements=st.integers(-1, 5)).map(np.sort),
)


@st.composite
def changed(draw, value):
    """The value with something in it replaced by anything that JSON can say."""
    if isinstance(value, dict) and value and draw(st.integers(0, 9)):
        key = draw(st.sampled_from(sorted(value)))
        return value | {key: draw(changed(value[key]))}
    if isinstance(value, list) and value and draw(st.integers(0, 9)):
        at = draw(st.integers(0, len(value) - 1))
        return [*value[:at], draw(changed(value[at])), *value[at + 1 :]]
    return draw(NUMBER if isinstance(value, int) and draw(st.booleans()) else JSON)


@settings(fuzz, max_examples=100 * TIMES)
@given(graph=layered_graphs() | convolutional_nets(), data=st.data())
def test_archives_with_anything_in_the_header(folder, graph, data):
    write(graph, folder / "save.npz")
    with (
        zipfile.ZipFile(folder / "save.npz") as sound,
        zipfile.ZipFile(folder / "mask.npz", "w") as archive,
    ):
        header = json.loads(sound.read("topograph.json"))
        for _ in range(data.draw(st.integers(0, 2))):
            header = data.draw(changed(header))
        archive.writestr("topograph.json", json.dumps(header))
        for name in sound.namelist()[1:]:
            if data.draw(st.integers(0, 9)):
                archive.writestr(name, sound.read(name))
            else:
                with archive.open(name, "w") as member:
                    np.save(member, data.draw(ARRAY))
    check(folder / "mask.npz")


@settings(fuzz, max_examples=100 * TIMES)
@given(st.data())
def test_masks_of_convolutions_with_anything_in_the_header(folder, data):
    header, arrays = CONVOLUTIONS
    for _ in range(data.draw(st.integers(0, 2))):
        header = data.draw(changed(header))
    arrays = {
        name: array if data.draw(st.integers(0, 9)) else data.draw(ARRAY)
        for name, array in arrays.items()
    }
    (folder / "mask.npz").write_bytes(masks_of_convolutions(header, arrays))
    check(folder / "mask.npz")


@settings(fuzz, max_examples=100 * TIMES)
@given(
    layout=st.sampled_from(["csr", "csc", "coo", "bsr", "dia", "lil", ""]),
    shape=st.one_of(st.just((3, 3)), st.tuples(NUMBER, NUMBER), ARRAY),
    arrays=st.fixed_dictionaries(
        {"data": ARRAY},
        optional=dict.fromkeys(["indices", "indptr", "row", "col", "offsets", "extra"], ARRAY),
    ),
)
def test_sparse_matrices_of_any_arrays(folder, layout, shape, arrays):
    if isinstance(shape, tuple):
        shape = np.array([min(max(size, -(2**63)), 2**63 - 1) for size in shape])
    content = saved({"format": np.array(layout.encode()), "shape": shape, **arrays})
    (folder / "mask.npz").write_bytes(content)
    check(folder / "mask.npz")


@settings(fuzz, max_examples=100 * TIMES)
@given(
    descr=st.one_of(
        st.sampled_from(
            ["|b1", "<f8", "<f4", ">i2", "|O", "<c16", "|S9999", "<U1", "<f16", "<M8[s]"]
        ),
        st.text(max_size=6),
        st.lists(st.tuples(st.text(max_size=2), st.just("<f8")), max_size=2),
    ),
    order=st.sampled_from([True, False, 1, None]),
    shape=st.one_of(st.lists(NUMBER, max_size=4).map(tuple), JSON),
    data=st.binary(max_size=64),
)
def test_npy_headers_that_say_anything(folder, descr, order, shape, data):
    try:
        said = repr({"descr": descr, "fortran_order": order, "shape": shape}).encode("latin-1")
    except UnicodeEncodeError:
        said = b"{}"
    content = b"\x93NUMPY\x01\x00" + len(said).to_bytes(2, "little") + said + data
    (folder / "mask.npy").write_bytes(content)
    check(folder / "mask.npy")
