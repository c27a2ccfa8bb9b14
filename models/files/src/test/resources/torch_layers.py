# SPDX-License-Identifier: Apache-2.0
"""The class probabilities of models in PyTorch, for EveryFormatTest.

usage: torch_layers.py FOLDER
           reads of each model FOLDER/N.json (its tree), FOLDER/N.safetensors (its parameters, as `export`
           writes them) and the images in FOLDER/N.images.safetensors, and writes
           FOLDER/N.outputs.safetensors. Models are built by examples/pytorch-parity/stoker_torch.py.
"""
import json
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[4] / "examples" / "pytorch-parity"))
import stoker_torch  # noqa: E402


def check_response_norm(model, tree):
    """PyTorch divides the sum of squares by the size, so its alpha is size times Stoker's."""
    layers = [layer["lrn"] for layer in tree["layers"] if "lrn" in layer]
    norms = [module for module in model.modules() if isinstance(module, stoker_torch.ResponseNorm)]
    assert len(layers) == len(norms)
    for layer, norm in zip(layers, norms):
        size, k, alpha, beta = (layer[key] for key in ("size", "k", "alpha", "beta"))
        theirs = torch.nn.LocalResponseNorm(size, alpha=size * alpha, beta=beta, k=k)
        x = torch.randn(2, norm.band.shape[0], 3, 4, generator=torch.Generator().manual_seed(1))
        torch.testing.assert_close(norm(x), theirs(x), rtol=1e-5, atol=1e-6)


def main(folder):
    for tree in pathlib.Path(folder).glob("*.json"):
        layers = json.loads(tree.read_text())
        model = stoker_torch.Network(layers)
        check_response_norm(model, layers)
        stoker_torch.load(model, load_file(str(tree.with_suffix(".safetensors"))))
        images = load_file(str(tree.with_suffix(".images.safetensors")))["images"]
        with torch.no_grad():
            outputs = torch.softmax(model.eval()(images), 1)
        save_file({"outputs": outputs.contiguous()}, str(tree.with_suffix(".outputs.safetensors")))


if __name__ == "__main__":
    main(sys.argv[1])
