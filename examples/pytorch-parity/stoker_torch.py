# SPDX-License-Identifier: Apache-2.0
"""Builds a model of Stoker's of PyTorch's modules.

The model is the value of "model" in what `./stoker models NAME --json` prints. Parameters have the names
of `./stoker export --format safetensors` for models that torchvision does not have: the n-th layer of the
model's table is `layers.n`. Layouts are PyTorch's own, [batch, channels, height, width].
"""
import torch
from torch import nn
from torch.nn import functional as F

TANH_AMPLITUDE = 1.7159
TANH_SLOPE = 2 / 3
LEAK = 0.01

# After these, a rectifier may overwrite its input.
OVERWRITABLE = ("conv", "depthwise-conv", "batch-norm", "dense")


class ScaledTanh(nn.Module):
    """LeCun et al., 1998, appendix A."""

    def forward(self, x):
        return TANH_AMPLITUDE * torch.tanh(TANH_SLOPE * x)


class Scale(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return self.factor * x


class Threshold(nn.Module):
    """1 for values above 0, else 0; it has no gradient."""

    def forward(self, x):
        return (x > 0).to(x.dtype)


class ResponseNorm(nn.Module):
    """Local response normalization. The sum over neighbours is a 1x1 convolution with a band matrix,
    several times as fast as torch.nn.LocalResponseNorm on processors."""

    def __init__(self, channels, size, k, alpha, beta):
        super().__init__()
        at = torch.arange(channels)
        band = ((at[:, None] - at[None, :]).abs() <= size // 2).float() * alpha
        self.register_buffer("band", band.view(channels, channels, 1, 1), persistent=False)
        self.register_buffer("k", torch.full((channels,), float(k)), persistent=False)
        self.beta = beta

    def forward(self, x):
        scale = F.conv2d(x * x, self.band.to(x.dtype), self.k.to(x.dtype))
        if self.beta == 0.75:
            root = torch.rsqrt(scale)
            return x * (root * torch.sqrt(root))
        return x * scale.pow(-self.beta)


class PadChannels(nn.Module):
    def __init__(self, more):
        super().__init__()
        self.more = more

    def forward(self, x):
        return F.pad(x, (0, 0) * (x.dim() - 2) + (0, self.more))


class Pad(nn.Module):
    """Padding that is not the same on opposite sides: [top, left, bottom, right]."""

    def __init__(self, sides, value):
        super().__init__()
        top, left, bottom, right = sides
        self.sides = (left, right, top, bottom)
        self.value = value

    def forward(self, x):
        return F.pad(x, self.sides, value=self.value)


class Image(nn.Module):
    """A vector is an image of one pixel."""

    def forward(self, x):
        return x if x.dim() == 4 else x.view(x.size(0), -1, 1, 1)


class GlobalAverage(nn.Module):
    def forward(self, x):
        return x.mean((2, 3)) if x.dim() == 4 else x


class Rows(nn.Module):
    """The last state of an LSTM that reads an image row by row."""

    def __init__(self, width, units):
        super().__init__()
        self.width = width
        lstm = nn.LSTM(width, units, batch_first=True)
        for name, parameter in lstm.named_parameters():
            self.register_parameter(name, parameter)
        self.hidden = [lstm]  # in a list: its parameters have this module's names

    def forward(self, x):
        lstm = self.hidden[0]
        return lstm(x.reshape(x.size(0), -1, self.width))[1][0][0]


def joinable(parts, x):
    """The outputs of parts of a block. Of images of one pixel and vectors, all become vectors."""
    outputs = [part(x) for part in parts]
    if any(output.dim() == 2 for output in outputs):
        outputs = [output.flatten(1) for output in outputs]
    return outputs


class Residual(nn.Module):
    def __init__(self, body, shortcut, after):
        super().__init__()
        self.parts = [body, shortcut, after]

    def forward(self, x):
        body, shortcut, after = self.parts
        return after(sum(joinable([body, shortcut], x)))


class Branches(nn.Module):
    def __init__(self, branches):
        super().__init__()
        self.branches = branches

    def forward(self, x):
        return torch.cat(joinable(self.branches, x), 1)


class ChannelGate(nn.Module):
    def __init__(self, gate):
        super().__init__()
        self.gate = gate

    def forward(self, x):
        factors = self.gate(x)
        return x * factors.reshape(factors.shape + (1,) * (x.dim() - factors.dim()))


def begin(layer, fields):
    """The first parameters that the model names; those of dirac and whiten are left to recipe.py."""
    weights = fields["weights"]
    fan_in = layer.weight[0].numel()
    if isinstance(weights, dict):
        nn.init.normal_(layer.weight, std=weights["gaussian"])
    elif weights in ("he", "he-fan-out"):
        mode = "fan_in" if weights == "he" else "fan_out"
        nn.init.kaiming_normal_(layer.weight, mode=mode, nonlinearity="relu")
    elif weights == "glorot":
        nn.init.xavier_uniform_(layer.weight)
    elif weights == "lecun":
        nn.init.uniform_(layer.weight, -2.4 / fan_in, 2.4 / fan_in)
    if layer.bias is not None:
        nn.init.constant_(layer.bias, fields["bias"])


class Network(nn.Module):
    """The whole model; `layers` has all plain layers by number, and `chain` the order of the top."""

    def __init__(self, tree):
        super().__init__()
        height, width, channels = tree["input"]
        self.input = (channels, height, width)
        self.layers = nn.Module()
        self.shape = self.input
        self.chain = self._chain(tree["layers"], Numbers(""))
        self.classes = self.shape[0]

    def forward(self, x):
        return self.chain(x)

    def _chain(self, nodes, numbers, before=""):
        steps = []
        for node in nodes if isinstance(nodes, list) else [nodes]:
            keyword = node if isinstance(node, str) else next(iter(node))
            fields = {} if isinstance(node, str) else node[keyword]
            steps.append(self._layer(keyword, fields, numbers, before))
            before = keyword
        return lambda x: _run(steps, x)

    def _layer(self, keyword, fields, numbers, before):
        if keyword == "sequence":
            return self._chain(fields["of"], numbers, before)
        path = numbers.next()
        inside = Numbers(path + ".")
        if keyword == "residual":
            start = self.shape
            body = self._chain(fields["body"], inside)
            end = self.shape
            self.shape = start
            shortcut = self._chain(fields["shortcut"], inside)
            self.shape = end
            # The sum is read by nothing else.
            return Residual(body, shortcut, self._chain(fields["after"], inside, "conv"))
        if keyword == "branches":
            start, channels, branches = self.shape, 0, []
            for branch in fields["of"]:
                self.shape = start
                branches.append(self._chain(branch, inside))
                channels += self.shape[0]
            self.shape = (channels, *self.shape[1:])
            return Branches(branches)
        if keyword == "channel-gate":
            start = self.shape
            gate = self._chain(fields["of"], inside)
            self.shape = start
            return ChannelGate(gate)
        modules = self._modules_of(keyword, fields, before)
        layer = nn.Sequential(*modules[:-1])
        owner = self.layers
        *parents, name = path.split(".")
        for parent in parents:
            if not hasattr(owner, parent):
                owner.add_module(parent, nn.Module())
            owner = getattr(owner, parent)
        owner.add_module(name, modules[-1])
        return (lambda x: modules[-1](layer(x))) if modules[:-1] else modules[-1]

    def _modules_of(self, keyword, fields, before):
        """The modules of a plain layer; the last one has its parameters."""
        channels, height, width = self.shape
        if keyword in ("conv", "depthwise-conv"):
            groups = channels if keyword == "depthwise-conv" else fields.get("groups", 1)
            filters = fields.get("filters", channels * fields.get("multiplier", 1))
            padding, first = self._window(fields, filters, 0)
            convolution = nn.Conv2d(
                channels,
                filters,
                fields["kernel"],
                fields["stride"],
                padding,
                fields.get("dilation", 1),
                groups,
                bias=fields["bias"] != "none",
            )
            begin(convolution, fields)
            return [*self._image(height, width), *first, convolution]
        if keyword in ("max-pool", "average-pool"):
            maximum = keyword == "max-pool"
            padding, first = self._window(fields, channels, float("-inf") if maximum else 0)
            pool = nn.MaxPool2d if maximum else nn.AvgPool2d
            return [
                *self._image(height, width),
                *first,
                pool(fields["kernel"], fields["stride"], padding),
            ]
        if keyword == "global-average-pool":
            self.shape = (channels, 1, 1)
            return [GlobalAverage()]
        if keyword == "pad-channels":
            self.shape = (fields["channels"], height, width)
            return [PadChannels(fields["channels"] - channels)]
        if keyword == "lrn":
            keys = ("size", "k", "alpha", "beta")
            norm = ResponseNorm(channels, *(fields[key] for key in keys))
            return [*self._image(height, width), norm]
        if keyword == "batch-norm":
            # Of vectors as well: both kinds hold the same tensors.
            kind = nn.BatchNorm2d if (height, width) != (1, 1) else nn.BatchNorm1d
            flat = [nn.Flatten()] if kind is nn.BatchNorm1d else []
            return [*flat, kind(channels, fields["epsilon"], 1 - fields["decay"])]
        if keyword == "dropout":
            return [nn.Dropout(fields)]
        if keyword == "scale":
            return [Scale(fields)]
        if keyword == "lstm":
            self.shape = (fields["units"], 1, 1)
            return [Rows(width, fields["units"])]
        if keyword == "dense":
            self.shape = (fields["units"], 1, 1)
            dense = nn.Linear(channels * height * width, fields["units"])
            begin(dense, fields)
            return [nn.Flatten(), dense]
        activations = {
            "relu": lambda: nn.ReLU(inplace=before in OVERWRITABLE),
            "leaky-relu": lambda: nn.LeakyReLU(LEAK),
            "tanh": nn.Tanh,
            "scaled-tanh": ScaledTanh,
            "sigmoid": nn.Sigmoid,
            "threshold": Threshold,
            "gelu": lambda: nn.GELU("tanh"),
            "silu": nn.SiLU,
        }
        return [activations[keyword]()]

    @staticmethod
    def _image(height, width):
        return [Image()] if (height, width) == (1, 1) else []

    def _window(self, fields, channels, value):
        """The padding for PyTorch, and a module before it where PyTorch has no such padding."""
        _, height, width = self.shape
        padding = fields["padding"]
        sides = padding if isinstance(padding, list) else [padding] * 4
        span = (fields["kernel"] - 1) * fields.get("dilation", 1) + 1
        top, left, bottom, right = sides
        self.shape = (
            channels,
            (height + top + bottom - span) // fields["stride"] + 1,
            (width + left + right - span) // fields["stride"] + 1,
        )
        if isinstance(padding, list):
            return 0, [Pad(sides, value)]
        return padding, []


class Numbers:
    """Counts the layers of the chain, or of the inside of one layer."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.last = 0

    def next(self):
        self.last += 1
        return f"{self.prefix}{self.last}"


def _run(steps, x):
    for step in steps:
        x = step(x)
    return x


def load(network, tensors):
    """Sets all parameters from tensors by name; PyTorch's second bias of an LSTM is zero."""
    missing, unexpected = network.load_state_dict(tensors, strict=False)
    left = [name for name in missing if not name.endswith(("bias_hh_l0", "num_batches_tracked"))]
    if left or unexpected:
        raise ValueError(f"parameters that do not fit: {left + unexpected}")
    with torch.no_grad():
        for name in missing:
            if name.endswith("bias_hh_l0"):
                network.get_parameter(name).zero_()
