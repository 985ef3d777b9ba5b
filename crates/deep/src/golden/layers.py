"""Writes layers.json: what PyTorch makes of small inputs, in double precision.

    pip install torch numpy
    python layers.py
"""

import json
import pathlib

import torch
from torch import nn

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)


def numbers(tensor):
    return tensor.detach().flatten().tolist()


def layer(module, x, *parameters):
    """One forward and backward pass in training mode, for the loss sum(y * output_gradient)."""
    module.train()
    x = x.clone().requires_grad_()
    y = module(x)
    output_gradient = torch.randn_like(y)
    before = [numbers(parameter) for parameter in parameters]
    y.backward(output_gradient)
    return {
        "shape": list(x.shape),
        "input": numbers(x),
        "output": numbers(y),
        "output_gradient": numbers(output_gradient),
        "input_gradient": numbers(x.grad),
        "parameters": before,
        "parameter_gradients": [numbers(parameter.grad) for parameter in parameters],
    }


def convolution(kernel_size):
    module = nn.Conv2d(2, 3, kernel_size, padding="same", bias=False)
    return layer(module, torch.randn(3, 2, 5, 4), module.weight)


def batch_norm():
    module = nn.BatchNorm2d(2)
    with torch.no_grad():
        module.weight.copy_(torch.tensor([1.5, -0.5]))
        module.bias.copy_(torch.tensor([0.25, 2.0]))
    x = torch.randn(3, 2, 3, 2) * 2 + 5
    golden = layer(module, x, module.weight, module.bias)
    golden["statistics"] = [numbers(module.running_mean), numbers(module.running_var)]
    golden["inferred"] = numbers(module.eval()(x))
    return golden


def max_pool():
    # Few different numbers, so that windows have ties.
    return layer(nn.MaxPool2d(2), torch.randint(0, 3, (2, 2, 5, 4)).double())


def affine():
    module = nn.Linear(6, 4)
    return layer(module, torch.randn(5, 6), module.weight, module.bias)


def cross_entropy():
    z = torch.randn(4, 3) * torch.tensor([[1.0], [10.0], [1000.0], [1e30]])
    z.requires_grad_()
    truth = torch.tensor([2, 0, 1, 1])
    loss = nn.functional.cross_entropy(z, truth, reduction="sum")
    (loss / len(truth)).backward()
    return {
        "input": numbers(z),
        "truth": truth.tolist(),
        "loss": loss.item(),
        "input_gradient": numbers(z.grad),
        "probabilities": numbers(torch.softmax(z, 1)),
    }


def adamw():
    """Ten steps with a new rate each, on a weight that decays and a bias that does not."""
    weight, bias = nn.Parameter(torch.randn(4)), nn.Parameter(torch.randn(3))
    optimiser = torch.optim.AdamW(
        [{"params": [weight], "weight_decay": 0.1}, {"params": [bias], "weight_decay": 0.0}]
    )
    golden = {"weight_decay": 0.1, "start": [numbers(weight), numbers(bias)], "steps": []}
    for step in range(10):
        rate = 0.1 / (1 + step)
        for group in optimiser.param_groups:
            group["lr"] = rate
        weight.grad, bias.grad = torch.randn(4), torch.randn(3) * 1e-6
        optimiser.step()
        golden["steps"].append({
            "learning_rate": rate,
            "gradients": [numbers(weight.grad), numbers(bias.grad)],
            "values": [numbers(weight), numbers(bias)],
        })
    return golden


def network():
    """Five steps of a small network on one batch, from given weights."""
    module = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding="same", bias=False),
        nn.BatchNorm2d(2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(2, 3, 3, padding="same", bias=False),
        nn.BatchNorm2d(3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(12, 5),
        nn.ReLU(),
        nn.Linear(5, 3),
    )
    decays = [p for p in module.parameters() if p.dim() > 1]
    others = [p for p in module.parameters() if p.dim() == 1]
    optimiser = torch.optim.AdamW(
        [{"params": decays, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}], lr=0.01
    )
    x, truth = torch.randn(6, 1, 5, 4), torch.tensor([0, 1, 2, 2, 1, 0])
    golden = {
        "height": 5,
        "width": 4,
        "channels": [2, 3],
        "embedding": 5,
        "classes": 3,
        "learning_rate": 0.01,
        "weight_decay": 0.1,
        "input": numbers(x),
        "truth": truth.tolist(),
        "parameters": [numbers(p) for p in module.parameters()],
        "losses": [],
    }
    module.train()
    for _ in range(5):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(module(x), truth, reduction="sum")
        (loss / len(truth)).backward()
        optimiser.step()
        golden["losses"].append(loss.item())
    module.eval()
    golden["inferred"] = numbers(module(x))
    golden["embedding_inferred"] = numbers(module[:-1](x))
    return golden


golden = {
    "source": f"PyTorch {torch.__version__.split('+')[0]}, float64, layers.py",
    "convolution_3x3": convolution(3),
    "convolution_5x5": convolution(5),
    "batch_norm": batch_norm(),
    "relu": layer(nn.ReLU(), torch.randn(3, 4)),
    "max_pool": max_pool(),
    "affine": affine(),
    "cross_entropy": cross_entropy(),
    "adamw": adamw(),
    "network": network(),
}
# One line per entry.
lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in golden.items()]
text = "{\n" + ",\n".join(lines) + "\n}\n"
pathlib.Path(__file__).with_name("layers.json").write_text(text)
