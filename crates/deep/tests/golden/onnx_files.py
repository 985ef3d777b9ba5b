"""Writes onnx.json: what onnxruntime makes of the files of the folder onnx, which
`cargo test -p deep --test files -- --ignored` writes.

    pip install onnx onnxruntime numpy
    python onnx_files.py
"""

import json
import pathlib

import numpy
import onnx
import onnxruntime

HERE = pathlib.Path(__file__).parent
random = numpy.random.default_rng(5)
models = {}
for path in sorted((HERE / "onnx").glob("*.onnx")):
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (source,) = session.get_inputs()
    x = random.standard_normal([2, *source.shape[1:]]).astype(numpy.float32)
    if source.name == "images":
        x = random.integers(0, 256, x.shape).astype(numpy.float32)
    (y,) = session.run(None, {source.name: x})
    assert list(y.shape[1:]) == session.get_outputs()[0].shape[1:]
    models[path.stem] = {
        "input": [float(value) for value in x.flatten()],
        "output": [float(value) for value in y.flatten()],
    }
versions = f"onnxruntime {onnxruntime.__version__}, onnx {onnx.__version__}, onnx_files.py"
lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(model)}" for name, model in models.items())
text = f'{{\n"source": {json.dumps(versions)},\n"models": {{\n{lines}\n}}\n}}\n'
(HERE / "onnx.json").write_text(text)
