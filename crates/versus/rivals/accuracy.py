"""Trains the network of a plan in PyTorch as `deep` does, and scores official test parts.

    pip install -r requirements-deep.txt
    python accuracy.py --plan ../../../plans/embedded-cnn.toml --data ../../../datasets/digits --seed 1,2

Options and answers are those of `cargo xtask accuracy --json`: one object per set and seed. What is
read from the plan is the default network and its training (`CnnParams` in crates/deep), with every
setting spelled out; other settings are refused. Only the random numbers differ. Sets are four packed
IDX files. Nothing is shared with the other side but the plan and the images.
"""

import argparse
import copy
import gzip
import json
import math
import pathlib
import sys
import time
import tomllib

import torch
from torch import nn
from torch.nn import functional

SETTINGS = {
    "name", "kind", "channels", "kernel_size", "embedding", "epochs", "min_steps", "batch_size",
    "learning_rate", "weight_decay", "validation_share", "patience", "max_shift", "optimiser",
    "schedule",
}  # fmt: skip
# With fewer rows held out, none is.
MIN_HELD_OUT = 10
# Maps with a shorter side are not pooled.
MIN_POOLED_SIDE = 4


def settings(plan):
    model = tomllib.loads(plan.read_text())["model"][0]
    if set(model) != SETTINGS:
        sys.exit(f"{plan}: other settings than {sorted(SETTINGS)}")
    if (model["kind"], model["optimiser"]["kind"]) != ("cnn", "adam-w"):
        sys.exit(f"{plan}: not a network trained by AdamW")
    if model["schedule"] != {"kind": "cosine", "last": 0.0}:
        sys.exit(f"{plan}: another schedule than a cosine to 0")
    return model


def idx(path):
    """The bytes of an IDX file, in the shape that it gives."""
    packed = gzip.decompress(path.read_bytes())
    sides = packed[3]
    shape = [int.from_bytes(packed[4 + 4 * i : 8 + 4 * i], "big") for i in range(sides)]
    numbers = torch.frombuffer(bytearray(packed[4 + 4 * sides :]), dtype=torch.uint8)
    return numbers.reshape(shape)


def part(folder, name):
    """Images as numbers, shape (n, 1, height, width), and classes."""
    images = idx(folder / f"{name}-images-idx3-ubyte.gz").float().unsqueeze(1)
    return images, idx(folder / f"{name}-labels-idx1-ubyte.gz").long()


def hold_out(labels, share, chance):
    """Rows to train on and rows held out: each class gives its share, rounded half up."""
    held_out = torch.zeros(len(labels), dtype=torch.bool)
    for label in labels.unique():
        rows = (labels == label).nonzero().squeeze(1)
        wanted = math.floor(share * len(rows) + 0.5)
        if share > 0 and len(rows) >= 3:
            wanted = max(wanted, 1)
        held_out[rows[torch.randperm(len(rows), generator=chance)[:wanted]]] = True
    if held_out.sum() < MIN_HELD_OUT:
        held_out[:] = False
    return (~held_out).nonzero().squeeze(1), held_out.nonzero().squeeze(1)


def network(model, images, classes, chance):
    layers, maps = [], images.shape[1]
    height, width = images.shape[2:]
    size = model["kernel_size"]
    for wanted in model["channels"]:
        layers += [
            nn.Conv2d(maps, wanted, size, padding=size // 2, bias=False),
            nn.BatchNorm2d(wanted),
        ]
        if min(height, width) >= MIN_POOLED_SIDE:
            layers.append(nn.MaxPool2d(2))
            height, width = height // 2, width // 2
        layers.append(nn.ReLU())
        maps = wanted
    layers += [
        nn.Flatten(),
        nn.Linear(maps * height * width, model["embedding"]),
        nn.ReLU(),
        nn.Linear(model["embedding"], classes),
    ]
    for layer in layers:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=chance)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


def optimiser(model, net):
    """AdamW; biases and what batch normalisation learns do not decay."""
    parameters = list(net.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": model["weight_decay"]},
        {"params": [p for p in parameters if p.ndim == 1], "weight_decay": 0.0},
    ]
    betas = (model["optimiser"]["beta1"], model["optimiser"]["beta2"])
    return torch.optim.AdamW(groups, lr=model["learning_rate"], betas=betas)


def shifted(images, most, chance):
    """Each image moved by up to `most` pixels down and to the right; edges are repeated."""
    count, _, height, width = images.shape
    down, right = torch.randint(-most, most + 1, (2, count, 1), generator=chance)
    rows = (torch.arange(height) - down).clamp(0, height - 1)
    columns = (torch.arange(width) - right).clamp(0, width - 1)
    which = torch.arange(count).reshape(count, 1, 1)
    return images[which, 0, rows.unsqueeze(2), columns.unsqueeze(1)].unsqueeze(1)


def outputs(net, images):
    net.eval()
    with torch.inference_mode():
        return torch.cat([net(batch) for batch in images.split(256)])


def train(model, images, labels, chance):
    """Returns what makes outputs of images, and the number of epochs."""
    rows, held_out = hold_out(labels, model["validation_share"], chance)
    deviation, mean = torch.std_mean(images[rows].double(), correction=0)
    deviation, mean = (deviation if deviation > 0 else 1.0), float(mean)
    images = (images - mean) / float(deviation)
    net = network(model, images, int(labels.max()) + 1, chance)
    optim = optimiser(model, net)

    count = len(rows)
    steps = math.ceil(count / model["batch_size"])
    epochs = max(model["epochs"], math.ceil(model["min_steps"] / steps))
    patience = math.ceil(model["patience"] * epochs / model["epochs"])
    best = None
    for epoch in range(epochs):
        rate = model["learning_rate"] * 0.5 * (1 + math.cos(math.pi * epoch / epochs))
        for group in optim.param_groups:
            group["lr"] = rate
        order = rows[torch.randperm(count, generator=chance)]
        net.train()
        for step in range(steps):
            batch = order[step * count // steps : (step + 1) * count // steps]
            optim.zero_grad()
            inputs = shifted(images[batch], model["max_shift"], chance)
            functional.cross_entropy(net(inputs), labels[batch]).backward()
            optim.step()
        if len(held_out):
            found = outputs(net, images[held_out])
            loss = float(functional.cross_entropy(found, labels[held_out]))
            if best is None or loss < best[0]:
                best = loss, epoch, copy.deepcopy(net.state_dict())
            if epoch - best[1] >= patience:
                break
    if best:
        net.load_state_dict(best[2])
    return lambda images: outputs(net, (images - mean) / float(deviation)), epoch + 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--plan", type=pathlib.Path, required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = settings(options.plan)
    images, labels = part(options.data, "train")
    test, truth = part(options.data, "t10k")
    for seed in map(int, options.seed.split(",")):
        start = time.perf_counter()
        trained, epochs = train(model, images, labels, torch.Generator().manual_seed(seed))
        seconds = time.perf_counter() - start
        right = int((trained(test).argmax(1) == truth).sum())
        outcome = {
            "program": f"torch {torch.__version__}", "set": options.data.name, "part": "test",
            "seed": seed, "right": right, "count": len(truth), "epochs": epochs,
            "seconds": round(seconds, 3),
        }  # fmt: skip
        print(json.dumps(outcome), flush=True)


if __name__ == "__main__":
    main()
