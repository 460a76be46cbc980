from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hypothesis_numpy

from topograph.errors import ReadError, TopographError
from topograph.io import read, read_state_dict
from topograph.io.limits import Budget
from topograph.io.number_formats import BY_CODE, BY_NAME, decoded, kept_codes
from topograph.io.safetensors_files import read_safetensors, write_safetensors
from topograph.io.stored_tensors import codes_of, held, values_of

DTYPES = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8"]
ODD = ["bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz"]


def file_of(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def entry(dtype="F32", shape=(2, 2), ends=(0, 16)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(ends)}


@st.composite
def arrays(draw):
    names = draw(st.lists(st.text(min_size=1, max_size=8), max_size=4, unique=True))
    shape = hypothesis_numpy.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
    return {
        name: draw(hypothesis_numpy.arrays(draw(st.sampled_from(DTYPES)), shape))
        for name in names
        if name != "__metadata__"
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrays())
def test_what_the_library_writes_is_read_as_it_reads_it(tmp_path, tensors):
    path = tmp_path / "a.safetensors"
    path.write_bytes(safetensors.numpy.save(tensors))
    found, _ = read_safetensors(path, Budget())
    assert set(found) == set(tensors)
    for name, array in tensors.items():
        values = values_of(found[name], Budget())
        assert values.dtype == array.dtype
        assert values.shape == array.shape
        assert values.tobytes() == array.tobytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrays())
def test_what_is_written_the_library_reads_as_it_was(tmp_path, tensors):
    path = tmp_path / "a.safetensors"
    with path.open("wb") as file:
        write_safetensors([held(*item) for item in tensors.items()], file, {"by": "hand"})
    found = safetensors.numpy.load(path.read_bytes())
    assert set(found) == set(tensors)
    for name, array in tensors.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes()


@pytest.mark.parametrize("name", ODD)
def test_all_codes_of_small_floats_are_what_torch_makes_of_them(name):
    dtype = getattr(torch, name)
    n_bytes = torch.empty(0, dtype=dtype).element_size()
    codes = np.arange(256**n_bytes).astype(f"u{n_bytes}")
    plain = torch.uint8 if n_bytes == 1 else torch.int16
    expected = torch.from_numpy(codes).view(plain).view(dtype).float().numpy()
    found = decoded(codes, BY_NAME[name])
    finite = np.isfinite(expected)
    assert np.array_equal(found[finite], expected[finite])
    assert not np.isfinite(found[~finite]).any()
    assert np.array_equal(np.signbit(found[finite]), np.signbit(expected[finite]))
    assert np.array_equal(kept_codes(codes[finite], BY_NAME[name]), expected[finite] != 0)


def test_exponents_alone_are_powers_of_two():
    values = decoded(np.array([0, 127, 130, 255]), BY_NAME["float8_e8m0fnu"])
    assert values[:3].tolist() == [2.0**-127, 1.0, 8.0]
    assert np.isnan(values[3])


@pytest.mark.parametrize("name", [*ODD, "float16", "float32", "float64"])
def test_a_negative_zero_is_no_edge_and_the_smallest_number_is(tmp_path, name):
    weight = torch.tensor([[0.0, -0.0, 1.0], [-2.0, 0.0, 0.0]]).to(getattr(torch, name))
    path = tmp_path / "net.safetensors"
    safetensors.torch.save_file({"fc.weight": weight}, path)
    layer = read(path).layers[0]
    assert layer.name == "fc"
    assert layer.biadjacency.to_csr().toarray().tolist() == [[0, 1], [0, 0], [1, 0]]


@pytest.mark.parametrize("name", ["bfloat16", "float8_e5m2", "float16", "float32"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(tmp_path, name, value):
    weight = torch.tensor([[1.0, value]]).to(getattr(torch, name))
    path = tmp_path / "net.safetensors"
    safetensors.torch.save_file({"fc.weight": weight}, path)
    with pytest.raises(TopographError, match=r"'fc.weight': .*NaN or infinity"):
        read(path)


@given(st.lists(st.floats(width=16, allow_nan=False, allow_infinity=False), min_size=1))
def test_a_threshold_is_that_of_the_numbers(values):
    for name in ("bfloat16", "float16"):
        tensor = torch.tensor(values, dtype=torch.float32).to(getattr(torch, name))
        if not tensor.isfinite().all():
            continue
        codes = tensor.view(torch.int16).numpy().view(np.float16 if name == "float16" else "u2")
        expected = tensor.float().abs().numpy() > 0.5
        assert np.array_equal(kept_codes(codes, BY_NAME[name], 0.5), expected)


HOSTILE = {
    "an empty file": b"",
    "a length alone": bytes(8),
    "a header longer than the file": (10**10).to_bytes(8, "little") + b"{}",
    "a header that is no JSON": file_of(b"{what}"),
    "a header that is a list": file_of([1]),
    "a header cut short": file_of({"a": entry()})[:20],
    "the same name twice": file_of(
        b'{"a":%b,"a":%b}' % ((json.dumps(entry()).encode(),) * 2), bytes(16)
    ),
    "metadata of numbers": file_of({"__metadata__": {"a": 1}, "a": entry()}, bytes(16)),
    "10 GB in 1 KB": file_of({"a": entry(shape=(50_000, 50_000), ends=(0, 10**10))}, bytes(900)),
    "2^63 entries": file_of({"a": entry(shape=(2**62, 2**62), ends=(0, 16))}, bytes(16)),
    "a negative side": file_of({"a": entry(shape=(-2, -2))}, bytes(16)),
    "a side that is no number": file_of({"a": entry(shape=(2.0, 2.0))}, bytes(16)),
    "a shape that does not fit": file_of({"a": entry(shape=(2, 3))}, bytes(16)),
    "a type that does not fit": file_of({"a": entry(dtype="F64")}, bytes(16)),
    "an unknown type": file_of({"a": entry(dtype="F128")}, bytes(16)),
    "a type that is no text": file_of({"a": entry(dtype=["F32"])}, bytes(16)),
    "places the wrong way round": file_of({"a": entry(ends=(16, 0))}, bytes(16)),
    "a place outside the file": file_of({"a": entry(ends=(16, 32))}, bytes(16)),
    "data cut short": file_of({"a": entry()}, bytes(15)),
    "more data than tensors": file_of({"a": entry()}, bytes(17)),
    "tensors that overlap": file_of({"a": entry(), "b": entry(ends=(8, 24))}, bytes(24)),
    "a gap": file_of({"a": entry(), "b": entry(ends=(20, 36))}, bytes(36)),
    "a missing key": file_of({"a": {"dtype": "F32", "shape": [2, 2]}}, bytes(16)),
    "an entry that is no object": file_of({"a": 3}, bytes(16)),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_files_are_refused_in_a_sentence(tmp_path, what):
    path = tmp_path / "hostile.safetensors"
    path.write_bytes(HOSTILE[what])
    tracemalloc.start()
    with pytest.raises(ReadError) as caught:
        read_state_dict(path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()
    assert str(caught.value).startswith(f"{path}: ")
    assert len(caught.value.message) < 400
    if what not in ("a gap", "metadata of numbers", "the same name twice", "a length alone"):
        with pytest.raises(safetensors.SafetensorError):  # nor does the library read it
            safetensors.numpy.load(HOSTILE[what])


@pytest.mark.parametrize("code", ["F4", "F6_E2M3", "C64"])
def test_types_that_are_not_read_are_named_only_when_asked_for(tmp_path, code):
    bits = BY_CODE[code].bits
    header = {"fc.weight": entry(code, (8, 8), (16, 16 + 8 * bits)), "b": entry()}
    path = tmp_path / "a.safetensors"
    path.write_bytes(file_of(header, bytes(16 + 8 * bits)))
    found, _ = read_safetensors(path, Budget())
    assert values_of(found["b"], Budget()).tolist() == [[0, 0], [0, 0]]
    with pytest.raises(ReadError, match="its type is"):
        codes_of(found["fc.weight"], Budget())
    with pytest.raises(ReadError, match=r"'fc.weight': .*its type is"):
        read(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_changed_bytes_give_a_graph_or_a_sentence(tmp_path, data):
    tensors = {"fc1.weight": np.eye(3, 2, dtype=np.float32), "fc2.weight": np.ones((2, 3))}
    content = bytearray(safetensors.numpy.save(tensors))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(0, len(content))) :]
    path = tmp_path / "a.safetensors"
    path.write_bytes(bytes(content))
    try:
        assert read(path).n_edges >= 0
    except TopographError as error:
        assert error.message.isprintable()  # noqa: PT017


def test_a_file_says_how_it_was_made_but_not_at_any_length(tmp_path):
    path = tmp_path / "net.safetensors"
    for said, shown in (("by chance", "by chance"), ("\x1b" + "x" * 9000, "\\x1bxxx")):
        with path.open("wb") as file:
            write_safetensors([held("fc.weight", np.eye(2))], file, {"topograph": said})
        _, (note,) = read_safetensors(path, Budget())
        assert note.startswith(f"Pruned, as the file says: {shown}")
        assert len(note) < 2100
