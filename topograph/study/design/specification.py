"""What a study asks for: topologies, data, training and tests, as one frozen record."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from topograph.digest import content_digest
from topograph.generators.allocation import Allocation
from topograph.study.design.said_fields import without_defaults
from topograph.study.design.specification_checks import check_specification
from topograph.study.design.statistical_plan import StatisticalPlan
from topograph.training.recipes import Recipe

Role: TypeAlias = Literal["sampled", "named"]
OWN_FAMILIES = ("radix", "pruned", "file")  # made in other ways than a layer at a time


@dataclass(frozen=True)
class Regime:
    """Sizes at which topologies are compared: one stratum for each density.

    Parameters
    ----------
    name : str
    widths : tuple of int
        Units of each level, inputs first.
    densities : tuple of float
    allocation : {"uniform", "erk", "er"}, default "uniform"
        How a density is spread over the layers.
    append_dense : int, optional
        Add a dense layer to so many outputs.
    data : tuple of str
        Data sets to train on; by default all of the study.
    """

    name: str
    widths: tuple[int, ...]
    densities: tuple[float, ...]
    allocation: Allocation = "uniform"
    append_dense: int | None = None
    data: tuple[str, ...] = ()

    def stratum(self, density: float) -> str:
        """Return the name of the stratum of a density."""
        return f"{self.name} {density:g}"

    @property
    def final_widths(self) -> tuple[int, ...]:
        """Units of each level, the appended one included."""
        return self.widths if self.append_dense is None else (*self.widths, self.append_dense)


@dataclass(frozen=True)
class TopologySource:
    """A family, and how many topologies of it there are in every stratum.

    Parameters
    ----------
    name : str
        The family's name in tables.
    family : str
        One of `topograph.generators.FAMILIES`, ``radix``, ``pruned`` or ``file``.
    count : int, default 1
    options : mapping
        Of the family. ``radix``: ``systems``, ``dense_widths``, ``direction``. ``pruned``:
        ``method``, ``model``, ``data``, ``recipe``, ``n_steps``, ``scope``. ``file``: ``path``.
    widths : tuple of int
        Drawn at these widths, the first units of each level then dropped to fit the regime;
        its own by default.
    regimes : tuple of str, densities : tuple of float
        Where it takes part; everywhere by default.
    relabellings : int, optional
        Random relabellings beside the natural labelling; the study's by default.
    seeds : int, optional
        Train from the first so many seeds of the study only; from all by default.
    degree_twins, density_twins : int, default 0
        Twins of each topology with the same degrees, or with the same edges per layer only.
    repaired : bool, default False
        Whether each topology has a twin whose dead outputs are joined to inputs.
    own_edges : bool, default False
        Whether its edges per layer are its own: it then has strata of its own.
    role : {"sampled", "named"}
    first_seed : int, default 0
        Topology ``k`` has the seed ``first_seed + k``.
    """

    name: str
    family: str
    count: int = 1
    options: Mapping[str, Any] = field(default_factory=dict)
    widths: tuple[int, ...] = ()
    regimes: tuple[str, ...] = ()
    densities: tuple[float, ...] = ()
    relabellings: int | None = None
    seeds: int | None = None
    degree_twins: int = 0
    density_twins: int = 0
    repaired: bool = False
    own_edges: bool = False
    role: Role = "named"
    first_seed: int = 0

    def takes_part(self, regime: Regime, density: float) -> bool:
        """Return whether it has topologies in a stratum."""
        in_regime = not self.regimes or regime.name in self.regimes
        return in_regime and (not self.densities or density in self.densities)


@dataclass(frozen=True)
class DoseSource:
    """Series of topologies of equal degrees along which one property moves.

    Parameters
    ----------
    name : str
        The name of their family in tables.
    regime : str
    density : float
    family : str
        Of the base of each series.
    moved : str
        The property that moves.
    held : tuple of str
        Properties that stay within ``tolerance``.
    bases : int
        Series, one from each base topology.
    n_steps : int, default 6
    tolerance : float, default 0.02
    options : mapping
        Of the family.
    relabellings : int, optional
        As of `TopologySource`.
    first_seed : int, default 0
    """

    name: str
    regime: str
    density: float
    family: str
    moved: str
    held: tuple[str, ...]
    bases: int
    n_steps: int = 6
    tolerance: float = 0.02
    options: Mapping[str, Any] = field(default_factory=dict)
    relabellings: int | None = None
    first_seed: int = 0

    def takes_part(self, regime: Regime, density: float) -> bool:
        """Return whether its series are in a stratum."""
        return (self.regime, self.density) == (regime.name, density)


@dataclass(frozen=True)
class Published:
    """An accuracy that others published, to stand beside the study's own.

    Parameters
    ----------
    stratum, family : str
        Where it belongs; a stratum of own edges has the family in brackets.
    accuracy : float
        From 0 to 1.
    variant : str
        The way of training; by default the only one.
    """

    stratum: str
    family: str
    accuracy: float
    variant: str = ""


@dataclass(frozen=True)
class Variant:
    """One way of training, with the factors that tell it from others.

    Parameters
    ----------
    name : str
    recipe : Recipe
    factors : mapping of str to value
        The switches of a factorial study, with the values here.
    """

    name: str
    recipe: Recipe
    factors: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Specification:
    """A whole study.

    Parameters
    ----------
    name, question : str
    data : tuple of str
        Data sets, each an environment.
    confirmation : tuple of str
        Those of them, or regimes, that are held for confirmation: reported apart.
    variants : tuple of Variant
    seeds : tuple of int
    rate_factors : tuple of float
        Factors of the learning rate to train with; 1 is the fixed rate.
    n_validation : mapping of str to int
        Training images of each data set that are held out, to choose the rate on; none where it
        is not named.
    relabellings : int
    regimes : tuple of Regime
    topologies : tuple of TopologySource
    doses : tuple of DoseSource
    statistics : StatisticalPlan
    published : tuple of Published

    Raises
    ------
    ParameterError
        If parts do not fit each other.
    """

    name: str
    question: str
    data: tuple[str, ...]
    variants: tuple[Variant, ...]
    seeds: tuple[int, ...]
    regimes: tuple[Regime, ...]
    topologies: tuple[TopologySource, ...]
    confirmation: tuple[str, ...] = ()
    rate_factors: tuple[float, ...] = (1.0,)
    n_validation: Mapping[str, int] = field(default_factory=dict)
    relabellings: int = 0
    doses: tuple[DoseSource, ...] = ()
    statistics: StatisticalPlan = field(default_factory=StatisticalPlan)
    published: tuple[Published, ...] = ()

    def __post_init__(self) -> None:
        check_specification(self)

    def validation_of(self, data: str) -> int:
        """Return how many training images of a data set are held out."""
        return self.n_validation.get(data, 0)

    def data_of(self, regime: Regime) -> tuple[str, ...]:
        """Return the data sets that a regime is trained on."""
        return regime.data or self.data

    def as_dict(self) -> dict[str, Any]:
        """Return everything; fit for JSON."""
        content = dataclasses.asdict(self)
        content["variants"] = [
            {
                "name": variant.name,
                "recipe": variant.recipe.provenance(),
                "factors": dict(variant.factors),
            }
            for variant in self.variants
        ]
        return json.loads(json.dumps(content))  # type: ignore[no-any-return]  # tuples to lists

    def digest(self) -> str:
        """Return the SHA-256 of all that was said, in hexadecimal.

        What has its default does not enter, so that a later version, which knows more keys, gives
        the same.
        """
        return content_digest(without_defaults(self))


def roles() -> tuple[str, ...]:
    """Return what a source of topologies may be."""
    return get_args(Role)
