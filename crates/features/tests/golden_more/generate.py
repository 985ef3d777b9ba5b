"""Writes manifest.json, one JSON file per family, img/*.png and out/*.npy beside itself.

Run with scikit-image 0.26.0, opencv-python-headless 4.14.0, numpy 2.4.6 (see README.md):
    python generate.py FHOG_DUMP
FHOG_DUMP is ../golden/fhog_dump.cpp, compiled: g++ -O2 -o fhog_dump fhog_dump.cpp -lvl -ldlib
scikit-image's own example pictures are downloaded by it on first use.
"""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import skimage.feature as F
from skimage import data

import hog_options

HERE = Path(__file__).parent
HAAR_TYPES = ["type-2-x", "type-2-y", "type-3-x", "type-3-y", "type-4"]


def gray(image, picture):
    value = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return case("gray_opencv", "cv2.cvtColor(COLOR_RGB2GRAY)", f"gray_{image}", image, {}, value)


def lbp_exact(image, picture, points, radius):
    """Codes in whole numbers: interpolation weights times 10^10, so that nothing is rounded."""
    unit, margin = 100_000, int(np.ceil(radius)) + 1
    levels = np.pad(picture.astype(np.int64), margin)
    height, width = picture.shape

    def moved(dy, dx):
        return levels[margin + dy:margin + dy + height, margin + dx:margin + dx + width]

    codes = np.zeros((height, width), np.int64)
    for k in range(points):
        y, x = [int(np.rint(radius * unit * f(2 * np.pi * k / points)))
                for f in (lambda angle: -np.sin(angle), np.cos)]
        (top, down), (left, right) = divmod(y, unit), divmod(x, unit)
        above = (unit - right) * moved(top, left) + right * moved(top, left + 1)
        below = (unit - right) * moved(top + 1, left) + right * moved(top + 1, left + 1)
        brighter = (unit - down) * above + down * below >= unit * unit * moved(0, 0)
        codes |= brighter.astype(np.int64) << k
    kind = {8: np.uint8, 16: np.uint16, 24: np.uint32}[points]
    return case("lbp_exact", "numpy, whole numbers", f"lbp_exact_{image}_P{points}_R{radius}",
                image, dict(P=points, R=radius), codes.astype(kind))


def haar_rectangles(name, height, width):
    """Every so many-th feature: its place, type, and first and last row and column of each part."""
    rects, kinds = F.haar_like_feature_coord(width, height, HAAR_TYPES)
    step = max(1, len(rects) // 60)
    every = [[i, str(kinds[i]), [[*map(int, (*first, *last))] for first, last in rects[i]]]
             for i in range(0, len(rects), step)]
    return dict(id=f"haar_rectangles_{name}", family="haar_rectangles",
                oracle="skimage.feature.haar_like_feature_coord", image=None,
                params=dict(width=width, height=height),
                value=dict(total=len(rects), every=every), tolerance="exact")


def hog(seed, image, picture):
    params = hog_options.choices(seed)
    value = hog_options.hog(params, np.atleast_3d(picture)).astype(np.float32)
    # Numbers of blocks that are not normalised go into the hundreds.
    tolerance = "abs 1e-4" if params["block_norm"] == "none" else "abs 1e-6"
    return case("hog_options", "numpy (hog_options.py)", f"hog_options_{image}_{seed}", image, params,
                value, tolerance)


def vlfeat(image, picture, variant, cell, orientations, bilinear):
    """Of images that are hardly larger than a pixel."""
    args = ["vlhog", variant, cell, orientations, bilinear]
    head = np.array(np.atleast_3d(picture).shape, np.int32).tobytes()
    out = subprocess.run([sys.argv[1], *map(str, args)], input=head + picture.tobytes(),
                         stdout=subprocess.PIPE, check=True).stdout
    value = np.frombuffer(out[12:], np.float32).reshape(np.frombuffer(out[:12], np.int32))
    name = "_".join(map(str, ["fhog", image, *args[1:]]))
    return case("fhog", "vl_hog (VLFeat)", name, image, dict(args=args), value, "abs 1e-5")


def case(family, oracle, name, image, params, value, tolerance="exact"):
    value = np.ascontiguousarray(value)
    file = f"out/{name}.npy"
    np.save(HERE / file, value)
    return dict(id=name, family=family, oracle=oracle, image=image, params=params, file=file,
                dtype=str(value.dtype), shape=value.shape, tolerance=tolerance)


def main():
    for folder in ("img", "out"):
        (HERE / folder).mkdir(exist_ok=True)
    coins, chelsea = data.coins()[10:107, 20:171], data.chelsea()[40:168, 100:228]
    cv2.imwrite(str(HERE / "img/coins_crop.png"), coins)
    cv2.imwrite(str(HERE / "img/chelsea_rgb.png"), chelsea[:, :, ::-1])
    smallest = {f"chelsea_{h}x{w}": np.ascontiguousarray(chelsea[50:50 + h, 60:60 + w])
                for h, w in [(1, 1), (1, 9), (9, 1), (2, 7), (3, 3), (3, 12)]}
    pictures = dict(coins_small=coins[30:67, 40:93], chelsea_small=chelsea[50:91, 60:98])
    for name, picture in (pictures | smallest).items():
        colours = picture[:, :, ::-1] if picture.ndim == 3 else picture
        cv2.imwrite(str(HERE / f"img/{name}.png"), colours)
    cases = [gray("chelsea_rgb", chelsea)]
    cases += [hog(seed, *list(pictures.items())[seed // 6 % 2]) for seed in range(48)]
    cases += [lbp_exact("coins_crop", coins, *ring) for ring in [(16, 2), (24, 3), (8, 2)]]
    cases += [haar_rectangles(*window)
              for window in [("8x8", 8, 8), ("6x9", 6, 9), ("11x4", 11, 4)]]
    cases += [vlfeat(image, picture, *options) for image, picture in smallest.items()
              for options in [("uoctti", 1, 9, 0), ("dt", 2, 5, 1), ("uoctti", 4, 4, 1)]]
    families = sorted({case["family"] for case in cases})
    for family in families:
        lines = ",\n".join(json.dumps(case) for case in cases if case["family"] == family)
        (HERE / f"{family}.json").write_text(f"[\n{lines}\n]\n")
    manifest = dict(families={family: f"{family}.json" for family in families})
    (HERE / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


if __name__ == "__main__":
    main()
