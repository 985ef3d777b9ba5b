"""Writes kinds.json: what PyTorch makes of small inputs with every kind of layer and every loss, in
double precision.

    pip install torch numpy
    python kinds.py
"""

import json
import math
import pathlib

import torch
from torch import nn
from torch.nn import functional

torch.manual_seed(2)
torch.set_default_dtype(torch.float64)


def numbers(tensor):
    return tensor.detach().flatten().tolist()


def case(layer, module, shape, scale=1.0):
    """One forward and backward pass in training mode, for the loss sum(y * output_gradient)."""
    if isinstance(module, nn.Module):
        module.train()
        for parameter in module.parameters():
            parameter.data.normal_()
        learned = list(module.state_dict(keep_vars=True).items())
        learned = [(k, v) for k, v in learned if "running" not in k and "num_batches" not in k]
    else:
        learned = []
    x = (scale * torch.randn(shape)).requires_grad_()
    y = module(x)
    output_gradient = torch.randn_like(y)
    before = {name: numbers(parameter) for name, parameter in learned}
    y.backward(output_gradient)
    return {
        "layer": layer,
        "shape": list(x.shape),
        "input": numbers(x),
        "output": numbers(y),
        "output_gradient": numbers(output_gradient),
        "input_gradient": numbers(x.grad),
        "parameters": before,
        "parameter_gradients": {name: numbers(parameter.grad) for name, parameter in learned},
    }


class Frelu(nn.Module):
    """As in the authors' code (megvii-model/FunnelAct)."""

    def __init__(self, maps):
        super().__init__()
        self.conv_frelu = nn.Conv2d(maps, maps, 3, 1, 1, groups=maps)
        self.bn_frelu = nn.BatchNorm2d(maps)

    def forward(self, x):
        return torch.max(x, self.bn_frelu(self.conv_frelu(x)))


class Residual(nn.Module):
    def __init__(self, branch, shortcut):
        super().__init__()
        self.branch, self.shortcut = branch, shortcut

    def forward(self, x):
        return self.branch(x) + self.shortcut(x)


def neighbourhood(x, size, deviation):
    """Average over a Gaussian window and all maps; the window is cut at the border."""
    at = torch.arange(size) - size // 2
    line = torch.exp(-at.square() / (2 * deviation**2))
    window = (line[:, None] * line[None, :])[None, None]
    maps = x.shape[1]
    sums = functional.conv2d(x, window.repeat(1, maps, 1, 1), padding=size // 2)
    weights = functional.conv2d(torch.ones_like(x[:, :1]), window, padding=size // 2)
    return sums / (maps * weights)


def subtractive(x):
    return x - neighbourhood(x, 5, 1.5)


def divisive(x):
    deviation = neighbourhood(x.square(), 5, 1.5).sqrt()
    mean = deviation.mean(dim=(1, 2, 3), keepdim=True)
    return x / torch.maximum(deviation, mean).clamp(min=1e-4)


MAPS = (2, 4, 5, 4)
CASES = {
    "all settings of a convolution": case(
        "kind = 'convolution', maps = 6, size = 3, stride = 2, padding = 3, dilation = 2, groups = 2",
        nn.Conv2d(4, 6, 3, stride=2, padding=3, dilation=2, groups=2),
        MAPS,
    ),
    "a convolution of single pixels": case(
        "kind = 'convolution', maps = 3, size = 1", nn.Conv2d(4, 3, 1), MAPS
    ),
    "a depthwise convolution": case(
        "kind = 'convolution', maps = 4, size = 3, padding = 1, groups = 4, bias = false",
        nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False),
        MAPS,
    ),
    "overlapping max pooling": case(
        "kind = 'max-pool', size = 3, stride = 2, padding = 1", nn.MaxPool2d(3, 2, 1), MAPS
    ),
    "average pooling": case("kind = 'average-pool', size = 2", nn.AvgPool2d(2), MAPS),
    "overlapping average pooling": case(
        "kind = 'average-pool', size = 3, stride = 2, padding = 1", nn.AvgPool2d(3, 2, 1), MAPS
    ),
    "global average pooling": case(
        "kind = 'global-average-pool'",
        nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        MAPS,
    ),
    "local response, three maps": case(
        "kind = 'local-response', size = 3, alpha = 0.5, beta = 0.6, k = 2.0",
        nn.LocalResponseNorm(3, 0.5, 0.6, 2.0),
        MAPS,
    ),
    "local response, an even number": case(
        "kind = 'local-response', size = 2, alpha = 0.5", nn.LocalResponseNorm(2, 0.5), MAPS
    ),
    "subtractive": case("kind = 'subtractive', size = 5, deviation = 1.5", subtractive, MAPS),
    "divisive": case("kind = 'divisive', size = 5, deviation = 1.5", divisive, MAPS),
    "flatten": case("kind = 'flatten'", nn.Flatten(), MAPS),
    "residual": case(
        "kind = 'residual', branch = [{ kind = 'convolution', maps = 4, size = 3, padding = 1 }, "
        "{ kind = 'relu' }]",
        Residual(nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()), nn.Identity()),
        MAPS,
    ),
    "residual with a shortcut": case(
        "kind = 'residual', branch = [{ kind = 'convolution', maps = 3, size = 3, padding = 1, "
        "stride = 2 }], shortcut = [{ kind = 'convolution', maps = 3, size = 1, stride = 2 }, "
        "{ kind = 'batch-norm' }]",
        Residual(
            nn.Sequential(nn.Conv2d(4, 3, 3, padding=1, stride=2)),
            nn.Sequential(nn.Conv2d(4, 3, 1, stride=2), nn.BatchNorm2d(3)),
        ),
        MAPS,
    ),
    "frelu": case("kind = 'frelu'", Frelu(4), MAPS),
    "softmax": case("kind = 'softmax'", nn.Softmax(dim=1), (4, 5), 3.0),
    "softmax of maps": case("kind = 'softmax'", nn.Softmax(dim=1), MAPS, 3.0),
    "identity": case("kind = 'identity'", nn.Identity(), (4, 5), 3.0),
    "sigmoid": case("kind = 'sigmoid'", nn.Sigmoid(), (4, 5), 3.0),
    "tanh": case("kind = 'tanh'", nn.Tanh(), (4, 5), 3.0),
    "softplus": case("kind = 'softplus'", nn.Softplus(), (4, 5), 3.0),
    "relu": case("kind = 'relu'", nn.ReLU(), (4, 5), 3.0),
    "leaky relu": case("kind = 'leaky-relu', slope = 0.2", nn.LeakyReLU(0.2), (4, 5), 3.0),
    "leaky relu, default": case("kind = 'leaky-relu'", nn.LeakyReLU(), (4, 5), 3.0),
    "elu": case("kind = 'elu', alpha = 1.5", nn.ELU(1.5), (4, 5), 3.0),
    "gelu": case("kind = 'gelu'", nn.GELU(), (4, 5), 3.0),
    "silu": case("kind = 'silu'", nn.SiLU(), (4, 5), 3.0),
}


def loss(objective, function, z, target):
    """`function` gives the sum of the losses of all rows; the gradient is of their mean."""
    z = z.clone().requires_grad_()
    total = function(z)
    (total / len(z)).backward()
    return {
        "objective": objective,
        "input": numbers(z),
        "columns": z.shape[1],
        **target,
        "loss": total.item(),
        "input_gradient": numbers(z.grad),
    }


def losses():
    z = torch.randn(5, 4) * torch.tensor([1.0, 3.0, 30.0, 300.0, 1.0])[:, None]
    classes = torch.tensor([0, 3, 2, 2, 1])
    one_hot = functional.one_hot(classes, 4).double()
    values, shares = torch.randn(5, 4), torch.rand(5, 4)
    distributions = torch.softmax(torch.randn(5, 4), 1)
    by_class = {"classes": classes.tolist()}
    smooth = {"kind": "cross-entropy", "label_smoothing": 0.1}
    binary = functional.binary_cross_entropy_with_logits
    entropy = functional.cross_entropy
    return {
        "squared error": loss(
            {"kind": "squared-error"},
            lambda z: functional.mse_loss(z, values, reduction="sum") / 2,
            z,
            {"values": numbers(values)},
        ),
        "binary cross-entropy": loss(
            {"kind": "binary-cross-entropy"},
            lambda z: binary(z, shares, reduction="sum"),
            z,
            {"values": numbers(shares)},
        ),
        "binary cross-entropy of classes": loss(
            {"kind": "binary-cross-entropy"},
            lambda z: binary(z, one_hot, reduction="sum"),
            z,
            by_class,
        ),
        "cross-entropy": loss(
            {"kind": "cross-entropy"}, lambda z: entropy(z, classes, reduction="sum"), z, by_class
        ),
        "cross-entropy, one-hot": loss(
            {"kind": "cross-entropy"},
            lambda z: entropy(z, one_hot, reduction="sum"),
            z,
            {"values": numbers(one_hot)},
        ),
        "cross-entropy of distributions": loss(
            {"kind": "cross-entropy"},
            lambda z: entropy(z, distributions, reduction="sum"),
            z,
            {"values": numbers(distributions)},
        ),
        "cross-entropy with label smoothing": loss(
            smooth,
            lambda z: entropy(z, classes, reduction="sum", label_smoothing=0.1),
            z,
            by_class,
        ),
    }


golden = {
    "source": f"PyTorch {torch.__version__.split('+')[0]}, float64, kinds.py",
    "layers": CASES,
    "losses": losses(),
}
assert math.isfinite(sum(case["loss"] for case in golden["losses"].values()))
lines = []
for part in ("layers", "losses"):
    entries = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in golden[part].items()]
    lines.append(f"{json.dumps(part)}: {{\n" + ",\n".join(entries) + "\n}")
text = "{\n" + f'"source": {json.dumps(golden["source"])},\n' + ",\n".join(lines) + "\n}\n"
pathlib.Path(__file__).with_name("kinds.json").write_text(text)
