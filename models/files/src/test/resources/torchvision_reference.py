# SPDX-License-Identifier: Apache-2.0
"""Reference values of torchvision for TorchvisionTest.

usage: torchvision_reference.py state MODEL CLASSES SIZE FOLDER
           writes FOLDER/weights.safetensors (random), images.safetensors and outputs.safetensors
       torchvision_reference.py load MODEL CLASSES FOLDER
           loads FOLDER/exported.safetensors into the model, strictly, and writes outputs.safetensors
       torchvision_reference.py onnx MODEL CLASSES SIZE FOLDER dynamo|script
           also writes FOLDER/model.onnx
       torchvision_reference.py check FILE.onnx
           runs ONNX's own checker
"""
import sys


def build(name, classes):
    import torch
    import torchvision

    torch.manual_seed(7)
    options = {"aux_logits": False, "init_weights": True} if name == "googlenet" else {}
    model = getattr(torchvision.models, name)(weights=None, num_classes=classes, **options)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.1)
    return model.eval()


def save(folder, model, images):
    import torch
    from safetensors.torch import save_file

    with torch.no_grad():
        outputs = torch.softmax(model(images), 1)
    save_file({"images": images.contiguous()}, folder + "/images.safetensors")
    save_file({"outputs": outputs.contiguous()}, folder + "/outputs.safetensors")


def images(size):
    """Noise, and pixels that are normalised as torchvision's weights expect."""
    import torch

    generator = torch.Generator().manual_seed(3)
    noise = torch.randn(1, 3, size, size, generator=generator)
    pixels = torch.randint(0, 256, (1, 3, size, size), generator=generator) / 255
    mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    return torch.cat([noise, (pixels - mean) / deviation])


def main(mode, *arguments):
    if mode == "check":
        import onnx

        onnx.checker.check_model(arguments[0], full_check=True)
        return
    name, classes = arguments[0], int(arguments[1])
    model = build(name, classes)
    if mode == "load":
        from safetensors.torch import load_file

        folder = arguments[2]
        model.load_state_dict(load_file(folder + "/exported.safetensors"), strict=True)
        save(folder, model, load_file(folder + "/images.safetensors")["images"])
        return
    size, folder = int(arguments[2]), arguments[3]
    batch = images(size)
    save(folder, model, batch)
    if mode == "onnx":
        import torch

        options = {"dynamo": arguments[4] == "dynamo"}
        if options["dynamo"]:
            options["external_data"] = False
        torch.onnx.export(model, (batch[:1],), folder + "/model.onnx", **options)
        return
    from safetensors.torch import save_file

    state = {key: value.contiguous() for key, value in model.state_dict().items()}
    save_file(state, folder + "/weights.safetensors")


if __name__ == "__main__":
    main(*sys.argv[1:])
