"""Results of a bundle joined with what its masks are like."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from topograph.analysis import analyze
from topograph.errors import MissingExtraError, ParameterError
from topograph.graph import LayeredGraph
from topograph.io.paths import shown
from topograph.io.replacing import replacing, write_text
from topograph.report import Report
from topograph.training.bundle.making import MASKS
from topograph.training.bundle.manifest import Manifest, MaskEntry, read_manifest
from topograph.training.bundle.mask_files import read_mask
from topograph.training.bundle.model_mask_files import read_model_masks
from topograph.training.bundle.results import RESULTS, read_results
from topograph.training.data.preparation import prepared_shape
from topograph.training.data.published import find_published
from topograph.wording import DECIMAL_BITS, count_text

if TYPE_CHECKING:
    from topograph.architectures.opening import Encoding

ENDINGS = (".parquet", ".csv", ".jsonl")


def collect_bundle(
    folder: Path,
    metrics: Sequence[str] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    encoding: Encoding = "unrolled",
) -> list[dict[str, Any]]:
    """Return a row for each finished run: its results, and the metrics of its mask.

    Metrics of the network come as ``metric.NAME``, logarithms of path counts as
    ``log10.NAME``; a metric that is undefined is None, with the reason in ``undefined.NAME``.
    Results are joined to masks by digest; rows of masks that are not in the bundle are left out.

    Parameters
    ----------
    folder : Path
        A bundle, wherever it was trained.
    metrics : sequence of str, optional
        Names of metrics; by default all that `analyze` finds affordable.
    progress : callable, optional
        Called with what is being done, masks done, and masks in all.
    encoding : {"unrolled", "channel"}, default "unrolled"
        What the units of nets with convolutions are, as of `topograph.interop.from_module`;
        their rows say it in a column of this name.
    """
    manifest = read_manifest(folder)
    rows = read_results(folder / RESULTS)
    trained = {row.get("mask") for row in rows}
    measured: dict[str, dict[str, Any]] = {}
    entries = [entry for entry in manifest.masks if entry.digest in trained]
    for number, entry in enumerate(entries):
        if progress is not None:
            progress(f"measure {entry.name}", number, len(entries))
        graph = _graph_of(entry, manifest, folder, encoding)
        columns = {} if entry.kind == "chain" else {"encoding": encoding}
        measured[entry.digest] = columns | network_columns(analyze(graph, metrics=metrics))
    return [row | measured[row["mask"]] for row in rows if row.get("mask") in measured]


def _graph_of(
    entry: MaskEntry, manifest: Manifest, folder: Path, encoding: Encoding
) -> LayeredGraph:
    """Return the graph of a mask; that of a model is made for images as it was trained on."""
    path = folder / MASKS / f"{entry.digest}.safetensors"
    if entry.kind == "chain":
        return read_mask(path, entry.digest)
    from topograph.interop import from_module
    from topograph.training.models import build_model

    shape = prepared_shape(manifest.data, manifest.recipe)
    module = build_model(entry.model, shape, find_published(manifest.data).n_classes)
    masks = read_model_masks(path, entry.digest)
    return from_module(module, shape, masks=masks, encoding=encoding)


def network_columns(report: Report) -> dict[str, Any]:
    """Return the metrics of the network of a report, as `collect_bundle` names them."""
    found: dict[str, Any] = {}
    for measurement in report.measurements:
        if measurement.layer is None:
            found[f"metric.{measurement.metric}"] = measurement.value
            if measurement.log10 is not None:
                found[f"log10.{measurement.metric}"] = measurement.log10
            if measurement.undefined:
                found[f"undefined.{measurement.metric}"] = measurement.undefined
    return found


def check_table_name(path: Path) -> str:
    """Return the ending of a table's name, in small letters; refuse one that is none.

    Raises
    ------
    ParameterError
        Naming the endings there are.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise ParameterError.expected(
            f"{shown(path)}: The name of a table",
            f"with one of the endings {', '.join(ENDINGS)}",
            path.suffix,
        )
    return ending


def write_table(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Write rows as Parquet, CSV or lines of JSON, as the name's ending says.

    In CSV, lists and mappings are written as JSON; in Parquet, mappings are. Counts of over 4200
    digits are text, in hexadecimal; in Parquet they are null.

    Raises
    ------
    ParameterError
        If the ending is none of these.
    MissingExtraError
        If Parquet is asked for and polars is not installed.
    """
    ending = check_table_name(path)
    if ending == ".jsonl":
        lines = (json.dumps(_readable(row), allow_nan=False) + "\n" for row in rows)
        write_text("".join(lines), path)
        return
    if ending == ".csv":
        write_text(_csv([_readable(row) for row in rows]), path)
        return
    try:
        import polars as pl
    except ImportError as error:
        raise MissingExtraError.of("polars", "tables") from error
    flat = [
        {
            key: json.dumps(value) if isinstance(value, dict) else _sized(value)
            for key, value in row.items()
        }
        for row in rows
    ]
    frame = pl.DataFrame(flat, infer_schema_length=None)
    with replacing(path) as file:
        frame.write_parquet(file)


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row in which integers that Python would not write in decimals are text."""
    return {key: count_text(value) if _is_endless(value) else value for key, value in row.items()}


def _is_endless(value: Any) -> bool:
    return isinstance(value, int) and value.bit_length() > DECIMAL_BITS


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {
                key: json.dumps(value) if isinstance(value, (dict, list, tuple)) else value
                for key, value in row.items()
            }
        )
    return text.getvalue()


def _sized(value: Any) -> Any:
    """Return a value that fits a column: whole numbers beyond 64 bits as floating point."""
    if not isinstance(value, int) or abs(value) < 2**63:
        return value
    try:
        return float(value)
    except OverflowError:
        return None  # its logarithm stands in a column of its own
