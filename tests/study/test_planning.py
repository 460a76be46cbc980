from __future__ import annotations

import pytest

from topograph.errors import ParameterError
from topograph.study.statistics import power_estimate


def test_without_an_effect_the_power_is_the_level():
    found = power_estimate(20, 3, 0.5, 0.0, n_simulations=2000)
    assert found.power == pytest.approx(0.05, abs=0.02)
    assert found.expected_tau == pytest.approx(0, abs=0.02)


def test_without_noise_the_expected_tau_is_the_true_one():
    assert power_estimate(40, 1, 1.0, 0.4).expected_tau == pytest.approx(0.4, abs=0.02)
    assert power_estimate(40, 1, 1.0, -0.4).expected_tau == pytest.approx(-0.4, abs=0.02)


@pytest.mark.parametrize(
    "more",
    [{"n_topologies": 40}, {"n_seeds": 12}, {"class_share": 0.8}, {"tau": 0.5}, {"n_strata": 3}],
)
def test_more_of_anything_has_more_power(more):
    design = {"n_topologies": 15, "n_seeds": 2, "class_share": 0.3, "tau": 0.25}
    assert power_estimate(**design | more).power > power_estimate(**design).power + 0.03


def test_no_share_of_the_class_has_no_power():
    assert power_estimate(30, 5, 0.0, 0.9).power == pytest.approx(0.05, abs=0.04)


def test_many_primaries_need_many_permutations():
    assert power_estimate(60, 8, 0.8, 0.6, significance=0.05 / 40).power > 0.9
    with pytest.raises(ParameterError, match=r"at least 999 to reach .* 0\.001"):
        power_estimate(60, 8, 0.8, 0.6, significance=0.001, n_permutations=500)


def test_what_is_out_of_range_is_said():
    with pytest.raises(ParameterError, match="n_topologies must be two at least"):
        power_estimate(1, 5, 0.5, 0.2)
    with pytest.raises(ParameterError, match="tau must be from -1 to 1"):
        power_estimate(10, 5, 0.5, 2)
