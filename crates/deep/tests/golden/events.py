"""Writes events.json, a made-up learning curve, and events.tfevents, the event file that TensorBoard's
own record writer and messages make of it; TensorBoard then reads it back.

    pip install tensorboard==2.21.0 numpy
    python events.py
"""

import io
import json
import pathlib

import google.protobuf
import numpy
import tensorboard.version
from tensorboard.backend.event_processing import event_file_loader
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util import tensor_util

HERE = pathlib.Path(__file__).parent
random = numpy.random.default_rng(5)


def number(low=-9.0, high=1.0):
    """A float32 of any order of magnitude, as JSON has it."""
    return float(str(numpy.float32(10.0 ** random.uniform(low, high))))


def layer(name, gradient_norm=None, dead=None):
    found = {"layer": name, "gradient_norm": gradient_norm, "dead": dead}
    return {key: value for key, value in found.items() if value is not None}


def epoch(count, loss, accuracy, validation, layers):
    return {
        "epoch": count,
        "loss": loss,
        "accuracy": accuracy,
        "validation_loss": validation[0],
        "validation_accuracy": validation[1],
        "learning_rate": number(),
        "layers": layers,
    }


def layers(count):
    made = []
    for index in range(0, count, 2):
        made.append(layer(f"{index} (affine)", gradient_norm=number()))
        made.append(layer(f"{index + 1} (relu)", dead=number(-3.0, 0.0)))
    return made


curve = []
for count in range(1, 5):
    validation = (number(), number(-2.0, 0.0))
    curve.append(epoch(count, number(), number(-2.0, 0.0), validation, layers(6)))
# Nothing held out, and no layers.
curve.append(epoch(5, number(), number(-2.0, 0.0), (None, None), []))
# Zeros are written; and both numbers of one layer.
both = [layer("only (frelu)", gradient_norm=0.0, dead=0.0)]
curve.append(epoch(6, 0.0, 0.0, (0.0, 0.0), both))
# The largest and the smallest numbers.
curve.append(epoch(7, 3.4028235e38, 1.0, (1e-45, 1.0), []))
# Lengths and steps of several bytes; a name that is not ASCII.
curve.append(epoch(300, number(), 1.0, (number(), 1.0), layers(60) + [layer("ä" * 200, number())]))

TAGS = [
    ("loss/training", "loss"),
    ("loss/validation", "validation_loss"),
    ("accuracy/training", "accuracy"),
    ("accuracy/validation", "validation_accuracy"),
    ("learning_rate", "learning_rate"),
]


def scalars(epoch):
    pairs = [(tag, epoch[key]) for tag, key in TAGS]
    for layer in epoch["layers"]:
        pairs.append((f"gradient_norm/{layer['layer']}", layer.get("gradient_norm")))
        pairs.append((f"dead_units/{layer['layer']}", layer.get("dead")))
    return [(tag, value) for tag, value in pairs if value is not None]


written = io.BytesIO()
written.close = lambda: None
writer = RecordWriter(written)
writer.write(event_pb2.Event(wall_time=0.0, file_version="brain.Event:2").SerializeToString())
for one in curve:
    values = [summary_pb2.Summary.Value(tag=tag, simple_value=x) for tag, x in scalars(one)]
    event = event_pb2.Event(
        wall_time=float(one["epoch"]), step=one["epoch"], summary=summary_pb2.Summary(value=values)
    )
    writer.write(event.SerializeToString(deterministic=True))
writer.flush()
(HERE / "events.tfevents").write_bytes(written.getvalue())
version = tensorboard.version.VERSION
versions = f"tensorboard {version}, protobuf {google.protobuf.__version__}, events.py"
lines = ",\n".join(json.dumps(one) for one in curve)
text = f'{{\n"source": {json.dumps(versions)},\n"curve": [\n{lines}\n]\n}}\n'
(HERE / "events.json").write_text(text)

start, *events = event_file_loader.EventFileLoader(str(HERE / "events.tfevents")).Load()
assert (start.file_version, start.wall_time, len(events)) == ("brain.Event:2", 0.0, len(curve))
for one, event in zip(curve, events):
    read = [(v.tag, tensor_util.make_ndarray(v.tensor).item()) for v in event.summary.value]
    assert (event.step, event.wall_time) == (one["epoch"], float(one["epoch"]))
    assert read == [(tag, float(numpy.float32(value))) for tag, value in scalars(one)]
