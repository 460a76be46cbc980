"""Data sets of a few images, made here, as the published files hold them."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile

import numpy as np

from topograph.training.data import checksums, published

MNIST_FILES = list(published.PUBLISHED["mnist"].downloads)
BATCHES = list(checksums.CIFAR_10_PYTHON)
TOPS = published.CIFAR_10_FOLDERS
PYTHON, BINARY = TOPS


def md5(content):
    return hashlib.md5(content).hexdigest()  # noqa: S324


def publish(monkeypatch, data_set, files):
    """Make these contents the published ones."""
    known = published.PUBLISHED[data_set]
    for name, content in files.items():
        monkeypatch.setitem(known.checksums, name, md5(content))
        if name in known.downloads:
            monkeypatch.setitem(known.downloads, name, len(content))


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.tobytes()


def mnist_files(seed):
    rng = np.random.default_rng(seed)
    contents = [
        rng.integers(0, 256, (12, 28, 28), dtype=np.uint8),
        np.arange(12, dtype=np.uint8) % 10,
        rng.integers(0, 256, (5, 28, 28), dtype=np.uint8),
        rng.integers(0, 10, 5, dtype=np.uint8),
    ]
    return {
        name: gzip.compress(idx(content), mtime=0)
        for name, content in zip(MNIST_FILES, contents, strict=True)
    }


def packed(members):
    """Return a .tar.gz of names and contents; a content that is a TarInfo is a member as is."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(member)
            archive.addfile(info, io.BytesIO(member))
    return content.getvalue()


def cifar_batches(archive):
    import pickle

    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 256, (10, 3072), dtype=np.uint8), np.arange(10, dtype=np.uint8)
    if archive == BINARY:
        content = np.concatenate([labels[:, None], pixels], axis=1).tobytes()
        return {f"{batch}.bin": content for batch in BATCHES}
    content = pickle.dumps({b"data": pixels, b"labels": labels.tolist()}, protocol=2)
    return dict.fromkeys(BATCHES, content)


def cifar_archive(archive, extra=()):
    top = TOPS[archive]
    members = [(f"{top}/{name}", content) for name, content in cifar_batches(archive).items()]
    return packed([*extra, (f"{top}/readme.html", b"hello"), *members])


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def everything_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())
