# SPDX-License-Identifier: Apache-2.0
"""The loss and gradients of a model in PyTorch, for TorchGradientsTest.

usage: torch_gradients.py FOLDER [TORCHVISION_MODEL]
           reads FOLDER/model.json (the model's tree), FOLDER/weights.safetensors (its parameters) and
           FOLDER/batch.safetensors (images, labels), and writes FOLDER/gradients.safetensors: gradients
           under the parameters' names, and the loss. With a model of torchvision, that one is computed;
           else the model is built by examples/pytorch-parity/stoker_torch.py. In double precision, in
           training, without dropout.
"""
import json
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file

EXAMPLE = pathlib.Path(__file__).resolve().parents[4] / "examples" / "pytorch-parity"


def main(folder, theirs=None):
    folder = pathlib.Path(folder)
    tree = json.loads((folder / "model.json").read_text())
    weights = load_file(str(folder / "weights.safetensors"))
    batch = load_file(str(folder / "batch.safetensors"))
    labels = batch["labels"].long()
    if theirs:
        import torchvision

        classes = tree["classes"]
        model = getattr(torchvision.models, theirs)(weights=None, num_classes=classes)
        model.load_state_dict(weights, strict=True)
    else:
        sys.path.insert(0, str(EXAMPLE))
        import stoker_torch

        model = stoker_torch.Network(tree)
        stoker_torch.load(model, weights)
    model = model.double().train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.eval()
    loss = torch.nn.functional.cross_entropy(model(batch["images"].double()), labels)
    loss.backward()
    results = {name: p.grad.contiguous() for name, p in model.named_parameters() if p.grad is not None}
    results["loss"] = loss.detach().reshape(1)
    save_file({name: value.clone() for name, value in results.items()}, str(folder / "gradients.safetensors"))


if __name__ == "__main__":
    main(*sys.argv[1:])
