"""Answers requests for times of networks: what `deep.py` and `deep_tensorflow.py` share.

One request per line on stdin, one answer per line on stdout.

- `WORK VARIANT NET BATCH LOOPS`: seconds for LOOPS repetitions. WORK is `train` (forward pass,
  cross-entropy, backward pass, one step of SGD with momentum) or `infer`. The network is made at
  the first request and kept while WORK, NET and BATCH stay.
- `digest`: SHA-256 of the weights of the latest request.
- `memory`: most bytes that the process has held at once, or `unknown`.

The number of threads is that of the variable OMP_NUM_THREADS.
"""

import hashlib
import os
import sys
import time

THREADS = int(os.environ["OMP_NUM_THREADS"])


def answers():
    """Where answers go; what the libraries print from now on must not get between them."""
    stdout = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return stdout


def digest(arrays):
    sha = hashlib.sha256()
    for numbers in arrays:
        sha.update(numbers.tobytes())
    return sha.hexdigest()


def memory():
    try:
        with open("/proc/self/status") as status:
            line = next(line for line in status if line.startswith("VmHWM:"))
        return 1024 * int(line.split()[1])
    except OSError:
        return "unknown"


def answer_all(stdout, version, works, weights):
    """`works` makes a work from its variant, net and batch; `weights` gives its arrays."""
    print(version, file=stdout, flush=True)
    group, ready, latest = None, {}, None
    for line in sys.stdin:
        if line == "digest\n":
            answer = digest(weights(ready[latest].net))
        elif line == "memory\n":
            answer = memory()
        else:
            work, latest, net, batch, loops = line.split()
            if group != (work, net, batch):
                group, ready = (work, net, batch), {}
            if latest not in ready:
                ready[latest] = works[work](latest, net, int(batch))
            start = time.perf_counter()
            for _ in range(int(loops)):
                ready[latest].run()
            answer = time.perf_counter() - start
        print(answer, file=stdout, flush=True)
