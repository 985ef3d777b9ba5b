"""Times OpenCV and scikit-image. One request per line on stdin, one answer per line on stdout.

Request: WORK IMAGE SETTING THREADS LOOPS. Answer: seconds for LOOPS repetitions.
Arguments: files NAME_COUNTxHEIGHTxWIDTH.raw with the images as raw bytes.
"""

import sys
import time
from pathlib import Path

import cv2
import numpy as np
import skimage
from skimage.feature import haar_like_feature, haar_like_feature_coord, hog, local_binary_pattern
from skimage.transform import integral_image


def opencv_hog(stack, cell):
    """All of the image as one window of whole cells, blocks of 2x2 cells."""
    cell = int(cell)
    height, width = (side // cell * cell for side in stack.shape[1:])
    descriptor = cv2.HOGDescriptor(
        (width, height), (2 * cell, 2 * cell), (cell, cell), (cell, cell), 9,
        1, -1.0, 0, 0.2, False, 64, False,
    )
    return descriptor.compute


def skimage_hog(stack, cell):
    cell = int(cell)
    return lambda image: hog(image, 9, (cell, cell), (2, 2))


def opencv_integral(stack, kind):
    """Into arrays that are there already, as ours."""
    height, width = stack.shape[1:]
    sums = np.zeros((height + 1, width + 1), np.int32)
    squares = np.zeros((height + 1, width + 1), np.float64)
    tilted = np.zeros((height + 1, width + 1), np.int32)
    return {
        "sum": lambda image: cv2.integral(image, sums),
        "squares": lambda image: cv2.integral2(image, sums, squares),
        "tilted": lambda image: cv2.integral3(image, sums, squares, tilted),
    }[kind]


def opencv_lbph(stack, grid):
    """Codes and histograms; OpenCV gives the codes only inside of this."""
    recognizer = cv2.face.LBPHFaceRecognizer_create(1, 8, int(grid), int(grid))
    label = np.zeros(1, np.int32)
    return lambda image: recognizer.train([image], label)


def skimage_lbp(stack, ring):
    points, radius = (int(number) for number in ring.split(","))
    return lambda image: local_binary_pattern(image, points, radius, "default")


def skimage_haar(stack, count):
    """`count` features, spread evenly over all there are."""
    height, width = stack.shape[1:]
    coordinates, kinds = haar_like_feature_coord(width, height)
    chosen = np.linspace(0, len(coordinates) - 1, int(count)).astype(int)
    coordinates, kinds = coordinates[chosen], kinds[chosen]

    def work(image):
        table = integral_image(image)
        haar_like_feature(table, 0, 0, width, height, kinds, coordinates)

    return work


WORKS = {
    "opencv-hog": opencv_hog,
    "opencv-integral": opencv_integral,
    "opencv-lbph": opencv_lbph,
    "skimage-haar": skimage_haar,
    "skimage-hog": skimage_hog,
    "skimage-lbp": skimage_lbp,
}


def main():
    cv2.ocl.setUseOpenCL(False)
    images = {}
    for path in map(Path, sys.argv[1:]):
        name, shape = path.stem.split("_")
        images[name] = np.fromfile(path, np.uint8).reshape([int(side) for side in shape.split("x")])
    print(f"opencv {cv2.__version__}, scikit-image {skimage.__version__}", flush=True)
    ready = {}
    for line in sys.stdin:
        work, name, setting, threads, loops = line.split()
        stack = images[name]
        key = work, name, setting
        if key not in ready:
            ready[key] = WORKS[work](stack, setting)
        run = ready[key]
        cv2.setNumThreads(int(threads))
        start = time.perf_counter()
        for _ in range(int(loops)):
            for image in stack:
                run(image)
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main()
