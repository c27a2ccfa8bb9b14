# SPDX-License-Identifier: Apache-2.0
"""What torchvision's operations of TrivialAugmentWide and RandAugment make of images, for TorchvisionPolicyTest.

usage: make.py FOLDER
           writes magnitudes.txt (all strengths of each operation, for images of 22 x 32), cases.txt (an operation and
           its strength a line) and, for each image, NAME.png: what each case makes of it, one below the other. The first
           case is Identity, so the first is the image itself.

The files here were made with torch 2.15.0 and torchvision 0.29.2.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms.autoaugment import RandAugment, TrivialAugmentWide, _apply_op


def magnitudes(space):
    for name, (values, signed) in space.items():
        yield name, [float(v) for v in values] if values.ndim else [0.0], signed


def cases():
    chosen = (10, 17, 30)
    for name, values, signed in magnitudes(TrivialAugmentWide()._augmentation_space(31)):
        picked = [values[i] for i in chosen] if len(values) > 1 else values
        for value in picked:
            yield name, value
            if signed:
                yield name, -value


def picture(height, width, channels, low, high):
    """A gradient, two shapes and some noise, between two values."""
    random = np.random.RandomState(height * width)
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for channel in range(channels):
        plane = (x * (channel + 1) + y * (3 - channel)) % 97 / 97
        plane = np.where((x - 9) ** 2 + (y - 8) ** 2 < 30, 0.9 - 0.3 * channel, plane)
        plane = np.where((abs(x - 20) < 4) & (abs(y - 14) < 5), 0.1 + 0.2 * channel, plane)
        planes.append(np.clip(plane + random.normal(0, 0.04, plane.shape), 0, 1))
    return (low + np.stack(planes, 2) * (high - low)).astype(np.uint8)


def main(folder):
    with open(folder / "magnitudes.txt", "w") as out:
        for policy, space in (
            ("TrivialAugment", TrivialAugmentWide()._augmentation_space(31)),
            ("RandAugment", RandAugment()._augmentation_space(31, (22, 32))),
        ):
            for name, values, signed in magnitudes(space):
                print(policy, name, signed, *values, file=out)
    listed = list(cases())
    with open(folder / "cases.txt", "w") as out:
        for name, value in listed:
            print(name, value, file=out)
    flat = picture(5, 6, 3, 40, 90)
    flat[:, :, 1] = 77
    images = {"colour": picture(22, 32, 3, 20, 230), "grey": picture(28, 28, 1, 5, 200), "flat": flat}
    for name, image in images.items():
        tensor = torch.from_numpy(image).permute(2, 0, 1)
        fill = [0.0] * tensor.shape[0]
        made = [_apply_op(tensor, op, value, InterpolationMode.NEAREST, fill) for op, value in listed]
        sheet = torch.cat(made, 1).permute(1, 2, 0).numpy()
        Image.fromarray(sheet.squeeze(2) if sheet.shape[2] == 1 else sheet).save(folder / f"{name}.png", optimize=True)


main(Path(sys.argv[1]))
