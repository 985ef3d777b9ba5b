"""Times OpenCV and scikit-image. One request per line on stdin, one answer per line on stdout.

Request: WORK THREADS LOOPS. Answer: seconds for LOOPS repetitions.
Argument: a folder with the images as raw bytes, NAME_HEIGHTxWIDTH.raw or NAME_COUNTxHEIGHTxWIDTH.raw.
"""

import sys
import time
from pathlib import Path

import cv2
import numpy as np
import skimage
from skimage.feature import haar_like_feature, haar_like_feature_coord, hog, local_binary_pattern
from skimage.transform import integral_image


def images(folder):
    """Name of an image, or of a stack of them -> array of bytes."""
    found = {}
    for path in Path(folder).glob("*.raw"):
        name, shape = path.stem.split("_")
        shape = [int(side) for side in shape.split("x")]
        found[name] = np.fromfile(path, np.uint8).reshape(shape)
    return found


def each(stack, work):
    """The same work for one image or for each of a stack."""
    stack = stack if stack.ndim == 3 else stack[None]

    def run():
        for image in stack:
            work(image)

    return run


def opencv_hog(stack, cell):
    """All of the image as one window of whole cells, blocks of 2x2 cells."""
    height, width = (side // cell * cell for side in stack.shape[-2:])
    descriptor = cv2.HOGDescriptor(
        (width, height), (2 * cell, 2 * cell), (cell, cell), (cell, cell), 9,
        1, -1.0, 0, 0.2, False, 64, False,
    )
    return each(stack, descriptor.compute)


def skimage_hog(stack, cell):
    return each(stack, lambda image: hog(image, 9, (cell, cell), (2, 2)))


def opencv_integral(image, kind):
    """Into arrays that are there already, as ours."""
    height, width = image.shape
    sums = np.zeros((height + 1, width + 1), np.int32)
    squares = np.zeros((height + 1, width + 1), np.float64)
    tilted = np.zeros((height + 1, width + 1), np.int32)
    return {
        "sum": lambda: cv2.integral(image, sums),
        "squares": lambda: cv2.integral2(image, sums, squares),
        "tilted": lambda: cv2.integral3(image, sums, squares, tilted),
    }[kind]


def opencv_lbph(stack):
    """Codes and histograms of a grid of 8x8 cells; OpenCV gives the codes only inside of this."""
    recognizer = cv2.face.LBPHFaceRecognizer_create(1, 8, 8, 8)
    label = np.zeros(1, np.int32)
    return each(stack, lambda image: recognizer.train([image], label))


def skimage_lbp(stack, points, radius):
    return each(stack, lambda image: local_binary_pattern(image, points, radius, "default"))


def skimage_haar(stack, count):
    height, width = stack.shape[1:]
    coordinates, kinds = haar_like_feature_coord(width, height)
    chosen = np.linspace(0, len(coordinates) - 1, count).astype(int)
    coordinates, kinds = coordinates[chosen], kinds[chosen]

    def work(image):
        table = integral_image(image)
        haar_like_feature(table, 0, 0, width, height, kinds, coordinates)

    return each(stack, work)


def works(found):
    result = {}
    for name, stack in found.items():
        small = stack.ndim == 3 and stack.shape[1] < 100
        if name == "haar":
            result["skimage-haar"] = skimage_haar(stack, 5000)
            continue
        for cell in [4, 7, 8] if small else [8]:
            result[f"opencv-hog-{name}-{cell}"] = opencv_hog(stack, cell)
            result[f"skimage-hog-{name}-{cell}"] = skimage_hog(stack, cell)
        result[f"opencv-lbph-{name}"] = opencv_lbph(stack)
        result[f"skimage-lbp-{name}-8-1"] = skimage_lbp(stack, 8, 1)
        result[f"skimage-lbp-{name}-16-2"] = skimage_lbp(stack, 16, 2)
        if stack.ndim == 2:
            for kind in ["sum", "squares", "tilted"]:
                result[f"opencv-integral-{name}-{kind}"] = opencv_integral(stack, kind)
    return result


def main():
    cv2.ocl.setUseOpenCL(False)
    table = works(images(sys.argv[1]))
    print(f"opencv {cv2.__version__} skimage {skimage.__version__}", flush=True)
    for line in sys.stdin:
        work, threads, loops = line.split()
        cv2.setNumThreads(int(threads))
        run = table[work]
        start = time.perf_counter()
        for _ in range(int(loops)):
            run()
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main()
