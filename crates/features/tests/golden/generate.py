"""Writes cases.json, img/*.png and out/*.npy beside itself: the numbers the tests compare with.

Run with scikit-image 0.26.0, opencv-python-headless 4.14.0, numpy 2.4.6 (see README.md):
    python generate.py
scikit-image's own example pictures are downloaded by it on first use.
"""

import json
from pathlib import Path

import cv2
import numpy as np
import skimage.feature as F
import skimage.transform as T
from skimage import data

HERE = Path(__file__).parent
HAAR_TYPES = ["type-2-x", "type-2-y", "type-3-x", "type-3-y", "type-4"]
cases = []


def pictures():
    """Name -> 8-bit picture, (height, width) grey or (height, width, 3) RGB."""
    indices = np.indices((32, 32))
    return {
        "camera_crop": data.camera()[60:188, 190:318],
        "coins_crop": data.coins()[10:107, 20:171],
        "text_crop": data.text()[20:84, 40:140],
        "chelsea_rgb": data.chelsea()[40:168, 100:228],
        "glyph28": cv2.resize(data.text()[30:70, 60:100], (28, 28), interpolation=cv2.INTER_AREA),
        "noise_33x47": np.random.default_rng(1).integers(0, 256, (33, 47), dtype=np.uint8),
        "const_24x24": np.full((24, 24), 77, np.uint8),
        "ramp_40x56": (np.add.outer(np.arange(40) * 3, np.arange(56) * 2) % 256).astype(np.uint8),
        "checker_32x32": ((indices // 4).sum(0) % 2 * 255).astype(np.uint8),
        "one_1x1": np.array([[200]], np.uint8),
        "row_1x9": np.arange(9, dtype=np.uint8)[None] * 20,
        "col_7x1": np.arange(7, dtype=np.uint8)[:, None] * 30,
    }


def add(kind, name, image, params, value):
    value = np.ascontiguousarray(value)
    np.save(HERE / "out" / f"{name}.npy", value)
    cases.append(dict(kind=kind, name=name, image=image, params=params))


def hog(name, image, picture, cell, block, norm="L2-Hys", orientations=9, sqrt=False, lines=False):
    result = F.hog(
        picture, orientations, cell, block, norm, transform_sqrt=sqrt, visualize=lines,
        feature_vector=False, channel_axis=-1 if picture.ndim == 3 else None,
    )
    params = dict(orientations=orientations, cell_size=cell, block_size=block, block_norm=norm,
                  transform_sqrt=sqrt)
    add("hog", f"hog_{name}", image, params, result[0] if lines else result)
    if lines:
        add("hog_lines", f"hog_lines_{name}", image, params, result[1])


def lbp(image, picture, points, radius, method):
    codes = F.local_binary_pattern(picture, points, radius, method)
    kind = np.min_scalar_type(int(codes.max()))
    add("lbp", f"lbp_{image}_{method}_P{points}_R{radius:g}", image,
        dict(points=points, radius=radius, method=method), codes.astype(kind))


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
    kind = np.min_scalar_type(int(codes.max()))
    add("lbp_exact", f"lbp_exact_{image}_P{points}_R{radius:g}", image,
        dict(points=points, radius=radius, method="default"), codes.astype(kind))


def haar(name, image, picture, top, left, width, height):
    # The window is cropped before it is summed up: scikit-image 0.26 crops the integral image,
    # which falsifies rectangles on the top and left edge of a window away from the corner.
    integral = T.integral_image(picture[top:top + height, left:left + width])
    for kind in HAAR_TYPES:
        value = F.haar_like_feature(integral, 0, 0, width, height, feature_type=kind)
        params = dict(top=top, left=left, width=width, height=height, type=kind)
        add("haar", f"haar_{name}_{kind}", image, params, value.astype(np.int32))
    rects, kinds = F.haar_like_feature_coord(width, height, HAAR_TYPES)
    step = max(1, len(rects) // 60)
    every = [[i, str(kinds[i]), [[*map(int, (*first, *last))] for first, last in rects[i]]]
             for i in range(0, len(rects), step)]
    cases.append(dict(kind="haar_rects", name=f"haar_rects_{name}", image=None,
                      params=dict(width=width, height=height, total=len(rects), every=every)))


def main():
    for folder in ("img", "out"):
        (HERE / folder).mkdir(exist_ok=True)
    img = {name: np.ascontiguousarray(picture) for name, picture in pictures().items()}
    for name, picture in img.items():
        bgr = picture[:, :, ::-1] if picture.ndim == 3 else picture
        cv2.imwrite(str(HERE / "img" / f"{name}.png"), bgr, [cv2.IMWRITE_PNG_COMPRESSION, 9])

    add("gray", "gray_chelsea_rgb", "chelsea_rgb", {},
        cv2.cvtColor(img["chelsea_rgb"], cv2.COLOR_RGB2GRAY))

    hog("camera_default", "camera_crop", img["camera_crop"], (8, 8), (3, 3))
    for norm in ("L1", "L1-sqrt", "L2", "L2-Hys"):
        hog(f"coins_2x2_{norm}", "coins_crop", img["coins_crop"], (8, 8), (2, 2), norm)
    hog("coins_sqrt", "coins_crop", img["coins_crop"], (8, 8), (2, 2), sqrt=True)
    hog("text_8or_4x4_1x1", "text_crop", img["text_crop"], (4, 4), (1, 1), "L2", 8, lines=True)
    hog("text_12or_6x8_2x3", "text_crop", img["text_crop"], (6, 8), (2, 3), "L1-sqrt", 12)
    hog("chelsea_rgb", "chelsea_rgb", img["chelsea_rgb"], (8, 8), (2, 2))
    hog("glyph_7x7_2x2", "glyph28", img["glyph28"], (7, 7), (2, 2))
    hog("glyph_4x4_2x2", "glyph28", img["glyph28"], (4, 4), (2, 2), lines=True)
    hog("noise_5x5", "noise_33x47", img["noise_33x47"], (5, 5), (1, 2), "L2", 18)
    hog("const", "const_24x24", img["const_24x24"], (8, 8), (2, 2))
    hog("checker_ties", "checker_32x32", img["checker_32x32"], (8, 8), (2, 2), "L1", 8)

    # The larger codes take room, so only two settings have every method.
    for points, radius in [(8, 1), (16, 2), (24, 3), (4, 1), (8, 2), (12, 1.5)]:
        methods = ["default", "uniform"]
        methods += ["nri_uniform", "ror"] if (points, radius) in [(8, 1), (16, 2)] else []
        methods += ["nri_uniform"] if points == 24 else []
        for method in methods:
            lbp("coins_crop", img["coins_crop"], points, radius, method)
    for method in ("default", "uniform", "nri_uniform", "ror"):
        for name in ("noise_33x47", "glyph28"):
            lbp(name, img[name], 8, 1, method)
    for name in ("const_24x24", "one_1x1", "row_1x9", "col_7x1", "ramp_40x56"):
        for method in ("default", "uniform"):
            lbp(name, img[name], 8, 1, method)

    # The settings for which scikit-image's rounding errors decide about some pixels.
    for points, radius in [(16, 2), (24, 3), (8, 2)]:
        lbp_exact("coins_crop", img["coins_crop"], points, radius)

    haar("glyph_8x8", "glyph28", img["glyph28"], 3, 5, 8, 8)
    haar("noise_w9h6", "noise_33x47", img["noise_33x47"], 2, 1, 9, 6)
    haar("ramp_w4h11", "ramp_40x56", img["ramp_40x56"], 0, 0, 4, 11)

    for name in ("one_1x1", "row_1x9", "col_7x1", "noise_33x47", "glyph28", "checker_32x32",
                 "text_crop"):
        add("integral", f"integral_{name}", name, {}, cv2.integral(img[name], sdepth=cv2.CV_32S))

    lines = ",\n".join(json.dumps(case) for case in cases)
    (HERE / "cases.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
