"""Take the pictures of README: audit data_samples, open pages of it in Chromium, and write small PNG files.

python tests/screenshots.py            writes .github/screenshots/*.png
python tests/screenshots.py --out DIR  writes them elsewhere
"""

import argparse
import io
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from browsing import NO_BROWSER, Visit, browser_open, find_browser, visiting
from nightrounds.commands import demo_command

ROOT = Path(__file__).parents[1]
COLOURS, MOST_BYTES = 256, 120_000


@dataclass(frozen=True)
class Shot:
    """What to show: a page of the demo, from the element that the selector finds (else from its top) on."""

    name: str
    page: str
    height: int
    start: str | None = None


SHOTS = (
    Shot("index", "dashboard/index", 1300),
    Shot("rule", "dashboard/rules/magnesium_dose_high", 920, "figure.plot"),
    Shot("worklist", "worklist/index", 1150),
    Shot("finding", "worklist/rules/magnesium_renal_insufficiency", 760, "article"),
    Shot("data-quality", "dashboard/data-quality", 900),
)


def take(visit: Visit, results: Path, shot: Shot) -> bytes:
    """Return a picture of a page as PNG with few colours."""
    visit.open(results / f"{shot.page}.html")
    visit.page.set_viewport_size({"width": 1100, "height": shot.height})
    if shot.start:
        visit.ask("(s) => scrollTo(0, document.querySelector(s).getBoundingClientRect().top - 12)", shot.start)
    picture = Image.open(io.BytesIO(visit.page.screenshot())).convert("RGB")
    small = io.BytesIO()
    picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(small, "PNG", optimize=True)
    return small.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / ".github" / "screenshots", help="folder for the pictures")
    parser.add_argument("--results", type=Path, help="results of a demo that has been run, such as build/demo/current")
    options = parser.parse_args()
    path = find_browser()
    if path is None:
        sys.exit(NO_BROWSER)
    options.out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder, browser_open(path) as browser:
        if options.results is None:
            demo_command(Path(folder), ROOT)
        results = (options.results or Path(folder) / "current").resolve()
        with visiting(browser, color_scheme="light") as visit:
            for shot in SHOTS:
                content = take(visit, results, shot)
                if len(content) > MOST_BYTES:
                    sys.exit(f"The picture {shot.name} has {len(content):,} bytes; {MOST_BYTES:,} are allowed.")
                (options.out / f"{shot.name}.png").write_bytes(content)
                print(f"{len(content):>8,}  {options.out / shot.name}.png")


if __name__ == "__main__":
    main()
