from __future__ import annotations

import functools
import io
import os
import pickle
import sys
import warnings
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from topograph.errors import MissingExtraError, ReadError, TopographError
from topograph.io import limits, masks_of, read, read_state_dict
from topograph.io.pickle_calls import pickle_calls

MASK = torch.tensor([[1.0, 0.0, 0.0], [0.0, 2.0, 3.0]])
LEGACY = {"_use_new_zipfile_serialization": False}
EXTENSIONS = [".pt", ".pth", ".bin", ".th", ".ckpt"]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 2)


class Claim:
    """Pickles as a tensor of any shape on a storage of as many entries as it likes to say."""

    def __init__(self, entries, shape):
        self.entries, self.shape = entries, shape

    def __reduce__(self):
        stride = tuple(np.cumprod((1, *self.shape[:0:-1]))[::-1].tolist())
        arguments = (Storage(self.entries), 0, self.shape, stride, False, OrderedDict())
        return (torch._utils._rebuild_tensor_v2, arguments)


class Storage:
    def __init__(self, entries):
        self.entries = entries


def pickled(content, legacy):
    class Pickler(pickle.Pickler):
        def persistent_id(self, obj):
            if isinstance(obj, Storage):
                more = (None,) if legacy else ()
                return ("storage", torch.FloatStorage, "0", "cpu", obj.entries, *more)
            return None

    buffer = io.BytesIO()
    Pickler(buffer, protocol=2).dump(content)
    return buffer.getvalue()


def claimed(path, content, legacy):
    """Write a file as torch would, with a storage of four floats."""
    if legacy:
        torch.save({"w": torch.zeros(4)}, path, **LEGACY)
        whole = io.BytesIO(path.read_bytes())
        pieces = []
        for _ in range(3):
            start = whole.tell()
            pickle.load(whole)  # noqa: S301
            pieces.append(whole.getvalue()[start : whole.tell()])
        ours = pickled(content, legacy)
        data = (4).to_bytes(8, "little") + bytes(16)
        path.write_bytes(b"".join(pieces) + ours + pickle.dumps(["0"], 2) + data)
        return
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled(content, legacy))
        archive.writestr("archive/byteorder", b"little")
        archive.writestr("archive/data/0", bytes(16))
        archive.writestr("archive/version", b"3\n")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.pt"


@pytest.mark.parametrize("ending", EXTENSIONS)
@pytest.mark.parametrize("options", [{}, LEGACY], ids=["zip", "legacy"])
def test_a_state_dict_is_read_as_a_graph(tmp_path, ending, options):
    path = tmp_path / f"net{ending}"
    torch.save({"fc.weight": MASK, "fc.bias": torch.ones(2)}, path, **options)
    graph = read(path)
    assert graph.widths == (3, 2)
    assert np.array_equal(graph.layers[0].biadjacency.to_csr().toarray(), MASK.numpy().T != 0)
    assert graph.skipped == ()


@pytest.mark.parametrize("name", ["bool", "uint8", "int8", "int64", "uint16", "float8_e5m2"])
def test_every_type_of_number_is_read(path, name):
    torch.save({"fc.weight": MASK.to(getattr(torch, name))}, path)
    assert np.array_equal(masks_of(read_state_dict(path))["fc.weight"], MASK.numpy() != 0)


def test_tensors_that_are_views_are_read_as_they_are(path):
    wide = torch.arange(12.0).reshape(3, 4)
    weights = {"a.weight": wide.T, "b.weight": wide[:, ::2], "c.weight": wide[1:]}
    torch.save(weights, path)
    masks = masks_of(read_state_dict(path))
    assert {name: mask.tolist() for name, mask in masks.items()} == {
        name: (weight != 0).tolist() for name, weight in weights.items()
    }


@pytest.mark.parametrize("wrapper", ["state_dict", "model", "net", "model_state_dict"])
def test_wrappers_are_taken_off_and_named(path, wrapper):
    inside = {"module._orig_mod.fc.weight": MASK, "module._orig_mod.fc.bias": torch.ones(2)}
    torch.save({"epoch": 3, wrapper: inside, "optimizer": {"lr": 0.1}}, path)
    state = read_state_dict(path)
    assert list(state.parameters) == ["fc.weight"]
    assert list(state.others) == ["fc.bias"]
    said = " ".join(state.notes)
    for word in (repr(wrapper), "epoch, optimizer", "'module.'", "'_orig_mod.'"):
        assert word in said


def test_a_prefix_of_some_names_stays(path):
    torch.save({"module.fc.weight": MASK, "head.weight": torch.ones(1, 2)}, path)
    assert list(read_state_dict(path).parameters) == ["module.fc.weight", "head.weight"]


def test_no_code_is_run(path, tmp_path):
    class Payload:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "was here"),))

    for options in ({}, LEGACY):
        torch.save({"fc.weight": MASK, "more": Payload()}, path, **options)
        with pytest.raises(ReadError, match=r"holds posix.mkdir, and loading that would run code"):
            read(path)
    path.write_bytes(pickle.dumps(Payload()))
    with pytest.raises(ReadError, match="could run code"):
        read(path)
    assert not (tmp_path / "was here").exists()


@pytest.mark.parametrize("options", [{}, LEGACY], ids=["zip", "legacy"])
def test_a_whole_module_is_refused_with_the_safe_way(path, options):
    torch.save(Net(), path, **options)
    with pytest.raises(ReadError, match=r"\.Net and \d+ more") as caught:
        read(path)
    assert "torch.save(model.state_dict(), path)" in caught.value.hint


def test_a_compiled_program_is_refused(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(nn.Linear(2, 2)).save(path)
    with pytest.raises(ReadError, match="compiled program"):
        read(path)


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize(
    ("entries", "shape"),
    [(10**10, (10**5, 10**5)), (4, (10**5, 10**5)), (4, (-2, -2)), (4, (10**12, 10**12))],
    ids=["storage", "tensor", "negative", "overflow"],
)
def test_a_claim_of_gigabytes_by_a_small_file_is_refused(path, legacy, entries, shape):
    claimed(path, {"fc.weight": Claim(entries, shape)}, legacy)
    assert path.stat().st_size < 2000
    with pytest.raises(ReadError):
        read(path)
    claimed(path, {"fc.weight": Claim(4, (2, 2))}, legacy)
    assert read(path).n_edges == 0


def test_a_tensor_repeated_without_end_is_refused(path):
    torch.save({"fc.weight": torch.ones(1).expand(10**6, 10**4)}, path)
    with pytest.raises(ReadError, match=r"'fc.weight' must have all its entries in the file"):
        read(path)


@pytest.mark.parametrize(
    "content",
    [[MASK], MASK, {}, {"a": 1}, {"fc.bias": torch.ones(3)}, {"model": {"lr": 0.1}}, {3: MASK}],
    ids=["list", "tensor", "empty", "numbers", "bias", "wrapped", "numbered"],
)
def test_what_is_no_state_dict_is_refused(path, content):
    torch.save(content, path)
    with pytest.raises(ReadError) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_weights_that_are_no_numbers_are_refused(path, value):
    torch.save({"fc.weight": MASK * value}, path)
    with pytest.raises(TopographError, match=r"'fc.weight': .*NaN or infinity"):
        read(path)


@pytest.mark.parametrize(
    "weight",
    [MASK.to_sparse(), MASK.to(torch.complex64), torch.ones(2, 3, device="meta")],
    ids=["sparse", "complex", "meta"],
)
def test_tensors_that_are_not_read_are_refused(path, weight):
    torch.save({"fc.weight": weight}, path)
    with pytest.raises(ReadError):
        read(path)


def test_the_cap_holds(path, monkeypatch):
    torch.save({"fc.weight": torch.ones(300, 300)}, path, **LEGACY)
    monkeypatch.setenv(limits.VARIABLE, "100000")
    with pytest.raises(ReadError, match="Reading may take"):
        read(path)


def test_without_torch_the_extra_is_named(path, monkeypatch):
    torch.save({"fc.weight": MASK}, path)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"topograph\[train\]"):
        read(path)


@functools.cache
def sound_file(legacy):
    """The bytes of a file, the same throughout: torch writes addresses of memory into some."""
    buffer = io.BytesIO()
    torch.save({"fc.weight": MASK, "fc.bias": torch.ones(2)}, buffer, **(LEGACY if legacy else {}))
    return buffer.getvalue()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data(), legacy=st.booleans())
def test_changed_bytes_give_a_graph_or_a_sentence(path, data, legacy):
    content = bytearray(sound_file(legacy))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(0, len(content))) :]
    path.write_bytes(bytes(content))
    try:
        assert read(path).n_edges >= 0
    except TopographError as error:
        assert error.message.isprintable()  # noqa: PT017


def test_odd_escapes_in_the_texts_of_a_pickle_are_passed_over():
    assert pickle_calls(io.BytesIO(b"S'\\o'\n.")).foreign == ()
