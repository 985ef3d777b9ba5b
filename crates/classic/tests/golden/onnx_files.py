"""Writes onnx.json: what onnxruntime makes of onnx/*.onnx and the rows of libsvm/test.txt.

    python -m venv venv && venv/bin/pip install numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0
    cargo test -p classic --test onnx -- --ignored     # writes onnx/*.onnx
    venv/bin/python onnx_files.py > onnx.json

Each file is also checked by ONNX itself, with the inference of types and shapes.
"""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

HERE = Path(__file__).parent
FEATURES = 16


def rows():
    lines = (HERE / "libsvm" / "test.txt").read_text().splitlines()
    x = np.zeros((len(lines), FEATURES), np.float32)
    for row, line in enumerate(lines):
        for pair in line.split()[1:]:
            index, value = pair.split(":")
            x[row, int(index) - 1] = float(value)
    return x


def run(path, x):
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    labels, decisions = session.run(["label", "decisions"], {"features": x})
    assert [list(labels.shape), list(decisions.shape)[0]] == [[len(x)], len(x)]
    return {"labels": labels.tolist(), "decisions": decisions.astype(float).tolist()}


x = rows()
files = sorted((HERE / "onnx").glob("*.onnx"))
source = f"onnxruntime {onnxruntime.__version__}, onnx {onnx.__version__}"
print(json.dumps({"source": source, "models": {path.stem: run(path, x) for path in files}}))
