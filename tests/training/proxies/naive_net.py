"""A net by dense matrices and autograd, one image and output at a time."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from topograph.training.seeding import seeded_generator


class Naive:
    """The same net as a probe's by dense matrices and autograd, one image and output at a time."""

    def __init__(self, member, recipe, data, parameters, n_images, seed=0):
        self.recipe = recipe
        rows = torch.randperm(len(data.train_labels), generator=seeded_generator(seed, "probes"))
        self.images = data.train_images.flatten(1)[rows[:n_images]].double()
        self.labels = data.train_labels[rows[:n_images]]
        self.weights = [layer.weights.double().requires_grad_() for layer in parameters]
        self.biases = [layer.biases for layer in parameters]
        self.member = member

    def outputs(self, images):
        values = images
        for number, (pattern, weights) in enumerate(
            zip(self.member.patterns, self.weights, strict=True)
        ):
            sources = torch.from_numpy(pattern.sources).long()
            targets = torch.from_numpy(pattern.targets()).long()
            dense = torch.zeros(pattern.shape, dtype=torch.float64)
            values = values @ dense.index_put((sources, targets), weights)
            if self.biases[number] is not None:
                values = values + self.biases[number].double()
            if number < len(self.weights) - 1 or self.recipe.relu_logits:
                values = values.relu()
        return values

    def gradients(self):
        loss = functional.cross_entropy(
            self.outputs(self.images), self.labels, label_smoothing=self.recipe.label_smoothing
        )
        return torch.autograd.grad(loss, self.weights)

    def kernel(self):
        rows = [
            torch.cat(torch.autograd.grad(output, self.weights, retain_graph=True))
            for image in self.images
            for output in self.outputs(image[None])[0]
        ]
        matrix = np.array(
            [[sum(a * b for a, b in zip(one, other, strict=True)) for other in map(list, rows)]
             for one in map(list, rows)]
        )  # fmt: skip
        return matrix.astype(float)

    def jacobians(self):
        return np.stack(
            [
                torch.autograd.functional.jacobian(
                    lambda x: self.outputs(x[None])[0], image
                ).numpy()
                for image in self.images
            ]
        )
