"""Writes manifest.json, cascade.json, random/*.xml and img/*.png beside itself.

Run with opencv-python-headless 4.14.0, scikit-image 0.26.0, numpy 2.4.6 (see README.md):
    python generate.py
Cascades are random, so that they have what no published one has; the face one lies in `data/`.
"""

import json
from pathlib import Path

import cv2
import numpy as np
from skimage import data

HERE = Path(__file__).parent
FACES = "../../data/haarcascade_frontalface_alt2.xml"
# Hits of a case that are written down.
MOST = 40
SETTINGS = [(1.1, 2, (0, 0), (0, 0)), (1.05, 1, (25, 30), (60, 60)), (1.3, 3, (37, 37), (37, 37))]


def haar_rects(rng, width, height, tilted):
    """One to three rectangles within the window, whose weights make up for their areas."""
    rects, count = [], int(rng.integers(2, 4))
    while len(rects) < count:
        w, h = (int(n) for n in rng.integers(1, 8, 2))
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        if (x >= h and x + w <= width and y + w + h <= height if tilted
                else x + w <= width and y + h <= height):
            weight = rects[0][2] * rects[0][3] / (w * h * (count - 1)) if rects else -1.
            rects.append((x, y, w, h, weight))
    rects = "".join(f"<_>{x} {y} {w} {h} {weight:.9g}</_>" for x, y, w, h, weight in rects)
    return f"<rects>{rects}</rects><tilted>{int(tilted)}</tilted>"


def lbp_rect(rng, width, height):
    w, h = int(rng.integers(1, width // 3 + 1)), int(rng.integers(1, height // 3 + 1))
    x, y = int(rng.integers(0, width - 3 * w + 1)), int(rng.integers(0, height - 3 * h + 1))
    return f"<rect>{x} {y} {w} {h}</rect>"


def links(rng, count):
    """Left and right of each node of a random tree, leaves numbered as they come."""
    pairs, waiting, leaves = [], list(range(1, count)), 0
    for node in range(count):
        pair = []
        for side in range(2):
            # Whoever is still to come hangs here, at the latest where a node would get lost.
            must = side == 1 and waiting and waiting[0] == node + 1
            if waiting and (must or rng.random() < 0.5):
                pair.append(waiting.pop(0))
            else:
                pair.append(-leaves)
                leaves += 1
        pairs.append(pair)
    assert leaves == count + 1 and not waiting
    return pairs


def cascade(seed, kind, size, nodes, tilted=False):
    """In the format of opencv_traincascade, `nodes` of them in each tree."""
    rng, (width, height) = np.random.default_rng(seed), size
    features, stages = [], []
    for _ in range(4):
        trees = []
        for _ in range(6):
            words = []
            for left, right in links(rng, nodes):
                if kind == "HAAR":
                    test = f"{rng.normal(0, 0.03):.9e}"
                    features.append(haar_rects(rng, width, height, tilted and rng.random() < 0.6))
                else:
                    test = " ".join(str(n) for n in rng.integers(-2**31, 2**31, 8))
                    features.append(lbp_rect(rng, width, height))
                words.append(f"{left} {right} {len(features) - 1} {test}")
            leaves = " ".join(f"{leaf:.9e}" for leaf in rng.normal(0, 1, nodes + 1))
            trees.append(f"<_><internalNodes>{' '.join(words)}</internalNodes>"
                         f"<leafValues>{leaves}</leafValues></_>")
        threshold, newline = f"{rng.normal(-1.2, 0.5):.9e}", "\n"
        stages.append(f"<_><maxWeakCount>6</maxWeakCount><stageThreshold>{threshold}"
                      f"</stageThreshold><weakClassifiers>\n{newline.join(trees)}"
                      "</weakClassifiers></_>")
    wrapped = "\n".join(f"<_>{feature}</_>" for feature in features)
    stages = "\n".join(stages)
    return f"""<?xml version="1.0"?>
<opencv_storage><cascade type_id="opencv-cascade-classifier">
<stageType>BOOST</stageType><featureType>{kind}</featureType>
<height>{height}</height><width>{width}</width>
<featureParams><maxCatCount>{256 if kind == "LBP" else 0}</maxCatCount></featureParams>
<stages>
{stages}</stages>
<features>
{wrapped}</features></cascade></opencv_storage>
"""


def old_cascade(seed, size, nodes):
    """In the format of opencv_haartraining, with tilted features."""
    rng, (width, height) = np.random.default_rng(seed), size
    stages = []
    for _ in range(3):
        trees = []
        for _ in range(5):
            parts = []
            for pair in links(rng, nodes):
                sides = "".join(
                    f"<{side}_node>{link}</{side}_node>" if link > 0
                    else f"<{side}_val>{rng.normal():.16e}</{side}_val>"
                    for side, link in zip(["left", "right"], pair))
                rects = haar_rects(rng, width, height, rng.random() < 0.5)
                parts.append(f"<_><feature>{rects}</feature>"
                             f"<threshold>{rng.normal(0, 0.03):.16e}</threshold>{sides}</_>")
            trees.append(f"<_>{''.join(parts)}</_>")
        newline = "\n"
        stages.append(f"<_><trees>\n{newline.join(trees)}</trees><stage_threshold>"
                      f"{rng.normal(-0.8, 0.5):.16e}</stage_threshold>"
                      "<parent>-1</parent><next>-1</next></_>")
    stages = "\n".join(stages)
    return f"""<?xml version="1.0"?>
<opencv_storage><random type_id="opencv-haar-classifier">
<size>{width} {height}</size>
<stages>
{stages}</stages></random></opencv_storage>
"""


def cases(xml, image, picture):
    """Every hit with its score, and groups, on one thread."""
    classifier = cv2.CascadeClassifier(str(HERE / xml))
    if picture.ndim == 3:
        picture = np.ascontiguousarray(picture[:, :, ::-1])
    for number, (factor, neighbors, smallest, largest) in enumerate(SETTINGS):
        options = dict(scaleFactor=factor, minSize=smallest, maxSize=largest)
        params = dict(options, cascade=xml)
        name = f"{Path(xml).stem}_{image}_{number}"
        for least in (0, neighbors):
            rects, levels, weights = classifier.detectMultiScale3(
                picture, minNeighbors=least, outputRejectLevels=True, **options)
            yield dict(id=f"{name}_levels_{least}", image=image, tolerance="exact",
                       oracle="cv2 detectMultiScale3 outputRejectLevels",
                       params=dict(params, minNeighbors=least),
                       value=dict(n=len(rects), rects=np.reshape(rects, (-1, 4))[:MOST].tolist(),
                                  levels=np.ravel(levels)[:MOST].tolist(),
                                  weights=np.ravel(weights)[:MOST].tolist()))
        rects, counts = classifier.detectMultiScale2(picture, minNeighbors=neighbors, **options)
        yield dict(id=f"{name}_grouped", oracle="cv2 detectMultiScale2", image=image,
                   params=dict(params, minNeighbors=neighbors), tolerance="exact",
                   value=dict(rects=np.reshape(rects, (-1, 4)).tolist(),
                              neighbors=np.ravel(counts).tolist()))
        print(name, len(rects), "groups")


def main():
    cv2.setNumThreads(1)
    for folder in ("img", "random"):
        (HERE / folder).mkdir(exist_ok=True)
    texts = {
        "haar_stumps": cascade(12, "HAAR", (20, 20), 1),
        "haar_tilted_stumps": cascade(2, "HAAR", (14, 28), 1, tilted=True),
        "haar_trees": cascade(3, "HAAR", (21, 16), 3, tilted=True),
        "haar_large_trees": cascade(11, "HAAR", (24, 24), 11),
        "lbp_stumps": cascade(5, "LBP", (24, 24), 1),
        "lbp_trees": cascade(6, "LBP", (17, 22), 4),
        "old_stumps": old_cascade(9, (32, 16), 1),
        "old_trees": old_cascade(8, (20, 20), 3),
    }
    for name, text in texts.items():
        (HERE / f"random/{name}.xml").write_text(text)
    pictures = {"face_rgb": data.astronaut()[20:200, 120:310], "coins": data.coins()[10:97, 20:151]}
    for name, picture in pictures.items():
        picture = picture[..., ::-1] if picture.ndim == 3 else picture
        cv2.imwrite(str(HERE / f"img/{name}.png"), picture)
    found = [case for image, picture in pictures.items()
             for xml in [FACES, *(f"random/{name}.xml" for name in texts)]
             for case in cases(xml, image, picture)]
    lines = ",\n".join(json.dumps(case) for case in found)
    (HERE / "cascade.json").write_text(f"[\n{lines}\n]\n")
    manifest = dict(families=dict(cascade=len(found)))
    (HERE / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


if __name__ == "__main__":
    main()
