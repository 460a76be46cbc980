from __future__ import annotations

import io
import os
import pickle
import tarfile

import numpy as np
import pytest

from topograph.errors import ReadError
from topograph.training import load_data
from topograph.training.data.safe_pickle import load_plain_pickle

CLASSES = [f"class{number}" for number in range(10)]


def batches(rng, count=20):
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    return {
        name: (
            rng.integers(0, 256, (count, 3072), dtype=np.uint8),
            np.arange(count, dtype=np.uint8) % 10,
        )
        for name in names
    }


def as_binary(pixels, labels):
    return np.concatenate([labels[:, None], pixels], axis=1).tobytes()


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


def encoded(pixels, form="JPEG"):
    imaging = pytest.importorskip("PIL.Image")
    content = io.BytesIO()
    imaging.fromarray(pixels).save(content, form)
    return content.getvalue()


def image_files(rng, shape=(32, 32, 3), form="JPEG", suffix="jpg"):
    files = {}
    for part, count in (("train", 2), ("test", 1)):
        for label, name in enumerate(CLASSES):
            for number in range(count):
                pixels = np.full(shape, 20 * label, np.uint8)
                pixels[:4] = rng.integers(0, 256, (4, *shape[1:]))
                files[f"{part}/{name}/{number:04}.{suffix}"] = encoded(pixels, form)
    return files


def write_tar(path, files, mode):
    with tarfile.open(path, mode) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def write_folder(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def test_jpeg_files_in_a_folder_and_in_a_tar_are_the_same_lossy_copy(tmp_path, rng):
    files = image_files(rng) | {"train/class0/notes.txt": b"passed over"}
    write_folder(tmp_path / "folder", files)
    (tmp_path / "tar").mkdir()
    write_tar(tmp_path / "tar" / "cifar10-jpeg.tar.xz", files, "w:xz")
    one, other = load_data("cifar10", tmp_path / "folder"), load_data("cifar10", tmp_path / "tar")
    assert bool((one.train_images == other.train_images).all())
    assert one.train_images.shape == (20, 3, 32, 32)
    assert sorted(one.train_labels.tolist()) == sorted(2 * list(range(10)))
    assert one.lossy
    assert other.lossy
    assert not one.verified
    assert any("lossy copy" in note for note in one.notes)
    assert one.provenance()["lossy"] is True


def test_the_last_images_are_not_those_of_one_class(tmp_path, rng):
    """They are held out for validation."""
    write_folder(tmp_path, image_files(rng))
    data = load_data("cifar10", tmp_path)
    assert len(set(data.train_labels[-8:].tolist())) > 4
    assert data.train_labels.tolist() != sorted(data.train_labels.tolist())
    again = load_data("cifar10", tmp_path)
    assert bool((data.train_images == again.train_images).all())
    assert any("50,000" in note for note in data.notes)
    shades = data.train_images[:, :, 16:].float().mean((1, 2, 3))  # 20 for each class, as drawn
    assert bool(((shades - 20 * data.train_labels).abs() < 3).all())


def test_an_image_that_is_there_twice_is_refused(tmp_path, rng):
    files = image_files(rng)
    name = next(name for name in files if name.startswith("train/"))
    stem = name.rpartition(".")[0]
    write_folder(tmp_path, files | {f"{stem}.png": files[name], f"{stem}.jpeg": files[name]})
    with pytest.raises(ReadError, match="twice"):
        load_data("cifar10", tmp_path)


def test_png_files_are_not_lossy(tmp_path, rng):
    write_folder(tmp_path, image_files(rng, form="PNG", suffix="png"))
    assert not load_data("cifar10", tmp_path).lossy


def test_original_batches_come_before_a_lossy_copy(tmp_path, rng):
    write_folder(tmp_path, image_files(rng))
    for name, (pixels, labels) in batches(rng).items():
        (tmp_path / f"{name}.bin").write_bytes(as_binary(pixels, labels))
    assert not load_data("cifar10", tmp_path).lossy


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("train/class0/0000.jpg", b"no image", "must be a JPEG or PNG image"),
        ("train/class0/0000.jpg", None, "must have one shape"),
        ("train/class0/0000.jpg", "cut", "must be a JPEG or PNG image"),
        ("train/another/0000.jpg", "whole", "10 classes"),
    ],
)
def test_hostile_images_are_one_sentence(tmp_path, rng, packed, name, content, words):
    files = image_files(rng)
    whole = files["train/class0/0000.jpg"]
    made = {None: encoded(np.zeros((16, 32, 3), np.uint8)), "cut": whole[:300], "whole": whole}
    files[name] = made.get(content, content)
    if packed:
        write_tar(tmp_path / "cifar10.tar", files, "w")
    else:
        write_folder(tmp_path, files)
    with pytest.raises(ReadError, match=words):
        load_data("cifar10", tmp_path)


def test_an_image_of_many_pixels_in_few_bytes_is_refused(tmp_path, rng):
    files = image_files(rng)
    files["train/class0/0000.png"] = encoded(np.zeros((5000, 5000), np.uint8), "PNG")
    write_folder(tmp_path, files)
    with pytest.raises(ReadError, match="at most 4096 pixels"):
        load_data("cifar10", tmp_path)


@pytest.mark.parametrize("damage", ["cut", "text"])
def test_a_damaged_tar_is_one_sentence(tmp_path, rng, damage):
    path = tmp_path / "cifar10.tar.xz"
    write_tar(path, image_files(rng), "w:xz")
    path.write_bytes(path.read_bytes()[:2000] if damage == "cut" else b"hello")
    with pytest.raises(ReadError, match="whole archive"):
        load_data("cifar10", tmp_path)


def test_a_tar_bomb_is_refused_by_the_cap(tmp_path, rng, monkeypatch):
    files = image_files(rng) | {"zeros": bytes(3_000_000)}
    write_tar(tmp_path / "cifar10.tar.xz", files, "w:xz")
    monkeypatch.setenv("TOPOGRAPH_MAX_BYTES", "1000000")
    with pytest.raises(ReadError, match="TOPOGRAPH_MAX_BYTES"):
        load_data("cifar10", tmp_path)


def test_members_that_point_elsewhere_are_passed_over(tmp_path, rng):
    files = image_files(rng) | {"../train/class0/9999.jpg": b"out"}
    write_tar(tmp_path / "cifar10.tar", files, "w")
    with tarfile.open(tmp_path / "cifar10.tar", "a") as archive:
        link = tarfile.TarInfo("train/class0/8888.jpg")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert len(load_data("cifar10", tmp_path).train_labels) == 20


def test_nothing_there_is_one_sentence(tmp_path):
    with pytest.raises(ReadError, match="six binary batches"):
        load_data("cifar10", tmp_path)
