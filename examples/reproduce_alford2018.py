"""Rerun the pruning rows of Alford, Robinett, Milechin & Kepner (2018) on MNIST.

Their protocol (recipe `alford2018`): batches of 100, plain SGD, L2 on fully connected
weights, initial weights not scaled for sparsity, LeNet-300-100 with its logits through a
ReLU; masks by magnitude, one-time or iterative, per layer, all layers; retrained from fresh
weights. The published values are of one run each. Beside them stand the mean of our seeds
and the 95 % prediction interval for one more run; a published value outside is marked.

A finished run is a line of the results file and is not done again; trained dense nets lie beside
it, for both methods and for the next time. Each line says as well how many classes the retrained
net predicts; with ``--linear-logits`` the ReLU on the logits is left out.

    python examples/reproduce_alford2018.py --data DIR -o results.jsonl
    python examples/reproduce_alford2018.py --data DIR --linear-logits -o linear.jsonl
    python examples/reproduce_alford2018.py --quick
"""

from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import json
import multiprocessing
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SPARSITIES = (0.5, 0.75, 0.9, 0.95, 0.99)

# Model, method, stage: accuracy in percent of the dense net, and at each sparsity.
PUBLISHED = {
    ("lenet-300-100", "magnitude", "retrained"): (97.03, 96.88, 96.82, 96.19, 95.65, 56.08),
    ("lenet-300-100", "iterative", "pruned"): (97.03, 97.50, 97.44, 97.40, 97.30, 96.83),
    ("lenet-300-100", "iterative", "retrained"): (97.03, 97.03, 97.05, 97.02, 96.34, 96.08),
    ("lenet-5", "magnitude", "retrained"): (99.25, 98.95, 79.94, 89.92, 98.32, 11.35),
    ("lenet-5", "iterative", "pruned"): (99.25, 99.17, 98.91, 98.84, 98.80, 98.48),
    ("lenet-5", "iterative", "retrained"): (99.25, 98.78, 69.92, 88.67, 98.54, 77.96),
}


@dataclass(frozen=True)
class Job:
    """One model, method and seed, and the sparsities still to be done."""

    model: str
    method: str
    seed: int
    data: str
    folder: str | None
    n_steps: int | None
    device: str
    relu_logits: bool
    sparsities: tuple[float, ...] = SPARSITIES


def plan_of(job: Job) -> Any:
    """Return the plan of a job, with its data read."""
    import torch

    from topograph.pruning import PruningPlan
    from topograph.training import find_recipe, load_data
    from topograph.training.heap import keep_freed_memory

    torch.set_num_threads(1)
    keep_freed_memory()
    recipe = find_recipe("alford2018", job.data)
    if not job.relu_logits:
        recipe = dataclasses.replace(recipe, name="alford2018, linear logits", relu_logits=False)
    return PruningPlan(
        job.model,
        load_data(job.data, job.folder),
        job.method,
        job.sparsities,
        recipe,
        n_steps=job.n_steps,
        retrain=True,
        seed=job.seed,
        device=job.device,
    )


def train(job: Job, target: Path) -> None:
    """Train the dense net of a job, unless it lies beside the results."""
    dense_net(plan_of(job), target.with_suffix(".dense"))


def run(job: Job, target: Path) -> None:
    """Prune and retrain; append a row a sparsity to the results as soon as it is there."""
    from topograph.pruning import prune_levels
    from topograph.training import evaluate, prepare

    plan = plan_of(job)
    test = prepare(plan.data, plan.recipe)
    for level in prune_levels(plan, dense=dense_net(plan, target.with_suffix(".dense"))):
        found = evaluate(level.module.cpu(), test.test_images, test.test_labels)
        row = {
            "model": job.model,
            "method": job.method,
            "seed": job.seed,
            "data": job.data,
            "n_steps": job.n_steps,
            "relu_logits": job.relu_logits,
            "sparsity": level.pruned.sparsity,
            "accuracy": level.accuracy,
            "classes_predicted": found.classes_predicted,
            "dead_outputs": _dead_outputs(level),
            "collapsed": list(level.pruned.collapsed),
        }
        with target.open("a") as file:
            file.write(json.dumps(row) + "\n")
        done = f"{job.model} {job.method} seed {job.seed} at {level.pruned.sparsity:g} done"
        print(done, file=sys.stderr, flush=True)


def dense_net(plan: Any, folder: Path) -> Any:
    """Return the dense net of a plan: from its file, or trained, and then kept there."""
    import torch

    from topograph.pruning import train_dense
    from topograph.training import build_model

    logits = "relu" if plan.recipe.relu_logits else "linear"
    length = plan.n_steps or "all"
    file = folder / f"{plan.model}-{plan.data.name}-{logits}-{length}-steps-seed-{plan.seed}.pt"
    if file.exists():
        options = {"relu_logits": plan.recipe.relu_logits}
        module = build_model(plan.model, plan.data.shape, plan.data.n_classes, **options)
        module.load_state_dict(torch.load(file, weights_only=True))
        return module
    module = train_dense(plan)
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(f".{plan.method}")
    torch.save({name: value.cpu() for name, value in module.state_dict().items()}, unfinished)
    unfinished.replace(file)
    return module


def _dead_outputs(level: Any) -> int:
    """Count the outputs that no input reaches, channels being the units of convolutions."""
    from topograph.interop import from_module
    from topograph.metrics import dead_outputs

    graph = from_module(
        level.module, level.input_shape, masks=level.pruned.masks, encoding="channel"
    )
    return dead_outputs(graph)


def collect(jobs: list[Job], target: Path, n_workers: int) -> list[dict[str, Any]]:
    """Do what the results file lacks, several sparsities at a time, and return all rows.

    The dense nets come first, each once for all methods.
    """
    context = multiprocessing.get_context("spawn")
    nets: dict[tuple[str, int], list[Job]] = {}
    for job in left_to_do(jobs, target):
        nets.setdefault((job.model, job.seed), []).append(job)
    with concurrent.futures.ProcessPoolExecutor(n_workers, mp_context=context) as pool:
        dense = {pool.submit(train, some[0], target): some for some in nets.values()}
        levels: list[concurrent.futures.Future[None]] = []
        for future in concurrent.futures.as_completed(dense):
            future.result()
            levels += [
                pool.submit(run, dataclasses.replace(job, sparsities=(sparsity,)), target)
                for job in dense[future]
                for sparsity in job.sparsities
            ]
        for level in levels:
            level.result()
    return results(target)


def results(target: Path) -> list[dict[str, Any]]:
    """Return the rows of the results file."""
    return [json.loads(line) for line in target.read_text().splitlines()] if target.exists() else []


def left_to_do(jobs: list[Job], target: Path) -> list[Job]:
    """Return the jobs with those sparsities that have no row yet."""
    keys = ("model", "method", "seed", "data", "n_steps", "relu_logits", "sparsity")
    done = {tuple(row[key] for key in keys) for row in results(target)}
    left = []
    for job in jobs:
        about = (job.model, job.method, job.seed, job.data, job.n_steps, job.relu_logits)
        missing = tuple(value for value in job.sparsities if (*about, value) not in done)
        if missing:
            left.append(dataclasses.replace(job, sparsities=missing))
    return left


def table(rows: list[dict[str, Any]]) -> str:
    """Return the published values beside ours, in percent, as Markdown."""
    lines = [
        "| model | masks | stage | sparsity | published | ours, mean | 95 % prediction | "
        "classes predicted | |",
        "| --- | --- | --- | ---: | ---: | ---: | ---: | --- | --- |",
    ]
    for (model, method, stage), published in PUBLISHED.items():
        mine = [row for row in rows if (row["model"], row["method"]) == (model, method)]
        first = list({row["seed"]: row for row in mine}.values())
        lines += [
            line((model, method, stage), sparsity, value, ours, stage if sparsity else "dense")
            for sparsity, value in zip((0.0, *SPARSITIES), published, strict=True)
            if (ours := [row for row in mine if row["sparsity"] == sparsity] if sparsity else first)
        ]
    return "\n".join(lines) + "\n"


def line(
    about: tuple[str, ...], sparsity: float, published: float, rows: list[dict[str, Any]], of: str
) -> str:
    """Return one line of the table."""
    mean, interval, place = summary([row["accuracy"][of] for row in rows], published)
    classes = sorted(row["classes_predicted"] for row in rows) if of == "retrained" else []
    cells = [*about, f"{sparsity:g}", str(published), mean, interval]
    return "| " + " | ".join([*cells, ", ".join(map(str, classes)), place]) + " |"


def summary(accuracies: list[float], published: float) -> tuple[str, str, str]:
    """Return mean, prediction interval for one more run, and on which side ``published`` is."""
    from topograph.training.bundle import spread_of

    found = spread_of([100 * value for value in accuracies])
    if found.low is None or found.high is None:
        return f"{found.mean:.2f}", "one seed", ""
    low, high = max(0.0, found.low), min(100.0, found.high)
    place = "" if low <= published <= high else "below ours" if published < low else "above ours"
    return f"{found.mean:.2f}", f"{low:.2f} to {high:.2f}", place


def main() -> None:
    """Parse the options, run what is missing, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", help="folder with MNIST's four files; or TOPOGRAPH_DATA")
    parser.add_argument("--models", default="lenet-300-100,lenet-5")
    parser.add_argument("--methods", default="iterative,magnitude")
    parser.add_argument("--sparsities", default=",".join(f"{value:g}" for value in SPARSITIES))
    parser.add_argument("--linear-logits", action="store_true", help="leave out their ReLU")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, help="of each training; the recipe's by default")
    parser.add_argument("--workers", type=int, default=2, help="trainings at the same time")
    parser.add_argument("--device", default="auto")
    parser.add_argument("-o", "--output", type=Path, default=Path("alford2018.jsonl"))
    parser.add_argument("--quick", action="store_true", help="digits, few steps: seconds")
    options = parser.parse_args()
    name, steps, models = "mnist", options.steps, options.models.split(",")
    if options.quick:
        name, steps, models = "digits", options.steps or 40, ["lenet-300-100"]
        options.seeds, options.workers = 2, 1
        options.output = Path(tempfile.mkdtemp()) / "quick.jsonl"
    relu_logits = not options.linear_logits
    levels = tuple(float(value) for value in options.sparsities.split(","))
    jobs = [
        Job(model, method, seed, name, options.data, steps, options.device, relu_logits, levels)
        for model in models
        for method in options.methods.split(",")
        for seed in range(options.seeds)
    ]
    if options.quick:
        print("A trial on digits: the published values are those of MNIST.\n")
    print(table(collect(jobs, options.output, options.workers)))


if __name__ == "__main__":
    main()
