from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topograph.errors import ParameterError, Undefined
from topograph.study.statistics import variance_components


def nested(seed, *, topologies=8, labellings=3, seeds=4, variances=(2.0, 1.0, 0.5), keep=1.0):
    """Outcome and the three levels; a share of the rows, at random."""
    random = np.random.default_rng(seed)
    a, b, e = np.sqrt(variances)
    shape = (topologies, labellings, seeds)
    effects = (
        a * random.standard_normal((topologies, 1, 1))
        + b * random.standard_normal((topologies, labellings, 1))
        + e * random.standard_normal(shape)
    )
    kept = random.random(shape).ravel() < keep
    levels = [level.ravel()[kept] for level in np.indices(shape)]
    return effects.ravel()[kept], *levels


def found(*columns, **options):
    return variance_components(*columns, n_resamples=200, **options)


@given(st.integers(0, 10_000))
@settings(max_examples=25)
def test_balanced_tables_give_the_mean_squares(seed):
    outcome, topology, labelling, run = nested(seed)
    cube = outcome.reshape(8, 3, 4)
    within = cube.var(axis=2, ddof=1).mean()
    labels = 4 * cube.mean(axis=2).var(axis=1, ddof=1).mean()
    classes = 12 * cube.mean(axis=(1, 2)).var(ddof=1)
    result = found(outcome, topology, labelling, run)
    assert result.seed == pytest.approx(within)
    assert result.labelling == pytest.approx(max(0, (labels - within) / 4))
    assert result.topology == pytest.approx(max(0, (classes - labels) / 12))
    assert ("topology" in result.truncated) == (classes < labels)
    total = result.topology_share + result.labelling_share + result.seed_share
    assert total == pytest.approx(1)


def test_unbalanced_tables_are_unbiased():
    results = [found(*nested(seed, keep=0.6, topologies=12)) for seed in range(120)]
    means = np.mean([[one.topology, one.labelling, one.seed] for one in results], axis=0)
    assert means == pytest.approx([2.0, 1.0, 0.5], rel=0.15)


def test_reml_agrees_on_a_balanced_table():
    smf = pytest.importorskip("statsmodels.formula.api")
    pandas = pytest.importorskip("pandas")
    outcome, topology, labelling, run = nested(3)
    frame = pandas.DataFrame({"y": outcome, "t": topology, "l": labelling})
    model = smf.mixedlm("y ~ 1", frame, groups="t", re_formula="1", vc_formula={"l": "0 + C(l)"})
    fit = model.fit(reml=True)
    result = found(outcome, topology, labelling, run)
    assert result.truncated == ()
    assert result.topology == pytest.approx(float(fit.cov_re.iloc[0, 0]), rel=0.01)
    assert result.labelling == pytest.approx(float(fit.vcomp[0]), rel=0.01)
    assert result.seed == pytest.approx(fit.scale, rel=0.01)


@given(st.integers(0, 10_000), st.floats(0.1, 10), st.floats(-5, 5))
@settings(max_examples=20)
def test_shares_have_no_unit(seed, scale, shift):
    outcome, *levels = nested(seed, keep=0.8)
    one, other = found(outcome, *levels), found(scale * outcome + shift, *levels)
    assert other.topology_share == pytest.approx(one.topology_share, abs=1e-9)
    assert other.seed == pytest.approx(scale**2 * one.seed)


def test_strata_have_means_of_their_own():
    outcome, topology, labelling, run = nested(5)
    strata = topology % 2
    one = found(outcome, topology, labelling, run, strata=strata)
    other = found(outcome + 100 * strata, topology, labelling, run, strata=strata)
    assert other.topology == pytest.approx(one.topology)
    assert found(outcome + 100 * strata, topology, labelling, run).topology > 1000


def test_levels_that_cannot_be_told_apart_are_said():
    outcome, topology, _, run = nested(2, labellings=1)
    result = found(outcome, topology, np.zeros(outcome.size), run)
    assert result.labelling is None
    assert "within the topology's" in result.notes[0]
    outcome, topology, labelling, run = nested(2, seeds=1)
    result = found(outcome, topology, labelling, run)
    assert result.labelling is None
    assert "within the seed's" in result.notes[0]
    with pytest.raises(Undefined, match="no topology has two rows"):
        found([1, 2, 3], [1, 2, 3], [0, 0, 0], [0, 0, 0])
    with pytest.raises(Undefined, match="all outcomes"):
        found([1, 1, 1, 1], [1, 1, 2, 2], [0, 0, 0, 0], [0, 1, 0, 1])
    with pytest.raises(Undefined, match="two topologies"):
        found([1, 2], [1, 1], [0, 0], [0, 1])


def test_a_negative_estimate_is_shown_as_nothing_and_named():
    # Means of the topologies are equal, though seeds differ.
    result = found([0, 2, 2, 0, 1, 1], [1, 1, 2, 2, 3, 3], [0] * 6, [0, 1] * 3)
    assert result.topology == 0
    assert result.truncated == ("topology",)


def test_a_run_comes_once():
    with pytest.raises(ParameterError, match="row 0 has a double"):
        found([1, 2, 3], [1, 1, 2], [0, 0, 0], [0, 0, 0])


def test_outcomes_given_stay_as_they_are():
    outcome, *levels = nested(1)
    before = outcome.copy()
    found(outcome, *levels)
    assert (outcome == before).all()
