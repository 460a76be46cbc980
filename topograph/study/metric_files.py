"""A metric of one's own, in a file of Python."""

from __future__ import annotations

import functools
import hashlib
import inspect
import math
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from topograph.errors import ParameterError, ReadError, Undefined
from topograph.graph import LayeredGraph
from topograph.io.paths import listed, naming, shown
from topograph.metrics import METRICS


@dataclass(frozen=True)
class MetricFile:
    """A function of a graph that is in a file: called, it reads the file once in each process.

    Parameters
    ----------
    path : str
    name : str
        Of the function.
    digest : str
        Of the file's content: one that was changed is read again.
    """

    path: str
    name: str
    digest: str

    def __call__(self, graph: LayeredGraph) -> Any:
        """Return what the function says of a graph."""
        function = getattr(_module(self.path, self.digest), self.name)
        known = METRICS.get(self.name)
        if known is not None and known.function is function and known.scope == "layer":
            values = [number_of(function(layer)) for layer in graph.layers]
            return math.fsum(values) / len(values)
        return function(graph)


def read_metric(path: str | os.PathLike[str], function: str | None = None) -> MetricFile:
    """Find the metric in a file of Python. The file is run.

    A function registered by `topograph.metrics.metric` is called as its scope asks; of one for
    layers the mean over the layers is taken.

    Parameters
    ----------
    path : path
    function : str, optional
        Its name; by default that of the only function without a leading underscore that the file
        defines, or of the only registered one.

    Raises
    ------
    ReadError
        If the file cannot be read, or does not run.
    ParameterError
        If it has no such function, or several to choose from.
    """
    (file,) = listed([os.fspath(path)])
    place = shown(file)
    with naming(place):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    absolute = str(file.resolve())
    module = _module(absolute, digest)
    own = [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and _is_function(value, module)
    ]
    if function is not None:
        if not callable(getattr(module, function, None)):
            raise ParameterError.expected(
                f"{place}: The function", f"one of {', '.join(own) or 'those it defines'}", function
            )
        return _checked(MetricFile(absolute, function, digest), module, place)
    registered = [
        name for name in own if name in METRICS and METRICS[name].function is vars(module)[name]
    ]
    chosen = registered if len(registered) == 1 else own
    if len(chosen) != 1:
        raise ParameterError(
            f"{place}: The file must define one public function, but it defines "
            f"{', '.join(chosen) or 'none'}.",
            hint="name the metric with --function, or begin the names of other functions with _."
            if chosen
            else "def my_metric(graph): return ...",
        )
    return _checked(MetricFile(absolute, chosen[0], digest), module, place)


def number_of(value: Any) -> float:
    """Return what a metric gave as a number.

    Raises
    ------
    Undefined
        If it is NaN or infinite.
    ParameterError
        If it is no number, or does not fit a floating-point number.

    Examples
    --------
    >>> number_of(True), number_of(3)
    (1.0, 3.0)
    """
    try:
        if value is None or isinstance(value, (str, bytes)):
            raise TypeError
        number = float(value)
    except OverflowError:
        raise ParameterError(
            "A metric must return a number below 1e308, but it returned a larger one.",
            hint="return math.log10 of it, which takes whole numbers of any size.",
        ) from None
    except (TypeError, ValueError):
        raise ParameterError.expected(
            "What a metric returns",
            "a number",
            value,
            hint="where it has no value, raise topograph.errors.Undefined with the reason.",
        ) from None
    if not math.isfinite(number):
        raise Undefined(f"the function returned {number}")
    return number


@functools.cache
def _module(path: str, digest: str) -> ModuleType:
    file = Path(path)
    with naming(shown(file)):
        source = file.read_bytes()
    name = f"{file.stem}_{digest}"
    module = ModuleType(name)
    module.__file__ = path
    sys.modules[name] = module  # dataclasses look here for what their annotations mean
    sys.path.insert(0, str(file.parent))
    try:
        exec(compile(source, path, "exec", dont_inherit=True), vars(module))  # noqa: S102  running it is the purpose
    except Exception as error:
        del sys.modules[name]
        raise ReadError(
            f"{shown(file)}: The file must be Python that runs, but it ended with "
            f"{type(error).__name__}: {error}."
        ) from error
    finally:
        sys.path.remove(str(file.parent))
    return module


def _is_function(value: Any, module: ModuleType) -> bool:
    own = getattr(value, "__module__", None) == module.__name__
    return own and callable(value) and not inspect.isclass(value)


def _checked(found: MetricFile, module: ModuleType, place: str) -> MetricFile:
    function: Callable[..., Any] = getattr(module, found.name)
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        raise ParameterError(
            f"{place}: The function {found.name} must take one argument, the graph, but it is "
            f"{found.name}{inspect.signature(function)}."
        ) from None
    except ValueError:
        pass  # of some callables the arguments cannot be told
    return found
