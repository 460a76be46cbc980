from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

from tests.training.cifar_files import as_binary, batches
from topograph.errors import ReadError
from topograph.training import load_data
from topograph.training.data.safe_pickle import load_plain_pickle


def as_pickle(pixels, labels, protocol):
    batch = {b"data": pixels, b"labels": labels.tolist(), b"batch_label": b"one", b"x": None}
    return pickle.dumps(batch, protocol=protocol)


def as_python_2_pickle(pixels, labels):
    """Write what cPickle of Python 2 wrote: byte strings, and numpy under its old name."""
    opcodes = [b"\x80\x02}q\x01(U\x04dataq\x02"]
    opcodes.append(
        b"cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85U\x01b\x87R"
    )
    shape = b"K" + bytes([len(pixels)]) + b"M" + (3072).to_bytes(2, "little") + b"\x86"
    kind = b"cnumpy\ndtype\nq\x05U\x02u1K\x00K\x01\x87R(K\x03U\x01|NNN"
    kind += 2 * b"J\xff\xff\xff\xff" + b"K\x00tb"
    content = pixels.tobytes()
    opcodes.append(
        b"(K\x01" + shape + kind + b"\x89T" + len(content).to_bytes(4, "little") + content + b"tb"
    )
    opcodes.append(b"U\x06labelsq\x06](" + b"".join(b"K" + bytes([n]) for n in labels) + b"eu.")
    return b"".join(opcodes)


FORMS = {
    "binary": (".bin", as_binary),
    "python 2 pickle": ("", as_python_2_pickle),
    **{
        f"pickle {protocol}": ("", lambda p, n, protocol=protocol: as_pickle(p, n, protocol))
        for protocol in range(6)
    },
}


@pytest.mark.parametrize(("suffix", "form"), FORMS.values(), ids=FORMS)
def test_all_forms_of_batches_give_the_same_images(tmp_path, rng, suffix, form):
    made = batches(rng)
    folder = tmp_path / "cifar10" / ("cifar-10-batches-bin" if suffix else "cifar-10-batches-py")
    folder.mkdir(parents=True)
    for name, (pixels, labels) in made.items():
        (folder / f"{name}{suffix}").write_bytes(form(pixels, labels))
    data = load_data("cifar10", tmp_path)
    assert data.shape == (3, 32, 32)
    train = np.concatenate([made[f"data_batch_{number}"][0] for number in range(1, 6)])
    assert (data.train_images.numpy().reshape(100, -1) == train).all()
    assert (data.test_labels.numpy() == made["test_batch"][1]).all()
    assert not data.verified
    assert not data.lossy
    assert len(data.notes) == 6


def test_python_2_strings_and_plain_values_come_back():
    assert load_plain_pickle(b"\x80\x02}U\x01aI3\nsU\x01b]K\x01as.") == {b"a": 3, b"b": [1]}


class Harm:
    def __reduce__(self):
        return os.system, ("touch harmed",)


class Evaluated:
    def __reduce__(self):
        return eval, ("1 + 1",)


HOSTILE = {
    "a program": pickle.dumps(Harm()),
    "in a batch": pickle.dumps({b"data": Harm(), b"labels": [0]}),
    "old protocol": pickle.dumps(Harm(), protocol=0),
    "eval": pickle.dumps(Evaluated()),
    "a path to builtins": b"cnumpy\ndtype.__class__\n.",
    "numpy's loader": b"cnumpy\nload\n(U\x01xtR.",
    "getattr": b"c__builtin__\ngetattr\n(cnumpy\ndtype\nU\x04nametR.",
    "an instance": b"(inumpy\ndtype\n.",
    "an object": b"cnumpy\ndtype\n)\x81.",
    "persistent": b"Pname\n.",
    "extension": b"\x80\x02\x82\x01.",
    "bytes that are not there": b"\x80\x04\x8e" + (2**62).to_bytes(8, "little") + b"x.",
    "a far memo": b"\x80\x02]r\xff\xff\xff\x7f.",
    "a state for a function": b"c_codecs\nencode\n}U\x01aK\x01sb.",
    "no end": pickle.dumps({"a": 1})[:-1],
    "nothing": b"",
    "text": b"hello",
    "only a mark": b"(.",
    "unhashable key": b"}(]K\x01u.",
    "a deep key": b"}" + b"(" * 200_000 + b"t" * 200_000 + b"K\x01s.",
    "objects": pickle.dumps({b"data": np.array([None, "x"])}),
    "floats": pickle.dumps({b"data": np.zeros(3)}),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_hostile_pickles_are_one_sentence_and_run_nothing(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ReadError) as caught:
        load_plain_pickle(content)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_named_program_is_named_in_the_error():
    with pytest.raises(ReadError, match=r"'(posix|nt)\.system'.*can run any program"):
        load_plain_pickle(HOSTILE["a program"])


@pytest.mark.parametrize(
    "batch",
    [
        {},
        [1],
        {b"data": np.zeros((2, 10), np.uint8), b"labels": [0, 1]},
        {b"data": np.zeros((2, 3072), np.uint8), b"labels": [0, "x"]},
        {b"data": np.zeros((2, 3072), np.uint8), b"labels": [0, 1, 2]},
        {b"data": np.zeros((2, 3072), np.uint8), b"labels": [0, 77]},
    ],
)
def test_batches_of_another_form_are_refused(tmp_path, rng, batch):
    for name, (pixels, labels) in batches(rng).items():
        (tmp_path / name).write_bytes(as_pickle(pixels, labels, 4))
    (tmp_path / "data_batch_3").write_bytes(pickle.dumps(batch))
    with pytest.raises(ReadError):
        load_data("cifar10", tmp_path)


def test_a_cut_binary_batch_is_refused(tmp_path, rng):
    for name, (pixels, labels) in batches(rng).items():
        (tmp_path / f"{name}.bin").write_bytes(as_binary(pixels, labels))
    path = tmp_path / "data_batch_2.bin"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ReadError, match="records of 3073 bytes"):
        load_data("cifar10", tmp_path)
    path.unlink()
    with pytest.raises(ReadError, match=r"data_batch_2\.bin: "):
        load_data("cifar10", tmp_path)


def test_nothing_there_is_one_sentence(tmp_path):
    with pytest.raises(ReadError, match="six binary batches"):
        load_data("cifar10", tmp_path)
