"""Writes the pictures beside this file: python pictures.py (Pillow 13.0.0, libjpeg-turbo).

For each NAME.png the expected result is in NAME-expected.png, worked out by Pillow alone.
photo.jpg is an ordinary JPEG (4:2:0); the tests cut it short.
"""

from pathlib import Path

import PIL
from PIL import Image

assert PIL.__version__ == "13.0.0", PIL.__version__
here = Path(__file__).parent


def noise(x, y, c):
    """Numbers without a pattern, 0 to 255."""
    return (x * 7919 + y * 104729 + c * 1299709 + x * y * 31 + 17) * 2654435761 % 2**32 >> 24


def picture(mode, width, height):
    image = Image.new(mode, (width, height))
    bands = len(image.getbands())
    for y in range(height):
        for x in range(width):
            # A slope with some noise, so that neither a shift nor a swapped axis goes unseen.
            value = tuple((5 * x + 3 * y * (c + 1) + noise(x, y, c) // 2) % 256 for c in range(bands))
            image.putpixel((x, y), value if bands > 1 else value[0])
    return image


def save(image, name):
    image.save(here / name, optimize=True)


source = picture("RGB", 37, 29)
save(source, "source.png")
# BILINEAR widens its support when it shrinks (antialiasing), as the triangle filter here does.
save(source.resize((13, 11), Image.Resampling.BILINEAR), "source-13x11.png")
save(source.resize((50, 60), Image.Resampling.BILINEAR), "source-50x60.png")

rgba = picture("RGBA", 16, 16)
save(rgba, "rgba.png")
white = Image.new("RGBA", rgba.size, "white")
save(Image.alpha_composite(white, rgba).convert("RGB"), "rgba-expected.png")

la = picture("LA", 16, 16)
save(la, "la.png")
flat = Image.alpha_composite(white, la.convert("RGBA")).convert("RGB").getchannel(0)
save(flat, "la-expected.png")

# 16 bits: Pillow's own conversion clips, so the scaling is written out.
deep, expected = Image.new("I;16", (16, 16)), Image.new("L", (16, 16))
for y in range(16):
    for x in range(16):
        value = noise(x, y, 0) * 256 + noise(x, y, 1)
        deep.putpixel((x, y), value)
        expected.putpixel((x, y), round(value * 255 / 65535))
save(deep, "grey16.png")
save(expected, "grey16-expected.png")

palette = source.quantize(16)
save(palette, "palette.png")
save(palette.convert("RGB"), "palette-expected.png")

source.resize((64, 48)).save(here / "photo.jpg", quality=90)
