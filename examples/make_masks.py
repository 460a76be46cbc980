"""Make the masks that ship in this folder: pruned LeNet-300-100 nets and RadiX-Nets.

Without --data: a 64-300-100-10 net on the digits of scikit-learn, pruned, as
lenet-300-100-digits.npz. With --data DIR: a 784-300-100-10 net on MNIST, pruned, as
lenet-300-100-mnist.npz. In both cases the RadiX-Net of the training paper (Alford et al.,
arXiv 1810.00299) as radix-800-300-100.npz, and the same fitted to MNIST with dense logits as
radix-lenet.npz.

Training is plain: ReLU, softmax, SGD with momentum. Pruning is one-time: in every layer the
weights of smallest magnitude are dropped, exactly round(sparsity * n) of n; nothing is
retrained. The archives say how they were made.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.metadata
import itertools
import math
import struct
import sys
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import topograph
from topograph.generators import append_dense, fit_widths, radix_net

if TYPE_CHECKING:
    import torch

HERE = Path(__file__).resolve().parent
HIDDEN, N_CLASSES = (300, 100), 10
LEARNING_RATE, MOMENTUM = 0.1, 0.9
MNIST_FILES = {
    "train_images": "train-images-idx3-ubyte.gz",
    "train_labels": "train-labels-idx1-ubyte.gz",
    "test_images": "t10k-images-idx3-ubyte.gz",
    "test_labels": "t10k-labels-idx1-ubyte.gz",
}


class DataSet(NamedTuple):
    """Images as rows of values from 0 to 1, and their classes."""

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    batch_size: int
    epochs: int


def main(arguments: list[str] | None = None) -> None:
    """Read the options and make the masks."""
    options = parse(arguments)
    folder = output_folder(options)
    data = read_mnist(Path(options.data)) if options.data else read_digits()
    epochs = options.epochs or (2 if options.quick else data.epochs)
    name = "mnist" if options.data else "digits"
    made = {
        f"lenet-300-100-{name}.npz": pruned_lenet(data, options.sparsity, options.seed, epochs),
        "radix-800-300-100.npz": radix_net([[10, 10]], [8, 3, 1]),
    }
    fitted = fit_widths(made["radix-800-300-100.npz"], [784, 300, 100])
    made["radix-lenet.npz"] = append_dense(fitted, N_CLASSES)
    for file, graph in made.items():
        topograph.write(graph, folder / file)
        widths = "-".join(map(str, graph.widths))
        print(f"{folder / file}: {widths}, {graph.n_edges} edges")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the options, and refuse values that make no mask."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", metavar="DIR", help="folder with MNIST's four IDX .gz files")
    parser.add_argument("--sparsity", type=float, default=0.95, help="share of weights dropped")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, help="10 on MNIST and 60 on the digits by default")
    parser.add_argument("-o", "--output", metavar="DIR", help="this folder by default")
    parser.add_argument("--quick", action="store_true", help="2 epochs; never into this folder")
    options = parser.parse_args(arguments)
    if not 0 <= options.sparsity < 1:
        parser.error(f"--sparsity must lie in [0, 1), but it is {options.sparsity}.")
    if options.epochs is not None and options.epochs < 1:
        parser.error(f"--epochs must be at least 1, but it is {options.epochs}.")
    if options.quick and options.output and Path(options.output).resolve() == HERE:
        parser.error("--quick must not overwrite the masks that ship: give another -o.")
    return options


def output_folder(options: argparse.Namespace) -> Path:
    """Return where the masks go; quick ones to a new temporary folder unless -o is given."""
    if options.output:
        folder = Path(options.output)
        folder.mkdir(parents=True, exist_ok=True)
        return folder
    return Path(tempfile.mkdtemp(prefix="masks-")) if options.quick else HERE


def read_digits() -> DataSet:
    """Return the 1797 digits of scikit-learn, 8 x 8 pixels; every fourth one for testing."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        sys.exit("Error: the digits need scikit-learn: pip install scikit-learn.")
    digits = load_digits()
    images = (digits.data / 16).astype(np.float32)
    test = np.arange(len(images)) % 4 == 3
    parts = (images[~test], digits.target[~test], images[test], digits.target[test])
    return DataSet("digits of scikit-learn", *parts, batch_size=32, epochs=60)


def read_mnist(folder: Path) -> DataSet:
    """Return MNIST from its four files, in the folder or in its subfolder mnist."""
    files = {}
    for part, file in MNIST_FILES.items():
        found = [place for place in (folder / file, folder / "mnist" / file) if place.is_file()]
        if not found:
            sys.exit(f"Error: MNIST needs {file} in {folder} or in {folder / 'mnist'}.")
        files[part] = read_idx(found[0])
    for kind in ("train", "test"):
        images = files[f"{kind}_images"]
        files[f"{kind}_images"] = images.reshape(len(images), -1).astype(np.float32) / 255
        files[f"{kind}_labels"] = files[f"{kind}_labels"].astype(np.int64)
    return DataSet("MNIST", **files, batch_size=128, epochs=10)


def read_idx(path: Path) -> np.ndarray:
    """Read an IDX file: two zero bytes, the type (8: bytes), the rank, the sizes, the values."""
    try:
        content = gzip.decompress(path.read_bytes())
        zeros, kind, rank = struct.unpack_from(">HBB", content)
        shape = struct.unpack_from(f">{rank}I", content, 4)
        values = np.frombuffer(content[4 + 4 * rank :], np.uint8)
    except (OSError, EOFError, zlib.error, struct.error) as error:
        sys.exit(f"Error: {path} must be a gzipped IDX file, but it cannot be read ({error}).")
    if (zeros, kind) != (0, 8) or math.prod(shape) != values.size:
        sys.exit(f"Error: {path} must be an IDX file of bytes, but its header says otherwise.")
    return values.reshape(shape)


def pruned_lenet(data: DataSet, sparsity: float, seed: int, epochs: int) -> topograph.LayeredGraph:
    """Train LeNet-300-100, prune it once, and return the mask with its provenance."""
    torch = import_torch()
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    torch.set_flush_denormal(True)  # the momentum of dead units decays to slow tiny numbers
    widths = (data.train_images.shape[1], *HIDDEN, N_CLASSES)
    linear = [torch.nn.Linear(n_in, n_out) for n_in, n_out in itertools.pairwise(widths)]
    train(linear, data, epochs)
    dense = accuracy(linear, data)
    masks = [magnitude_mask(layer.weight.detach().numpy(), sparsity) for layer in linear]
    with torch.no_grad():
        for layer, mask in zip(linear, masks, strict=True):
            layer.weight *= torch.from_numpy(mask)
    pruned = accuracy(linear, data)
    print(f"{data.name}: test accuracy {dense:.4f} dense, {pruned:.4f} pruned")
    provenance = {
        "method": "one-time magnitude pruning of every layer, not retrained",
        "model": "LeNet-300-100",
        "data": data.name,
        "sparsity": sparsity,
        "test_accuracy_dense": round(dense, 4),
        "test_accuracy_pruned": round(pruned, 4),
        "seed": seed,
        "epochs": epochs,
        "training": f"SGD, rate {LEARNING_RATE} cosine, momentum {MOMENTUM}, "
        f"batches of {data.batch_size}",
        "torch": torch.__version__,
        "topograph": importlib.metadata.version("topograph"),
    }
    # torch holds a weight as (out, in), a layer is (in, out): transpose.
    layers = {f"fc{number}": mask.T for number, mask in enumerate(masks, start=1)}
    return topograph.from_layers(layers, provenance=provenance)


def magnitude_mask(weights: np.ndarray, sparsity: float) -> np.ndarray:
    """Return the mask that drops exactly ``round(sparsity * n)`` smallest weights."""
    n_dropped = round(sparsity * weights.size)
    order = np.argsort(np.abs(weights), axis=None, kind="stable")
    mask = np.ones(weights.size, dtype=bool)
    mask[order[:n_dropped]] = False
    return mask.reshape(weights.shape)


def train(linear: list[torch.nn.Linear], data: DataSet, epochs: int) -> None:
    """Fit the layers by SGD; batches are drawn anew every epoch."""
    torch = import_torch()
    images, labels = torch.from_numpy(data.train_images), torch.from_numpy(data.train_labels)
    n_batches = len(images) // data.batch_size
    parameters = [parameter for layer in linear for parameter in layer.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=LEARNING_RATE, momentum=MOMENTUM)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * n_batches)
    for epoch in range(epochs):
        order = torch.randperm(len(images))[: n_batches * data.batch_size]
        total = 0.0
        for batch in order.split(data.batch_size):
            loss = torch.nn.functional.cross_entropy(logits(linear, images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1} of {epochs}: mean loss {total / n_batches:.4f}", file=sys.stderr)


def logits(linear: list[torch.nn.Linear], images: torch.Tensor) -> torch.Tensor:
    """Return the outputs of the net: ReLU after every layer but the last."""
    values = images
    for layer in linear[:-1]:
        values = layer(values).relu()
    return linear[-1](values)


def accuracy(linear: list[torch.nn.Linear], data: DataSet) -> float:
    """Return the share of test images that get their class."""
    torch = import_torch()
    with torch.no_grad():
        classes = logits(linear, torch.from_numpy(data.test_images)).argmax(dim=1).numpy()
    return float((classes == data.test_labels).mean())


def import_torch() -> Any:
    """Return torch, or say how to get it."""
    try:
        import torch
    except ImportError:
        sys.exit("Error: training needs PyTorch: pip install 'topograph[train]'.")
    return torch


if __name__ == "__main__":
    main()
