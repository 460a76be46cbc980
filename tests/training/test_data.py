from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from topograph.errors import ParameterError
from topograph.training import ALFORD_2018, MODERN, Dataset, load_data, prepare
from topograph.training.data import CONSTANTS, Standardisation
from topograph.training.data.augmentation import CROP, augment, crop_centre
from topograph.training.data.published import PUBLISHED
from topograph.training.data.standardisation import standardise, standardise_each
from topograph.training.recipes import find_recipe


def color_images(count=40, side=32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, side, side), generator=generator, dtype=torch.uint8)


def color_data(count=40):
    images, labels = color_images(count), torch.arange(count) % 10
    return Dataset("cifar10", images, labels, images[:10], labels[:10], 10, verified=False)


def test_digits_are_split_by_class_and_always_the_same():
    one, other = load_data("digits"), load_data("digits")
    assert torch.equal(one.train_images, other.train_images)
    assert one.verified
    whole = torch.bincount(torch.cat([one.train_labels, one.test_labels]))
    assert whole.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    share = torch.bincount(one.test_labels) / whole
    assert float((share - 0.25).abs().max()) < 0.005


def test_digits_keep_their_grey_levels():
    from sklearn.datasets import load_digits

    data = load_data("digits")
    levels = torch.unique(data.train_images)
    assert len(levels) == 17
    assert levels.tolist() == [level * 255 // 16 for level in range(17)]
    mean = load_digits().images.mean() / 16
    assert abs(float(data.train_images.float().mean()) / 255 - mean) < 0.005


def test_unknown_sets_are_refused():
    with pytest.raises(ParameterError, match="digits, mnist, fashion-mnist, cifar10"):
        load_data("imagenet")


def test_standardised_images_have_mean_0_and_deviation_1(digits):
    images = torch.cat([digits.train_images, digits.test_images])
    assert abs(float(images.mean())) < 0.02
    assert abs(float(images.std()) - 1) < 0.02
    assert digits.steps == ("standardised: (pixel / 255 - 0.3053) / 0.376",)


def test_unit_pixels_are_what_the_paper_uses():
    data = prepare(load_data("digits"), ALFORD_2018)
    assert float(data.train_images.min()) == 0
    assert float(data.train_images.max()) == 1
    assert data.steps == ("pixel / 255",)


def test_constants_of_each_channel():
    data = standardise(color_data(), CONSTANTS["cifar10"])
    raw = color_data().train_images[:, 2].double() / 255
    assert torch.allclose(data.train_images[:, 2].double(), (raw - 0.4465) / 0.2616, atol=1e-5)
    with pytest.raises(ParameterError, match="of 3 channels"):
        standardise(load_data("digits"), CONSTANTS["cifar10"])


def test_images_are_prepared_once(digits):
    with pytest.raises(ParameterError, match="uint8"):
        prepare(digits, MODERN)


def test_a_set_without_constants_says_so():
    unknown = dataclasses.replace(color_data(), name="other")
    with pytest.raises(ParameterError, match="No constants"):
        prepare(unknown, MODERN)
    step = Standardisation("mine", (0.5,), (0.5,))
    assert standardise(unknown, step).steps == ("mine: (pixel / 255 - 0.5) / 0.5",)


def test_per_image_standardisation_against_its_definition(rng):
    images = rng.normal(size=(3, 2, 4, 4)) * 5 + 7
    got = standardise_each(torch.from_numpy(images)).numpy()
    for image, standardised in zip(images, got, strict=True):
        assert np.allclose(standardised, (image - image.mean()) / image.std())


def test_augmented_batches_are_standardised_crops():
    images = color_images()
    got = augment(images, torch.Generator().manual_seed(0))
    assert got.shape == (40, 3, CROP, CROP)
    assert torch.allclose(got.mean(dim=(1, 2, 3)), torch.zeros(40), atol=1e-5)
    assert torch.allclose(got.flatten(1).std(dim=1, correction=0), torch.ones(40), atol=1e-4)
    again = augment(images, torch.Generator().manual_seed(0))
    assert torch.equal(got, again)
    assert not torch.equal(got, augment(images, torch.Generator().manual_seed(1)))


def test_every_crop_is_a_piece_of_its_image_flipped_or_not(monkeypatch):
    from topograph.training.data import augmentation

    monkeypatch.setattr(augmentation, "_RANGES", ((0.0, 0.0), (1.0, 1.0)))
    monkeypatch.setattr(augmentation, "standardise_each", lambda images: images)
    images = color_images(30, side=26)
    got = augment(images, torch.Generator().manual_seed(0))
    places = set()
    for image, crop in zip(images.float(), got, strict=True):
        found = [
            (top, left, flipped)
            for top in range(3)
            for left in range(3)
            for flipped in (False, True)
            if torch.allclose(
                crop.flip(2) if flipped else crop,
                image[:, top : top + 24, left : left + 24],
                atol=1e-3,
            )
        ]
        assert len(found) == 1
        places.update(found)
    assert {top for top, _, _ in places} == {0, 1, 2}
    assert {flipped for _, _, flipped in places} == {False, True}


def test_contrast_and_brightness_leave_an_affine_image():
    """Brightness and contrast move each channel by an affine map, of positive slope."""
    image = color_images(1, side=24)
    got = augment(image.expand(20, -1, -1, -1), torch.Generator().manual_seed(3))
    for crop in got:
        for channel in range(3):
            same = np.corrcoef(crop[channel].flatten(), image[0, channel].flatten())[0, 1]
            mirrored = np.corrcoef(crop[channel].flip(1).flatten(), image[0, channel].flatten())[
                0, 1
            ]
            assert max(same, mirrored) == pytest.approx(1, abs=1e-5)


def test_the_papers_recipe_crops_cifar_and_only_cifar():
    recipe = find_recipe("alford2018", "cifar10")
    data = prepare(color_data(), recipe)
    assert data.augmented
    assert data.shape == (3, 24, 24)
    assert data.train_images.dtype == torch.uint8
    assert torch.equal(data.test_images, crop_centre(color_data().test_images))
    assert "crop 24 x 24" in data.steps[0]
    assert not find_recipe("alford2018", "mnist").augmentation
    with pytest.raises(ParameterError, match="24 x 24"):
        prepare(load_data("digits"), recipe)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"train_images": torch.zeros(3, 8, 8)}, "train_images"),
        ({"test_labels": torch.zeros(0, dtype=torch.int64)}, "test_images"),
        ({"train_labels": torch.zeros(40)}, "int64"),
    ],
)
def test_records_that_do_not_fit_are_refused(change, words):
    with pytest.raises(ParameterError, match=words):
        dataclasses.replace(color_data(), **change)


def test_provenance_is_fit_for_json_and_names_no_path(digits):
    import json

    said = json.loads(json.dumps(digits.provenance()))
    assert said["verified"] is True
    assert said["shape"] == [1, 8, 8]
    assert set(said) == {
        "name", "train_images", "test_images", "shape", "verified", "lossy", "steps",
    }  # fmt: skip


@pytest.mark.gpu
def test_augmentation_means_the_same_on_every_device():
    images = color_images()
    on_cpu = augment(images, torch.Generator().manual_seed(0))
    on_gpu = augment(images.cuda(), torch.Generator().manual_seed(0))
    assert torch.allclose(on_cpu, on_gpu.cpu(), atol=1e-4)


def test_published_numbers_of_images_are_those_of_the_data():
    data = load_data("digits")
    sizes = (len(data.train_labels), len(data.test_labels))
    assert sizes == PUBLISHED["digits"].n_images
