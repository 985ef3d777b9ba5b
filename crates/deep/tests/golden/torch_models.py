"""Writes two networks of PyTorch: sequential.safetensors and named.safetensors hold their state_dict,
torch_models.json what they put out for a few inputs, which pixels that rests on (gradients of an
output), and Grad-CAM by hooks.

    pip install torch numpy safetensors
    python torch_models.py
"""

import json
import pathlib

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

torch.manual_seed(3)
HERE = pathlib.Path(__file__).parent

SEQUENTIAL = """layers = [
    { kind = "convolution", maps = 6, size = 3, padding = 1 },
    { kind = "batch-norm" },
    { kind = "silu" },
    { kind = "max-pool", size = 2 },
    { kind = "convolution", maps = 8, size = 3, padding = 2, dilation = 2, groups = 2 },
    { kind = "gelu" },
    { kind = "local-response", size = 3, alpha = 0.5 },
    { kind = "average-pool", size = 2 },
    { kind = "flatten" },
    { kind = "dropout", share = 0.5 },
    { kind = "affine" },
]"""

NAMED = """layers = [
    { kind = "convolution", name = "conv1", maps = 4, size = 5, stride = 2, padding = 2, bias = false },
    { kind = "batch-norm", name = "bn1" },
    { kind = "leaky-relu" },
    { kind = "residual", name = "block", branch = [
        { kind = "convolution", maps = 6, size = 3, stride = 2, padding = 1, bias = false },
        { kind = "batch-norm" },
        { kind = "relu" },
        { kind = "convolution", maps = 6, size = 3, padding = 1, bias = false },
        { kind = "batch-norm" },
    ], shortcut = [
        { kind = "convolution", maps = 6, size = 1, stride = 2, bias = false },
        { kind = "batch-norm" },
    ] },
    { kind = "relu" },
    { kind = "global-average-pool" },
    { kind = "affine", name = "fc" },
]"""


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(4, 6, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(6),
            nn.ReLU(),
            nn.Conv2d(6, 6, 3, padding=1, bias=False),
            nn.BatchNorm2d(6),
        )
        self.shortcut = nn.Sequential(
            nn.Conv2d(4, 6, 1, stride=2, bias=False), nn.BatchNorm2d(6)
        )

    def forward(self, x):
        return self.branch(x) + self.shortcut(x)


class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(2, 4, 5, stride=2, padding=2, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.block = Block()
        self.fc = nn.Linear(6, 5)

    def forward(self, x):
        x = functional.leaky_relu(self.bn1(self.conv1(x)))
        return self.fc(functional.relu(self.block(x)).mean(dim=(2, 3)))


def sequential():
    return nn.Sequential(
        nn.Conv2d(2, 6, 3, padding=1),
        nn.BatchNorm2d(6),
        nn.SiLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 8, 3, padding=2, dilation=2, groups=2),
        nn.GELU(),
        nn.LocalResponseNorm(3, 0.5),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.5),
        nn.Linear(32, 5),
    )


def golden(name, layers, module, cam_module, cam_depth):
    for norm in (m for m in module.modules() if isinstance(m, nn.BatchNorm2d)):
        norm.weight.data.uniform_(0.5, 1.5)
        norm.bias.data.normal_()
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2.0)
    module.eval()
    save_file(module.state_dict(), HERE / f"{name}.safetensors")
    x = torch.randn(3, 2, 9, 8)
    kept = {}

    def keep(_module, _input, output):
        output.retain_grad()
        kept["maps"] = output

    hook = cam_module.register_forward_hook(keep)
    one = x[:1].clone().requires_grad_()
    module(one)[0, 2].backward()
    hook.remove()
    maps = kept["maps"]
    cam = (maps.grad.mean(dim=(2, 3), keepdim=True) * maps).sum(1, keepdim=True).relu()
    cam = functional.interpolate(cam, size=(9, 8), mode="bilinear", align_corners=False)
    with torch.no_grad():
        output = module(x)
    return {
        "layers": layers,
        "input": x.flatten().tolist(),
        "output": output.flatten().tolist(),
        "class": 2,
        "saliency": one.grad[0].abs().amax(0).flatten().tolist(),
        "cam_depth": cam_depth,
        "cam": cam.detach().flatten().tolist(),
    }


plain, named = sequential(), Named()
models = {
    "sequential": golden("sequential", SEQUENTIAL, plain, plain[6], 7),
    "named": golden("named", NAMED, named, named.bn1, 2),
}
source = f"PyTorch {torch.__version__.split('+')[0]}, torch_models.py"
lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(model)}" for name, model in models.items())
text = f'{{\n"source": {json.dumps(source)},\n"models": {{\n{lines}\n}}\n}}\n'
(HERE / "torch_models.json").write_text(text)
