"""HOG with any options, written from the definitions and as slowly as they read: numpy, f64.

`generate.py` takes its cases from here.
"""

import numpy as np

SMOOTHING = dict(central=[0, 1, 0], sobel=[1, 2, 1], prewitt=[1, 1, 1])
NORMS = ["none", "L1", "L1-sqrt", "L2", "L2-Hys", "L2-Hys-OpenCV"]


def derivatives(levels, params):
    """Down the columns and along the rows, each of shape (height, width, channels)."""
    height, width, _ = levels.shape
    side, middle, _ = SMOOTHING[params["gradient"]]
    before, after = [], []
    for count in (height, width):
        places = np.arange(count)
        if params["border"] == "reflect101" and count > 1:
            before.append(np.abs(places - 1))
            after.append(count - 1 - np.abs(count - 2 - places))
        elif params["border"] == "reflect101":
            before.append(places)
            after.append(places)
        else:
            before.append(np.maximum(places - 1, 0))
            after.append(np.minimum(places + 1, count - 1))

    def derivative(axis):
        across = 1 - axis
        change = levels.take(after[axis], axis) - levels.take(before[axis], axis)
        both = change.take(before[across], across) + change.take(after[across], across)
        result = middle * change + side * both
        if params["border"] == "zero":
            for outside in [axis] + ([across] if side else []):
                ends = [slice(None)] * 3
                ends[outside] = [0, -1]
                result[tuple(ends)] = 0
        return result

    return derivative(0), derivative(1)


def votes(dy, dx, params):
    """Of every pixel for every orientation, shape (height, width, orientations)."""
    count, period = params["orientations"], 360.0 if params["signed"] else 180.0
    strength, angle = np.hypot(dy, dx), np.degrees(np.arctan2(dy, dx)) % period
    result = np.zeros(dy.shape + (count,))
    rows, columns = np.indices(dy.shape)
    if params["orientation_vote"] == "hard":
        width = np.float32(period) / np.float32(count)
        edges = (width * np.arange(1, count + 1, dtype=np.float32)).astype(float)
        bins = np.minimum(np.searchsorted(edges, angle, side="right"), count - 1)
        result[rows, columns, bins] = strength
    else:
        place = angle / period * count - 0.5
        lower = np.floor(place).astype(int)
        part = place - lower
        np.add.at(result, (rows, columns, lower % count), strength * (1 - part))
        np.add.at(result, (rows, columns, (lower + 1) % count), strength * part)
    return result


def nearness(pixels, start, cells, side):
    """How much pixels count for cells from `start` on, shape (cells, pixels)."""
    middles = start + (np.arange(cells) + 0.5) * side - 0.5
    return np.maximum(0, 1 - np.abs(np.arange(pixels) - middles[:, None]) / side)


def starts(length, block, stride, remainder):
    """Of the blocks along one axis."""
    whole = list(range(0, length - block + 1, stride))
    if whole[-1] + block < length and whole[-1] + stride < length and remainder == "pad":
        whole.append(whole[-1] + stride)
    return whole


def normalised(block, params):
    epsilon, clip, norm = params["epsilon"], params["clip"], params["block_norm"]
    area = np.prod(params["cell_size"])
    if norm == "none":
        return block
    if norm in ("L1", "L1-sqrt"):
        block = block / (block.sum() + epsilon)
        return block if norm == "L1" else np.sqrt(block)
    if norm == "L2-Hys-OpenCV":
        sums = block * area
        cut = np.minimum(sums / (np.sqrt((sums ** 2).sum()) + 0.1 * block.size), clip)
        return cut / (np.sqrt((cut ** 2).sum()) + 1e-3)
    block = block / np.sqrt((block ** 2).sum() + epsilon ** 2)
    if norm == "L2-Hys":
        block = np.minimum(block, clip)
        block = block / np.sqrt((block ** 2).sum() + epsilon ** 2)
    return block


def channel(dy, dx, params):
    """The descriptor of one channel, blocks row by row, shape (rows, columns, ...)."""
    cell, cells = np.array(params["cell_size"]), np.array(params["block_size"])
    (kind, steps), = params["block_stride"].items()
    stride = np.array(steps) * (cell if kind == "cells" else 1)
    sides, vote = cell * cells, params["cell_vote"]
    corners = [starts(length, sides[axis], stride[axis], params["remainder"])
               for axis, length in enumerate(dy.shape)]
    # Room for blocks beyond the image, where nothing votes.
    room = np.pad(votes(dy, dx, params), [(0, sides[0]), (0, sides[1]), (0, 0)])

    def weights(axis, corner):
        """Of pixels for the cells of a block, shape (cells, pixels)."""
        pixels = np.arange(room.shape[axis])
        if vote == "hard":
            of = (pixels - corner) // cell[axis]
            return (of == np.arange(cells[axis])[:, None]).astype(float)
        near = nearness(room.shape[axis], corner, cells[axis], cell[axis])
        if vote == "bilinear":
            return near * (pixels < corners[axis][-1] + sides[axis])
        sigma = vote["gaussian"]["sigma"] or sides.sum() / 8
        middle = corner + (sides[axis] - 1) / 2 + vote["gaussian"]["offset"]
        inside = (corner <= pixels) & (pixels < corner + sides[axis])
        return near * inside * np.exp(-((pixels - middle) / sigma) ** 2 / 2)

    def block(row, column):
        sums = np.einsum("ay,bx,yxn->abn", weights(0, row), weights(1, column), room)
        return normalised(sums / cell.prod(), params)

    return np.array([[block(row, column) for column in corners[1]] for row in corners[0]])


def hog(params, picture):
    """Shape (descriptors, block rows, block columns, cell rows, cell columns, orientations), or
    columns before rows."""
    levels = picture.astype(float)
    levels = dict(none=lambda v: v, sqrt=np.sqrt, log=np.log1p)[params["gamma"]](levels)
    dy, dx = derivatives(levels, params)
    if params["colour"] == "max-magnitude":
        strongest = (dy ** 2 + dx ** 2).argmax(-1)[..., None]
        dy, dx = np.take_along_axis(dy, strongest, -1), np.take_along_axis(dx, strongest, -1)
    result = np.array([channel(dy[..., c], dx[..., c], params) for c in range(dy.shape[-1])])
    return result if params["layout"] == "row-major" else result.transpose(0, 2, 1, 4, 3, 5)


def choices(seed):
    """Any options."""
    rng = np.random.default_rng(seed)

    def one(*of):
        return of[rng.integers(len(of))]

    gaussian = dict(sigma=one(None, 2.5, 8.0), offset=one(0.0, 0.5))
    vote = one("hard", "bilinear", dict(gaussian=gaussian))
    pixels = isinstance(vote, dict) and one(True, False)
    return dict(
        gamma=one("none", "sqrt", "log"), gradient=one(*SMOOTHING),
        border=one("zero", "reflect101", "clamp"), colour=one("max-magnitude", "per-channel"),
        signed=one(True, False), orientations=int(rng.integers(2, 13)),
        orientation_vote=one("hard", "linear"), cell_size=rng.integers(3, 8, 2).tolist(),
        cell_vote=vote, block_size=rng.integers(1, 4, 2).tolist(),
        block_stride=dict(pixels=rng.integers(1, 9, 2).tolist()) if pixels
        else dict(cells=rng.integers(1, 3, 2).tolist()),
        block_norm=NORMS[seed % len(NORMS)], clip=one(0.2, 0.35), epsilon=one(1e-5, 0.1),
        remainder=one("ignore", "pad"), layout=one("row-major", "opencv"))
