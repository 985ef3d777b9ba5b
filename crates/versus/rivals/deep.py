"""Times networks in PyTorch. Requests and answers are those of `deep_requests.py`.

VARIANT is `eager`, `channels-last`, `compile` or, to infer, `frozen` (TorchScript, frozen and
optimised for inference).
"""

import warnings

import deep_requests
import torch
from torch import nn

# Channels, height and width of an input.
SHAPES = {"lenet": (1, 28, 28), "vgg": (3, 32, 32)}
CLASSES = 10


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 7 * 7, 128), nn.ReLU(), nn.Linear(128, CLASSES),
    )  # fmt: skip


def vgg():
    layers, channels = [], 3
    for maps in (32, 64, 128):
        for _ in range(2):
            layers += [
                nn.Conv2d(channels, maps, 3, padding=1, bias=False),
                nn.BatchNorm2d(maps),
                nn.ReLU(),
            ]
            channels = maps
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(
        *layers, nn.Flatten(), nn.Linear(128 * 4 * 4, 128), nn.ReLU(), nn.Linear(128, CLASSES)
    )


NETS = {"lenet": lenet, "vgg": vgg}


def compiled(net):
    """Compiled anew: after some recompilations of one class PyTorch would give up silently."""
    torch.compiler.reset()
    return torch.compile(net)


class Work:
    """A network and a batch."""

    def __init__(self, variant, net, batch):
        torch.manual_seed(1)
        self.net = NETS[net]()
        self.inputs = torch.randn(batch, *SHAPES[net])
        if variant == "channels-last":
            self.net = self.net.to(memory_format=torch.channels_last)
            self.inputs = self.inputs.to(memory_format=torch.channels_last)


class Train(Work):
    """One step."""

    def __init__(self, variant, net, batch):
        super().__init__(variant, net, batch)
        self.labels = torch.randint(CLASSES, (batch,))
        self.loss = nn.CrossEntropyLoss()
        self.optimiser = torch.optim.SGD(self.net.parameters(), lr=1e-3, momentum=0.9)
        if variant == "compile":
            self.net = compiled(self.net)

    def run(self):
        self.optimiser.zero_grad()
        loss = self.loss(self.net(self.inputs), self.labels)
        loss.backward()
        self.optimiser.step()
        return loss.item()


class Infer(Work):
    """One batch under a trained network."""

    def __init__(self, variant, net, batch):
        super().__init__(variant, net, batch)
        self.net.eval()
        if variant == "compile":
            self.net = compiled(self.net)
        if variant == "frozen":
            with torch.no_grad():
                traced = torch.jit.freeze(torch.jit.trace(self.net, self.inputs))
                self.net = torch.jit.optimize_for_inference(traced)

    def run(self):
        with torch.inference_mode():
            return self.net(self.inputs)


WORKS = {"train": Train, "infer": Infer}


def weights(net):
    return [numbers.contiguous().numpy() for numbers in net.state_dict().values()]


def main():
    stdout = deep_requests.answers()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(deep_requests.THREADS)
    deep_requests.answer_all(stdout, f"torch {torch.__version__}", WORKS, weights)


if __name__ == "__main__":
    main()
