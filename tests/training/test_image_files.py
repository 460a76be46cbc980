from __future__ import annotations

import io
import tarfile

import numpy as np
import pytest

from tests.training.cifar_files import CLASSES, as_binary, batches
from topograph.errors import ReadError
from topograph.training import load_data


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
