"""The digits that scikit-learn brings along: 1797 images of 8 x 8 pixels, no file needed."""

from __future__ import annotations

import numpy as np

from topograph.errors import MissingExtraError
from topograph.training.data.checksums import is_published_digits
from topograph.training.data.dataset import Dataset, dataset_of_arrays

N_CLASSES = 10
LEVELS = 16  # of grey above black
_SPLIT_SEED = 0
_TEST_SHARE = 0.25


def read_digits() -> Dataset:
    """Return the digits, a quarter of each class for testing.

    The split is drawn once and for all from a fixed seed, class by class. Pixels, 0 to 16
    in the source, are scaled to 0 to 255 and rounded down.

    Raises
    ------
    MissingExtraError
        If scikit-learn is not installed.

    Examples
    --------
    >>> data = read_digits()
    >>> data.shape, len(data.train_labels), len(data.test_labels), data.verified
    ((1, 8, 8), 1347, 450, True)
    """
    try:
        from sklearn.datasets import load_digits  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtraError.of("scikit-learn", "train") from error
    digits = load_digits()
    pixels = digits.images.astype(np.uint8)
    labels = digits.target.astype(np.uint8)
    images = (pixels.astype(np.uint16) * 255 // LEVELS).astype(np.uint8)[:, None]
    test = _test_rows(labels)
    verified = is_published_digits(pixels.tobytes() + labels.tobytes())
    return dataset_of_arrays(
        "digits",
        (images[~test], labels[~test]),
        (images[test], labels[test]),
        N_CLASSES,
        verified=verified,
        notes=() if verified else ("The digits are not those that scikit-learn first shipped.",),
    )


def _test_rows(labels: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(_SPLIT_SEED)
    test = np.zeros(labels.size, dtype=bool)
    for label in range(N_CLASSES):
        members = np.flatnonzero(labels == label)
        test[rng.permutation(members)[: round(_TEST_SHARE * members.size)]] = True
    return test
