"""Writes the pictures and manifest.csv of this folder.

    npm pack emoji-datasource-google@16.0.0 emoji-datasource-twitter@16.0.0
    mkdir google twitter
    tar xzf emoji-datasource-google-16.0.0.tgz -C google
    tar xzf emoji-datasource-twitter-16.0.0.tgz -C twitter
    python generate.py .          (Pillow 13.0.0)

Both packages list the same emoji, without variants of skin tone. Of each of Unicode's top-level
groups at most 150 are taken, evenly spread over Unicode's order; `Component` is left out. Each is cut
from the 32-pixel sheet of each style (a pixel of space around every picture), laid on white and
written as lossless WebP.
"""

import csv
import json
import sys
from pathlib import Path

from PIL import Image

SIDE = 32
MOST = 150
STYLES = {"noto": "google", "twemoji": "twitter"}

source = Path(sys.argv[1])
folder = Path(__file__).parent
listed = json.loads((source / "google/package/emoji.json").read_text())
by_class = {}
for emoji in sorted(listed, key=lambda emoji: emoji["sort_order"]):
    if emoji["category"] != "Component" and emoji["has_img_google"] and emoji["has_img_twitter"]:
        by_class.setdefault(emoji["category"], []).append(emoji)

rows = []
for style, package in STYLES.items():
    own = json.loads((source / package / "package/emoji.json").read_text())
    places = {emoji["unified"]: (emoji["sheet_x"], emoji["sheet_y"]) for emoji in own}
    sheets = source / package / "package/img" / package / "sheets-clean"
    sheet = Image.open(sheets / f"{SIDE}.png").convert("RGBA")
    (folder / style).mkdir(exist_ok=True)
    for label, emojis in by_class.items():
        count = min(MOST, len(emojis))
        for emoji in (emojis[k * len(emojis) // count] for k in range(count)):
            x, y = (place * (SIDE + 2) + 1 for place in places[emoji["unified"]])
            image = Image.new("RGBA", (SIDE, SIDE), (255, 255, 255, 255))
            image.alpha_composite(sheet.crop((x, y, x + SIDE, y + SIDE)))
            code = emoji["unified"].lower()
            name = f"{style}/{code}.webp"
            image.convert("RGB").save(folder / name, lossless=True, quality=100, method=6)
            rows.append((name, label, code))

with open(folder / "manifest.csv", "w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("file", "label", "group"))
    writer.writerows(sorted(rows))
