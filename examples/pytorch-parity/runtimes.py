# SPDX-License-Identifier: Apache-2.0
"""Prediction in ONNX Runtime and OpenVINO, for race.py: the network that PyTorch exports to ONNX, and for int8
what each one's own quantization makes of it."""
import importlib.metadata
import importlib.util
import pathlib
import warnings

import numpy
import stoker_torch
import torch

# What each one computes in; ONNX Runtime has no convolutions in bf16 on x86.
PRECISIONS = {"ONNX Runtime": ("fp32", "int8"), "OpenVINO": ("fp32", "bf16", "int8")}
CALIBRATION_IMAGES = 8


def version(name):
    """A runtime with its version."""
    return f"{name} {importlib.metadata.version(name.lower().replace(' ', ''))}"


def installed():
    """The names of the runtimes whose packages are installed, quantization included."""
    needs = {"ONNX Runtime": ["onnx", "onnxruntime"], "OpenVINO": ["openvino", "nncf"]}
    return [
        name
        for name, modules in needs.items()
        if all(importlib.util.find_spec(module) for module in ["onnx", *modules])
    ]


class Classifier(torch.nn.Module):
    def __init__(self, tree):
        super().__init__()
        self.network = stoker_torch.Network(tree)

    def forward(self, images):
        return torch.softmax(self.network(images), 1)


def export(job, folder):
    """Writes the network for all its precisions and runtimes into a folder, for one size of batch."""
    torch.manual_seed(1)
    classifier = Classifier(job["tree"]).eval()
    shape = (job["batch"], *classifier.network.input)
    folder = pathlib.Path(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            classifier,
            (torch.randn(shape),),
            folder / "fp32.onnx",
            input_names=["images"],
            opset_version=17,
            dynamo=False,
        )
    if "int8" in job["precisions"]:
        random = numpy.random.default_rng(1)
        images = [
            random.standard_normal(shape, numpy.float32)
            for _ in range(-(-CALIBRATION_IMAGES // job["batch"]))
        ]
        if "ONNX Runtime" in job["runtimes"]:
            quantize_for_onnxruntime(folder, images)
        if "OpenVINO" in job["runtimes"]:
            quantize_for_openvino(folder, images)


def quantize_for_onnxruntime(folder, images):
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Images(quantization.CalibrationDataReader):
        rest = iter(images)

        def get_next(self):
            batch = next(self.rest, None)
            return None if batch is None else {"images": batch}

    prepared = folder / "prepared.onnx"
    quant_pre_process(folder / "fp32.onnx", prepared, skip_symbolic_shape=True)
    quantization.quantize_static(
        prepared,
        folder / "int8.onnx",
        Images(),
        quant_format=quantization.QuantFormat.QDQ,
        per_channel=True,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
    )


def quantize_for_openvino(folder, images):
    import nncf
    import openvino

    model = openvino.Core().read_model(folder / "fp32.onnx")
    quantized = nncf.quantize(model, nncf.Dataset(images), subset_size=len(images))
    openvino.save_model(quantized, folder / "int8.xml")


def step_of(job, way, threads):
    """One prediction, as a function; for a network of its own process."""
    make = onnxruntime_step if way["engine"] == "ONNX Runtime" else openvino_step
    tree_input = job["tree"]["input"]
    shape = (job["batch"], tree_input[2], tree_input[0], tree_input[1])
    images = numpy.random.default_rng(1).standard_normal(shape, numpy.float32)
    return make(pathlib.Path(job["folder"]), way, threads, images)


def onnxruntime_step(folder, way, threads, images):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        folder / f"{way['precision']}.onnx", options, ["CPUExecutionProvider"]
    )
    return lambda: session.run(None, {"images": images})


def openvino_step(folder, way, threads, images):
    import openvino

    computed = way["parameters"] if way["precision"] == "int8" else way["precision"]
    file = folder / ("int8.xml" if way["precision"] == "int8" else "fp32.onnx")
    compiled = openvino.Core().compile_model(
        file,
        "CPU",
        {
            "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[computed],
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            # Processes that have a core each would pin their threads to the same one.
            "ENABLE_CPU_PINNING": way["networks"] == 1,
        },
    )
    request = compiled.create_infer_request()
    return lambda: request.infer({0: images}, share_inputs=True)
