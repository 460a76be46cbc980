from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from scipy.stats import linregress
from scipy.stats import t as student

from topograph.errors import MissingExtraError, ParameterError, Undefined
from topograph.study.statistics import logit_accuracy, mixed_model

pytest.importorskip("statsmodels")

MANY = 10**9  # images: no accuracy is clipped


def nets(seed, *, n_topologies=20, seeds=4, n_strata=2, slope=0.4, between=0.8, within=0.6, keep=1):
    """Accuracy, two properties, topologies, strata; a share of the rows, at random."""
    random = np.random.default_rng(seed)
    topology = np.repeat(np.arange(n_topologies), seeds)
    properties = random.standard_normal((2, n_topologies))[:, topology]
    stratum = topology % n_strata
    logits = (
        2.0 * stratum
        + slope * properties[0]
        + between * random.standard_normal(n_topologies)[topology]
        + within * random.standard_normal(topology.size)
    )
    kept = random.random(topology.size) < keep
    named = dict(zip(("reach", "gap"), properties[:, kept], strict=True))
    return expit(logits[kept]), named, topology[kept], stratum[kept]


def restricted_likelihood(logits, design, topology):
    """REML with whole covariance matrices: coefficients, errors and the two variances."""
    same = (topology[:, None] == topology[None]).astype(float)
    rows, columns = design.shape

    def fit(root):
        covariance = np.eye(rows) + root**2 * same
        weighted = np.linalg.solve(covariance, design)
        information = design.T @ weighted
        slopes = np.linalg.solve(information, weighted.T @ logits)
        residuals = logits - design @ slopes
        scale = residuals @ np.linalg.solve(covariance, residuals) / (rows - columns)
        determinants = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(information)[1]
        deviance = (rows - columns) * np.log(scale) + determinants
        errors = np.sqrt(scale * np.diag(np.linalg.inv(information)))
        return deviance, slopes, errors, root**2 * scale, scale

    best = minimize_scalar(lambda root: fit(root)[0], bounds=(0, 20), options={"xatol": 1e-9})
    return fit(best.x)[1:]


def design_of(properties, stratum):
    """Each stratum has five topologies or more, each property its spread over topologies."""
    columns = []
    for column in properties.values():
        topologies = [np.unique(column[stratum == at]) for at in np.unique(stratum)]
        squares = sum(((one - one.mean()) ** 2).sum() for one in topologies)
        spread = np.sqrt(squares / sum(one.size - 1 for one in topologies))
        centres = np.array([one.mean() for one in topologies])
        columns.append((column - centres[stratum]) / spread)
    return np.column_stack([*columns, np.eye(stratum.max() + 1)[stratum]])


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_restricted_likelihood_of_whole_matrices(seed):
    accuracy, properties, topology, stratum = nets(seed, keep=0.7)
    found = mixed_model(accuracy, properties, topology, stratum, n_images=MANY)
    design = design_of(properties, stratum)
    slopes, errors, between, within = restricted_likelihood(logit(accuracy), design, topology)
    effects = list(found.effects.values())
    assert [one.coefficient for one in effects] == pytest.approx(slopes[:2], rel=1e-4)
    # Not those of the fixed effects alone: the variances are estimated too.
    ratios = np.array([one.standard_error for one in effects]) / errors[:2]
    assert ((ratios > 1 - 1e-4) & (ratios < 1.02)).all()
    assert list(found.strata.values()) == pytest.approx(slopes[2:], rel=1e-4)
    assert found.topology_variance == pytest.approx(between, rel=1e-3)
    assert found.residual_variance == pytest.approx(within, rel=1e-3)


def test_statsmodels_agrees_on_a_formula():
    formulas = pytest.importorskip("statsmodels.formula.api")
    pandas = pytest.importorskip("pandas")
    accuracy, properties, topology, stratum = nets(3, keep=0.7)
    found = mixed_model(accuracy, properties, topology, stratum, n_images=MANY)
    frame = pandas.DataFrame({"y": logit(accuracy), "s": stratum, "t": topology} | properties)
    fit = formulas.mixedlm("y ~ reach + gap + C(s)", frame, groups="t").fit(reml=True)
    for name, effect in found.effects.items():
        assert effect.coefficient / effect.standard_deviation == pytest.approx(
            fit.fe_params[name], rel=1e-4
        )
        assert effect.standard_error / effect.standard_deviation == pytest.approx(
            fit.bse[name], rel=1e-3
        )
    assert found.topology_variance == pytest.approx(fit.cov_re.iloc[0, 0], rel=1e-3)
    assert found.residual_variance == pytest.approx(fit.scale, rel=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_a_balanced_table_has_the_test_of_least_squares_on_means(seed):
    accuracy, properties, topology, _ = nets(seed, n_topologies=8, n_strata=1)
    reach = {"reach": properties["reach"]}
    found = mixed_model(accuracy, reach, topology, n_images=MANY).effects["reach"]
    means = logit(accuracy).reshape(8, 4).mean(axis=1)
    expected = linregress(properties["reach"][::4], means)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-3)
    assert found.coefficient / found.standard_deviation == pytest.approx(expected.slope)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95])
def test_intervals_are_those_of_student(level):
    found = mixed_model(*nets(2, n_topologies=10), n_images=MANY, level=level)
    for effect in found.effects.values():
        reach = student.ppf((1 + level) / 2, found.degrees_of_freedom) * effect.standard_error
        low, high = effect.coefficient - reach, effect.coefficient + reach
        assert (effect.interval.low, effect.interval.high) == pytest.approx((low, high))


def test_accuracies_at_both_ends_are_clipped_and_counted():
    accuracy, properties, topology, strata = nets(2, n_topologies=10)
    accuracy = np.array(accuracy)
    accuracy[[0, 5]], accuracy[9] = 0.0, 1.0
    found = mixed_model(accuracy, properties, topology, strata, n_images=1000)
    assert found.n_clipped == 3
    assert any("moved by half an image: 3" in note for note in found.notes)


def test_the_truth_is_found():
    found = mixed_model(*nets(1, n_topologies=150, seeds=6), n_images=MANY)
    reach, gap = found.effects.values()
    assert reach.interval.low < 0.4 * reach.standard_deviation < reach.interval.high
    assert reach.p_value < 1e-6
    assert abs(gap.coefficient) < 4 * gap.standard_error
    assert found.topology_variance == pytest.approx(0.64, rel=0.2)
    assert found.residual_variance == pytest.approx(0.36, rel=0.1)
    assert found.strata["1"] - found.strata["0"] == pytest.approx(2, abs=0.4)


def test_seeds_are_no_evidence_of_their_own():
    few, many = (
        mixed_model(*nets(2, seeds=seeds, between=2, within=0.1), n_images=MANY)
        for seeds in (3, 30)
    )
    assert few.degrees_of_freedom == many.degrees_of_freedom == 20 - 2 - 2
    assert many.effects["reach"].standard_error == pytest.approx(
        few.effects["reach"].standard_error, rel=0.05
    )


def test_topologies_that_lie_in_all_strata_tell_strata_apart_from_within():
    accuracy, properties, topology, _ = nets(4, seeds=6)
    stratum = np.tile(np.arange(3), 40)
    found = mixed_model(accuracy, properties, topology, stratum, n_images=MANY)
    assert found.degrees_of_freedom == 20 - 1 - 2


def test_a_scale_of_a_property_does_not_matter():
    accuracy, properties, topology, stratum = nets(5)
    moved = {name: 100 * column + 7 for name, column in properties.items()}
    one = mixed_model(accuracy, properties, topology, stratum, n_images=MANY)
    other = mixed_model(accuracy, moved, topology, stratum, n_images=MANY)
    assert other.effects["reach"].coefficient == pytest.approx(one.effects["reach"].coefficient)
    assert other.effects["reach"].standard_deviation == pytest.approx(
        100 * one.effects["reach"].standard_deviation
    )


def test_no_variance_between_topologies_is_a_note_and_no_warning():
    at_boundary = 0
    for seed in range(6):
        accuracy, properties, topology, stratum = nets(seed, between=0)
        found = mixed_model(accuracy, properties, topology, stratum, n_images=MANY)
        expected = restricted_likelihood(logit(accuracy), design_of(properties, stratum), topology)
        is_zero = expected[2] < 1e-6
        assert (found.topology_variance < 1e-4) == is_zero
        assert any("estimated as 0" in note for note in found.notes) == is_zero
        at_boundary += is_zero
    assert 1 <= at_boundary <= 5


def test_accuracies_of_one_are_clipped_and_counted():
    assert logit_accuracy([1.0, 0.0], 100) == pytest.approx(logit([0.995, 0.005]))
    accuracy, properties, topology, stratum = nets(0)
    accuracy[3] = 1.0
    found = mixed_model(accuracy, properties, topology, stratum, n_images=1000)
    assert found.n_clipped == 1
    assert found.notes == ("accuracies of 0 or 1, moved by half an image: 1",)


def test_what_cannot_be_fitted_says_why():
    accuracy, properties, topology, stratum = nets(0)

    def fit(**changed):
        columns = {"properties": properties, "topologies": topology, "strata": stratum} | changed
        return mixed_model(accuracy, **columns, n_images=MANY)

    with pytest.raises(Undefined, match="reach is constant in every stratum"):
        fit(properties={"reach": stratum})
    with pytest.raises(Undefined, match="collinear within strata"):
        fit(properties=properties | {"twin": 2 * properties["gap"] + stratum})
    with pytest.raises(Undefined, match="no topology has two rows"):
        fit(topologies=np.arange(80))
    with pytest.raises(Undefined, match="too few"):
        mixed_model(
            accuracy[:16],
            {name: column[:16] for name, column in properties.items()},
            topology[:16],
            stratum[:16],
            n_images=MANY,
        )
    with pytest.raises(ParameterError, match="one at least"):
        fit(properties={})
    with pytest.raises(ParameterError, match="accuracy must be from 0 to 1, but it is 97"):
        mixed_model([97.0, 0.5], {"reach": [1, 2]}, [1, 2], n_images=10)
    with pytest.raises(Undefined, match="never differ"):
        mixed_model(expit(np.sin(topology)), properties, topology, stratum, n_images=MANY)


def test_without_statsmodels_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "statsmodels.regression.mixed_linear_model", None)
    with pytest.raises(MissingExtraError, match=r"topograph\[study\]"):
        mixed_model(*nets(0), n_images=MANY)
