# SPDX-License-Identifier: Apache-2.0
"""Prints the parameters of a small network after 100 steps of PyTorch's optimizers, as NetworkContract has them.

    python torch_updates.py > torch_updates.txt

Computed in double precision. Weights decay; biases, scales and shifts of the batch normalization do not.
Biases learn at twice the rate of the other parameters, and gradients are clipped. Written with PyTorch 2.7.1.
"""

import torch

FEATURES, UNITS, CLASSES, EXAMPLES, STEPS = 6, 8, 3, 12, 100
BIAS_RATE = 2


def network():
    layers = torch.nn.Sequential(
        torch.nn.Linear(FEATURES, UNITS),
        torch.nn.Tanh(),
        torch.nn.BatchNorm1d(UNITS, eps=1e-5),
        torch.nn.Linear(UNITS, CLASSES),
    ).double()
    number = 0
    for layer in layers:
        for name, values in layer.named_parameters():
            first = 1 if isinstance(layer, torch.nn.BatchNorm1d) and name == "weight" else 0
            for i in range(values.numel()):
                values.data.view(-1)[i] = first + ((number * 29) % 64 - 32) / 64
                number += 1
    return layers


def batch(step):
    images = [((i * 37 + step * 101) % 64 - 32) / 32 for i in range(EXAMPLES * FEATURES)]
    labels = [(i * 7 + step) % CLASSES for i in range(EXAMPLES)]
    return torch.tensor(images, dtype=torch.float64).view(EXAMPLES, FEATURES), torch.tensor(labels)


def groups(layers, rate, decay):
    weights = [layers[0].weight, layers[3].weight]
    biases = [layers[0].bias, layers[2].bias, layers[3].bias]
    return [
        {"params": weights, "lr": rate, "weight_decay": decay},
        {"params": biases, "lr": rate * BIAS_RATE, "weight_decay": 0},
        {"params": [layers[2].weight], "lr": rate, "weight_decay": 0},
    ]


def train(make, rate, decay, clip):
    layers = network()
    optimizer = make(groups(layers, rate, decay))
    for step in range(STEPS):
        images, labels = batch(step)
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(layers(images), labels).backward()
        torch.nn.utils.clip_grad_norm_(layers.parameters(), clip)
        optimizer.step()
    return [value.item() for values in layers.parameters() for value in values.view(-1)]


for name, parameters in {
    "nesterov": train(lambda g: torch.optim.SGD(g, momentum=0.9, nesterov=True), 0.03, 0.01, 0.5),
    "adamw": train(lambda g: torch.optim.AdamW(g, betas=(0.9, 0.99), eps=1e-6), 0.003, 0.05, 0.5),
}.items():
    print(name, *(f"{value:.9g}" for value in parameters))
