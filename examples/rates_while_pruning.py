"""How much the rates at which weights are dropped decide of an iteratively pruned LeNet.

The protocol of Alford et al. (2018) trains a net, then drops weights by a cubic schedule while it
is trained on, and does not say at which rates and for how long. Four answers, pruned from the same
dense nets:

- on: the rates go on where the dense training ended (as `topograph prune` has it);
- longer: the same, for twice as many steps;
- anew: the schedule of rates begins again;
- alone: no dense training before; one training from initial weights, pruned from its start.

With ``--only-train 20,100`` nothing is dropped: the dense net is trained on for so many steps, on
and anew. Each accuracy is a line of the results file, and is not measured again; dense nets lie
beside it.

    python examples/rates_while_pruning.py --data DIR -o rates.jsonl
    python examples/rates_while_pruning.py --data DIR --model lenet-5 --only-train 20,100
    python examples/rates_while_pruning.py --quick
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import tempfile
from pathlib import Path
from typing import Any

from reproduce_alford2018 import dense_net, results

WAYS = ("on", "longer", "anew", "alone")


def accuracy(plan: Any, folder: Path, way: str, sparsity: float | None, only: int | None) -> float:
    """Train a net one way, and return its accuracy on the test images.

    Parameters
    ----------
    plan : PruningPlan
        Of the dense net.
    folder : Path
        Of dense nets.
    way : str
        One of `WAYS`, or ``dense``.
    sparsity : float or None
        None where nothing is dropped.
    only : int or None
        Steps of training on where nothing is dropped.
    """
    from topograph.pruning import prune_iterative
    from topograph.training import build_model, evaluate, prepare
    from topograph.training.fitting import fit

    data, recipe = prepare(plan.data, plan.recipe), plan.recipe
    length = plan.n_steps or recipe.length(len(data.train_labels))
    first = length if way in ("on", "longer") else 0
    if way == "alone":
        start, relu = (
            {"initialisation": recipe.initialisation, "seed": plan.seed},
            recipe.relu_logits,
        )
        module = build_model(plan.model, data.shape, data.n_classes, relu_logits=relu, **start)
    else:
        module = dense_net(plan, folder)
    told = {"first_step": first, "seed": plan.seed, "device": plan.device}
    if only is not None:
        fit(module, data, recipe, n_steps=first + only, **told)
    elif sparsity is not None:
        steps = 2 * length if way == "longer" else length
        every = max(1, min(200, steps // 20))
        prune_iterative(module, data, recipe, sparsity, n_steps=steps, every=every, **told)
    return float(evaluate(module.cpu(), data.test_images, data.test_labels).accuracy)


def table(rows: list[dict[str, Any]], columns: list[str]) -> str:
    """Return accuracies in percent, seed by seed, as Markdown."""
    lines = [f"| rates | seed | {' | '.join(columns)} |", "| --- " * (2 + len(columns)) + "|"]
    found: dict[tuple[str, int], dict[str, float]] = {}
    for row in rows:
        if row["column"] in columns:
            found.setdefault((row["way"], row["seed"]), {})[row["column"]] = row["accuracy"]
    for (way, seed), values in found.items():
        shown = [f"{100 * values[one]:.2f}" if one in values else "" for one in columns]
        lines.append(f"| {way} | {seed} | {' | '.join(shown)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Parse the options, train what is missing, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", help="folder with MNIST's four files; or TOPOGRAPH_DATA")
    parser.add_argument("--model", default="lenet-300-100")
    parser.add_argument("--linear-logits", action="store_true", help="leave out their ReLU")
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--sparsities", default="0.95,0.99")
    parser.add_argument("--only-train", metavar="STEPS", help="drop nothing: train on for so many")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--steps", type=int, help="of each training; the recipe's by default")
    parser.add_argument("--device", default="auto")
    parser.add_argument("-o", "--output", type=Path, default=Path("rates-while-pruning.jsonl"))
    parser.add_argument("--quick", action="store_true", help="digits, few steps: seconds")
    options = parser.parse_args()

    import torch

    from topograph.pruning import PruningPlan
    from topograph.training import find_recipe, load_data
    from topograph.training.heap import keep_freed_memory

    torch.set_num_threads(1)
    keep_freed_memory()
    name = "digits" if options.quick else "mnist"
    if options.quick:
        options.steps = options.steps or 40
        options.output = Path(tempfile.mkdtemp()) / "quick.jsonl"
    data = load_data(name, options.data)
    recipe = find_recipe("alford2018", name)
    if options.linear_logits:
        recipe = dataclasses.replace(recipe, name="alford2018, linear logits", relu_logits=False)
    ways, only = options.ways.split(","), options.only_train
    cases = [("dense", "dense", None, None)]
    if only:
        cases += [
            (way, f"{steps} steps", None, int(steps))
            for way, steps in itertools.product(("on", "anew"), only.split(","))
        ]
    else:
        cases += [
            (way, f"{float(value):g}", float(value), None)
            for way, value in itertools.product(ways, options.sparsities.split(","))
        ]
    net = {
        "model": options.model,
        "data": name,
        "n_steps": options.steps,
        "relu_logits": recipe.relu_logits,
    }
    for seed, (way, column, sparsity, steps) in itertools.product(options.seeds.split(","), cases):
        about = net | {"way": way, "seed": int(seed), "column": column}
        if any(about.items() <= row.items() for row in results(options.output)):
            continue
        plan = PruningPlan(
            options.model,
            data,
            "iterative",
            (0.5,),
            recipe,
            n_steps=options.steps,
            seed=int(seed),
            device=options.device,
        )
        found = accuracy(plan, options.output.with_suffix(".dense"), way, sparsity, steps)
        with options.output.open("a") as file:
            file.write(json.dumps(about | {"accuracy": found}) + "\n")
    if options.quick:
        print("A trial on digits: the paper's nets are those of MNIST.\n")
    mine = [row for row in results(options.output) if net.items() <= row.items()]
    print(table(mine, list(dict.fromkeys(case[1] for case in cases))))


if __name__ == "__main__":
    main()
