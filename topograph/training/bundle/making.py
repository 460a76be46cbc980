"""From mask files to a bundle."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from topograph.errors import ParameterError
from topograph.graph import LayeredGraph
from topograph.io.convolution_masks import ConvolutionMasks
from topograph.io.paths import shown
from topograph.training.bundle.manifest import (
    MANIFEST,
    Manifest,
    MaskEntry,
    read_manifest,
    write_manifest,
)
from topograph.training.bundle.mask_files import write_mask
from topograph.training.bundle.model_mask_files import write_model_masks
from topograph.training.bundle.packed_data import holds_data, write_data
from topograph.training.data.dataset import Dataset
from topograph.training.data.preparation import prepared_shape
from topograph.training.data.published import find_published
from topograph.training.engines.engine import check_ends
from topograph.training.engines.model_member import ModelMember
from topograph.training.masking import prunable_parameters
from topograph.training.models import MODELS
from topograph.training.recipes import Recipe

MASKS = "masks"


def make_bundle(
    masks: Mapping[str, LayeredGraph | ConvolutionMasks],
    data: str,
    recipe: Recipe,
    folder: str | os.PathLike[str],
    *,
    seeds: Sequence[int] = (0,),
    rate_factors: Sequence[float] = (1.0,),
    n_steps: int | None = None,
    n_validation: int = 0,
    edge_threshold: float | None = None,
    with_proxies: bool = False,
    pack: Dataset | None = None,
) -> Manifest:
    """Write a folder that holds all that training needs, and return what it says.

    The manifest is written last: a folder with one is complete.

    Parameters
    ----------
    masks : mapping of str to LayeredGraph or ConvolutionMasks
        By name: chains, which are architectures themselves, and masks of a model, which the
        header of their file names. Masks with the same edges are kept once, under the first name.
    data : str
        Name of the data set.
    recipe : Recipe
    folder : path
        Made if it is not there. It may hold a bundle for the same data, recipe and length
        already: masks, seeds and rates are then changed, and finished runs count.
    seeds, rate_factors, n_steps, n_validation, edge_threshold, with_proxies
        As of `Manifest`.
    pack : Dataset, optional
        Put into the bundle, as read.

    Raises
    ------
    ParameterError
        If the folder holds another bundle, or a mask does not fit.
    """
    place = Path(folder)
    for name, graph in masks.items():
        if not isinstance(graph, ConvolutionMasks):
            _check_chain(name, graph, data, recipe)
    try:
        (place / MASKS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(
            f"{shown(place)}: A bundle must be in a folder that can be written, but it cannot "
            f"({error.strerror})."
        ) from error
    entries: dict[str, MaskEntry] = {}
    for name, graph in masks.items():
        if isinstance(graph, ConvolutionMasks):
            entry = _model_entry(name, graph, place / MASKS, entries)
            _check_shapes(name, graph, entry.model, data, recipe)
        else:
            entry = _entry(name, graph, place / MASKS, entries)
        entries.setdefault(entry.digest, entry)
    manifest = Manifest(
        masks=tuple(entries.values()),
        data=data,
        recipe=recipe,
        seeds=tuple(seeds),
        rate_factors=tuple(rate_factors),
        n_steps=n_steps,
        n_validation=n_validation,
        edge_threshold=edge_threshold,
        with_proxies=with_proxies,
        has_data=pack is not None or _has_data(place),
    )
    if any(entry.kind == "model" for entry in entries.values()):
        _check_for_models(recipe, edge_threshold)
    _check_free(place, manifest)
    if pack is not None:
        _check_same_data(place, pack)
        write_data(pack, place)
    write_manifest(manifest, place)
    return manifest


def _entry(
    name: str, graph: LayeredGraph, folder: Path, known: Mapping[str, MaskEntry]
) -> MaskEntry:
    temporary = folder / "new.safetensors"
    digest = write_mask(graph, temporary)
    _keep(temporary, folder / f"{digest}.safetensors", digest in known)
    return MaskEntry(
        name=name,
        digest=digest,
        kind="chain",
        widths=graph.widths,
        n_edges=graph.n_edges,
        n_possible_edges=sum(layer.shape[0] * layer.shape[1] for layer in graph.layers),
        provenance=dict(graph.provenance),
    )


def _check_chain(name: str, graph: LayeredGraph, data: str, recipe: Recipe) -> None:
    """Refuse a net that could never be trained on a data set, before anything is written."""
    if not graph.is_chain:
        raise ParameterError(
            f"{name}: a mask must have one layer from each level to the next to be trained, but "
            f"layers of this one skip levels or are parallel."
        )
    n_inputs, n_classes = math.prod(prepared_shape(data, recipe)), find_published(data).n_classes
    check_ends(name, graph.widths, data, (n_inputs, n_classes))


def _keep(temporary: Path, path: Path, is_known: bool) -> None:
    """Put a mask in its place; of masks with the same edges the first is kept, as it is held."""
    if is_known:
        temporary.unlink()
    else:
        temporary.replace(path)


def _check_shapes(
    name: str, found: ConvolutionMasks, model: str, data: str, recipe: Recipe
) -> None:
    """Refuse masks of other shapes than the weights have for the images of a data set."""
    with torch.device("meta"):  # shapes without numbers
        module = MODELS[model](prepared_shape(data, recipe), find_published(data).n_classes)
    for key, weight in prunable_parameters(module).items():
        if key in found.masks and found.masks[key].shape != tuple(weight.shape):
            raise ParameterError.expected(
                f"{name}: The mask of {key} in {model} for {data}",
                f"of shape {tuple(weight.shape)}",
                found.masks[key].shape,
            )


def _model_entry(
    name: str, found: ConvolutionMasks, folder: Path, known: Mapping[str, MaskEntry]
) -> MaskEntry:
    provenance = found.header["provenance"]
    model = provenance.get("model")
    if model not in MODELS:
        raise ParameterError(
            f"{name}: the file must name the model in its provenance, one of {', '.join(MODELS)}, "
            f"but it says {model!r}."
        )
    ModelMember.of_masks(model, found.masks, name)  # do they fit?
    temporary = folder / "new.safetensors"
    digest = write_model_masks(found.masks, temporary)
    _keep(temporary, folder / f"{digest}.safetensors", digest in known)
    return MaskEntry(
        name=name,
        digest=digest,
        kind="model",
        widths=(),
        n_edges=sum(int(mask.sum()) for mask in found.masks.values()),
        n_possible_edges=sum(mask.size for mask in found.masks.values()),
        model=model,
        provenance=provenance,
    )


def _check_for_models(recipe: Recipe, edge_threshold: float | None) -> None:
    """Refuse what is for chains of fully connected layers alone."""
    if edge_threshold is not None:
        raise ParameterError(
            "edge_threshold must be left out where a mask is of convolutions, but it is given.",
            hint="effective edges of convolutions are not counted yet.",
        )
    if recipe.batch_norm or not recipe.biases:
        raise ParameterError(
            f"Where a mask is of convolutions the recipe must have biases and no batch_norm, but "
            f"biases is {recipe.biases} and batch_norm {recipe.batch_norm}.",
            hint="these switches are for chains; a model is as it is defined.",
        )


def _has_data(folder: Path) -> bool:
    return (folder / MANIFEST).exists() and read_manifest(folder).has_data


def _check_same_data(folder: Path, pack: Dataset) -> None:
    """Refuse other images under a name whose runs may be finished: they would count for these."""
    if _has_data(folder) and not holds_data(folder, pack):
        raise ParameterError(
            f"{shown(folder)}: The folder must hold no data set or the same, but it holds other "
            f"images or labels under the name {pack.name}.",
            hint="name another folder, or remove this one.",
        )


def _check_free(folder: Path, manifest: Manifest) -> None:
    if not (folder / MANIFEST).exists():
        return
    there = read_manifest(folder)
    same = dataclasses.replace(
        manifest,
        masks=there.masks,
        seeds=there.seeds,
        rate_factors=there.rate_factors,
        has_data=there.has_data,
    )
    if there != same:
        raise ParameterError(
            f"{shown(folder)}: The folder must be new or hold a bundle for the same data, recipe "
            f"and length, but it holds another one.",
            hint="name another folder, or remove this one.",
        )
