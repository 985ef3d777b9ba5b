"""Writes corrupt.json beside this file: what other programs make of three small images.

Versions: Python 3.11, NumPy, SciPy 1.17.1, scikit-image 0.26.0, Pillow 13.0.0
"""
import json
import math
import pathlib

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage import color, transform

RNG = np.random.default_rng(6)


def about_the_middle(image, inverse):
    """`inverse` (2x2) takes places in the result to places in the source, (x, y)."""
    height, width = image.shape[:2]
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    matrix = np.eye(3)
    matrix[:2, :2] = inverse
    matrix[:2, 2] = middle - inverse @ middle
    return transform.warp(image, matrix, order=1, mode="constant", cval=0.0)


def blur(image, sigma):
    return gaussian_filter(image, (sigma, sigma, 0), mode="nearest", truncate=4.0)


def brightness(image, amount):
    if image.shape[2] == 1:
        return np.clip(image + amount, 0, 1)
    hsv = color.rgb2hsv(image)
    hsv[..., 2] = np.clip(hsv[..., 2] + amount, 0, 1)
    return color.hsv2rgb(hsv)


def contrast(image, factor):
    mean = image.mean(axis=(0, 1), keepdims=True)
    return np.clip((image - mean) * factor + mean, 0, 1)


def pixelate(image, factor):
    height, width, channels = image.shape
    small = (int(width * factor), int(height * factor))
    out = np.empty_like(image)
    for channel in range(channels):  # mode F: no rounding between the passes
        plane = Image.fromarray(image[..., channel].astype(np.float32))
        plane = plane.resize(small, Image.Resampling.BOX)
        out[..., channel] = np.asarray(plane.resize((width, height), Image.Resampling.BOX))
    return out


def rotate(image, angle):
    c, s = math.cos(angle), math.sin(angle)
    return about_the_middle(image, np.array([[c, s], [-s, c]]))


def shear(image, slope):
    return about_the_middle(image, np.array([[1, -slope], [0, 1]]))


def scale(image, factor):
    return about_the_middle(image, np.eye(2) / factor)


def translate(image, by):
    matrix = np.eye(3)
    matrix[:2, 2] = [-by[0], -by[1]]
    return transform.warp(image, matrix, order=1, mode="constant", cval=0.0)


CASES = [
    ("gaussian_blur", blur, [0.1, 0.4, 1.0, 2.5, 6.0], 1e-9),
    ("brightness", brightness, [0.05, 0.3], 1e-9),
    ("contrast", contrast, [0.15, 0.75], 1e-9),
    ("pixelate", pixelate, [0.95, 0.65, 0.34], 1e-6),  # Pillow computes in 32 bits
    ("rotate", rotate, [0.2, -1.0], 1e-9),
    ("shear", shear, [0.4, -1.0], 1e-9),
    ("scale", scale, [0.9, 0.5, 1.5], 1e-9),
    ("translate", translate, [[1.5, -0.25], [-3, 2]], 1e-9),
]

cases = []
for shape in [(7, 5, 1), (6, 9, 3), (1, 4, 3)]:
    image = RNG.integers(0, 256, shape) / 255
    image[0, 0] = 0.0
    for op, function, arguments, atol in CASES:
        for arg in arguments:
            if op == "pixelate" and int(min(shape[:2]) * arg) < 1:
                continue
            out = function(image, arg)
            cases.append({"op": op, "arg": arg, "atol": atol, "shape": shape,
                          "x": image.ravel().tolist(), "y": out.ravel().tolist()})
path = pathlib.Path(__file__).with_name("corrupt.json")
lines = ",\n".join(json.dumps(case) for case in cases)
path.write_text(f"[\n{lines}\n]\n")
