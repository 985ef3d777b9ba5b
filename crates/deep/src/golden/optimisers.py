"""Writes optimisers.json: ten steps of every optimiser and the rates of every schedule by PyTorch,
in double precision.

The problem is Rosenbrock's function in four dimensions, sum of 100 (w[i+1] - w[i]^2)^2 +
(1 - w[i])^2 over i.

    pip install torch numpy
    python optimisers.py
"""

import json
import pathlib

import torch
from torch import optim

torch.set_default_dtype(torch.float64)
START = [-1.2, 1.0, 0.5, 2.0]


def steps(kind, make, rate, decay):
    w = torch.nn.Parameter(torch.tensor(START))
    optimiser = make([w], lr=rate, weight_decay=decay)
    values = []
    for _ in range(10):
        optimiser.zero_grad()
        (100 * (w[1:] - w[:-1] ** 2) ** 2 + (1 - w[:-1]) ** 2).sum().backward()
        optimiser.step()
        values.append(w.tolist())
    return {"optimiser": kind, "rate": rate, "weight_decay": decay, "values": values}


def momentum(nesterov):
    return lambda w, **settings: optim.SGD(w, momentum=0.8, nesterov=nesterov, **settings)


KINDS = [
    ({"kind": "sgd"}, optim.SGD, 1e-3),
    ({"kind": "momentum", "momentum": 0.8}, momentum(False), 5e-4),
    ({"kind": "nesterov", "momentum": 0.8}, momentum(True), 5e-4),
    ({"kind": "ada-grad"}, optim.Adagrad, 0.1),
    ({"kind": "rms-prop"}, optim.RMSprop, 0.02),
    ({"kind": "ada-delta"}, optim.Adadelta, 1.0),
    ({"kind": "adam"}, optim.Adam, 0.1),
    ({"kind": "adam-w", "beta1": 0.8, "beta2": 0.95}, lambda w, **settings: optim.AdamW(
        w, betas=(0.8, 0.95), **settings), 0.1),
]


def rates(schedule, make, count, epochs=12, steps_per_epoch=1, losses=None):
    """The rate before each of `count` steps of the scheduler."""
    optimiser = optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    scheduler = make(optimiser)
    values = []
    for index in range(count):
        values.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step(*([losses[index]] if losses else []))
    case = {"schedule": schedule, "rate": 0.5, "epochs": epochs, "steps_per_epoch": steps_per_epoch}
    return case | {"losses": losses or [], "values": values}


LOSSES = [5.0, 4.0, 4.5, 4.1, 3.9999, 3.9999, 4.2, 3.0, 3.1, 3.2, 3.3, 3.4]
schedule = optim.lr_scheduler
golden = {
    "source": f"PyTorch {torch.__version__.split('+')[0]}, float64, optimisers.py",
    "optimisers": [
        steps(kind, make, rate, decay) for kind, make, rate in KINDS for decay in (0.0, 0.3)
    ],
    "schedules": [
        rates(
            {"kind": "step", "every": 5, "factor": 0.3},
            lambda o: schedule.StepLR(o, 5, 0.3),
            12,
        ),
        rates(
            {"kind": "cosine", "last": 0.1},
            lambda o: schedule.CosineAnnealingLR(o, 12, eta_min=0.05),
            12,
        ),
        rates(
            {"kind": "warm-up", "steps": 7, "first": 0.25, "then": {"kind": "constant"}},
            lambda o: schedule.LinearLR(o, 0.25, 1.0, 7),
            36,
            steps_per_epoch=3,
        ),
        rates(
            {"kind": "warm-up", "steps": 4, "first": 0.2, "then": {"kind": "cosine"}},
            lambda o: schedule.ChainedScheduler(
                [schedule.LinearLR(o, 0.2, 1.0, 4), schedule.CosineAnnealingLR(o, 12)]
            ),
            12,
        ),
        rates(
            {"kind": "one-cycle"},
            lambda o: schedule.OneCycleLR(o, 0.5, total_steps=36),
            36,
            steps_per_epoch=3,
        ),
        rates(
            {"kind": "plateau", "factor": 0.4, "patience": 2},
            lambda o: schedule.ReduceLROnPlateau(o, factor=0.4, patience=2),
            12,
            losses=LOSSES,
        ),
    ],
}
parts = [f'"source": {json.dumps(golden["source"])}']
for part in ("optimisers", "schedules"):
    entries = ",\n".join(json.dumps(entry) for entry in golden[part])
    parts.append(f"{json.dumps(part)}: [\n{entries}\n]")
path = pathlib.Path(__file__).with_name("optimisers.json")
path.write_text("{\n" + ",\n".join(parts) + "\n}\n")
