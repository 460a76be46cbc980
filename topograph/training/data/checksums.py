"""Are these the files that were published?

The MD5 checksums tell an intact copy from another one; they are no protection against an
attacker, and no file is trusted for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from topograph.io.paths import naming, shown

# Published for the .gz files; those of the unpacked files follow from them.
MNIST: Mapping[str, str] = {
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
FASHION_MNIST: Mapping[str, str] = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
    "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
    "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
}
CIFAR_10_PYTHON: Mapping[str, str] = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
DIGITS = "7696c07daa6d85010f8268703ab8b067"  # of the pixels and then the classes, as bytes


def compare_with_published(
    paths: Sequence[Path], published: Mapping[str, str]
) -> tuple[bool, tuple[str, ...]]:
    """Return whether all files are the published ones, and a note on each that is not.

    Parameters
    ----------
    paths : sequence of Path
        The files read.
    published : mapping
        MD5 checksum by file name; a file without one is allowed, and noted.
    """
    notes = []
    for path in paths:
        wanted = published.get(path.name)
        if wanted is None:
            notes.append(f"{shown(path.name)}: no published checksum is known for this file.")
            continue
        with naming(shown(path)), path.open("rb") as stream:
            got = hashlib.file_digest(stream, _md5).hexdigest()
        if got != wanted:
            notes.append(
                f"{shown(path.name)} is not the published file: its MD5 checksum is {got}, "
                f"not {wanted}."
            )
    return not notes, tuple(notes)


def is_published_digits(content: bytes) -> bool:
    """Whether pixels and classes, one byte each, are those of scikit-learn's digits."""
    return _md5(content).hexdigest() == DIGITS


def _md5(content: bytes = b"") -> hashlib._Hash:
    return hashlib.md5(content, usedforsecurity=False)
