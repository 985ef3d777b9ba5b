"""Times networks in TensorFlow. Requests and answers are those of `deep_requests.py`.

VARIANT is `graph` (`tf.function`) or `xla` (the same, compiled by XLA). Graphs with frozen weights
were tried and are not faster.
"""

import contextlib
import os

import deep_requests


@contextlib.contextmanager
def silent():
    """What is written to stderr is lost; an exception is not."""
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)


os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
with silent():
    import tensorflow as tf

# Height, width and channels of an input: TensorFlow has them last.
SHAPES = {"lenet": (28, 28, 1), "vgg": (32, 32, 3)}
CLASSES = 10


def lenet():
    layers = tf.keras.layers
    return [
        layers.Conv2D(16, 5, padding="same", activation="relu"), layers.MaxPool2D(2),
        layers.Conv2D(32, 5, padding="same", activation="relu"), layers.MaxPool2D(2),
    ]  # fmt: skip


def vgg():
    layers, made = tf.keras.layers, []
    for maps in (32, 64, 128):
        for _ in range(2):
            made += [
                layers.Conv2D(maps, 3, padding="same", use_bias=False),
                layers.BatchNormalization(momentum=0.9, epsilon=1e-5),
                layers.ReLU(),
            ]
        made.append(layers.MaxPool2D(2))
    return made


NETS = {"lenet": lenet, "vgg": vgg}


class Work:
    """A network and a batch."""

    def __init__(self, net, batch):
        tf.keras.utils.set_random_seed(1)
        layers = tf.keras.layers
        head = [layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(CLASSES)]
        body = [tf.keras.Input(SHAPES[net]), *NETS[net]()]
        self.net = tf.keras.Sequential(body + head)
        self.inputs = tf.random.normal((batch, *SHAPES[net]))


class Train(Work):
    """One step."""

    def __init__(self, variant, net, batch):
        super().__init__(net, batch)
        self.labels = tf.random.uniform((batch,), maxval=CLASSES, dtype=tf.int32)
        optimiser = tf.keras.optimizers.SGD(1e-3, momentum=0.9)
        optimiser.build(self.net.trainable_variables)

        def step(inputs, labels):
            with tf.GradientTape() as tape:
                logits = self.net(inputs, training=True)
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
                loss = tf.reduce_mean(losses)
            gradients = tape.gradient(loss, self.net.trainable_variables)
            optimiser.apply(gradients)
            return loss

        self.step = tf.function(step, jit_compile=variant == "xla")

    def run(self):
        return float(self.step(self.inputs, self.labels))


class Infer(Work):
    """One batch under a trained network."""

    def __init__(self, variant, net, batch):
        super().__init__(net, batch)
        self.function = tf.function(
            lambda inputs: self.net(inputs, training=False), jit_compile=variant == "xla"
        )

    def run(self):
        return self.function(self.inputs).numpy()


WORKS = {"train": Train, "infer": Infer}


def weights(net):
    return [numbers.numpy() for numbers in net.variables]


def main():
    stdout = deep_requests.answers()
    tf.config.threading.set_intra_op_parallelism_threads(deep_requests.THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(deep_requests.THREADS)
    deep_requests.answer_all(stdout, f"tensorflow {tf.__version__}", WORKS, weights)


if __name__ == "__main__":
    main()
