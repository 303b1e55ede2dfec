"""`./run screenshots [--out DIR] [NAME ...]`: photographs of the pages with example data, in every look."""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from docs.example_stack import Example, example_stack
from tests.e2e.browser import browsers
from tests.e2e.browser.visiting import cookie_of

OUT = Path(__file__).parent / "screenshots"
WIDE, NARROW = (1280, 900), (390, 844)
TALLEST = {WIDE[0]: 2_200, NARROW[0]: 2_400}  # a longer page is cut: its top is what people look at first
COLOURS = 160
SETTLE, PATIENCE = 400, 75  # milliseconds for what a page fetches after it is there; how often they are given
# The five that people use most are taken in every look.
MAIN = {
    "overview": "/dashboard",
    "job": "/dashboard/jobs/{job}?slice_by=modality",
    "pair": "/dashboard/jobs/{job}/pairs/{pair}",
    "labelling": "/review/{review}",
    "leaderboard": "/dashboard/leaderboard?job={ranked}",
}
MORE = {
    "job-at-work": "/dashboard/jobs/{at_work}",
    "pairs": "/dashboard/jobs/{job}/pairs?axis=overall&verdict=INCONSISTENT",
    "comparison": "/dashboard/jobs/{job}/comparison?other={other}",
    "reviews": "/dashboard/jobs/{job}/reviews",
    "judge": "/dashboard/judges/qwen-72b",
    "rubric": "/dashboard/rubrics/reasoning-trace",
    "settings": "/dashboard/settings",
    "labelling-home": "/review",
    "sign-in": "/dashboard/sign-in",
}
LABELLERS, NOBODYS = ("labelling", "labelling-home"), ("sign-in",)


def main(arguments: list[str]) -> int:
    """Take all photographs, or those named."""
    parser = argparse.ArgumentParser(prog="./run screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join((*MAIN, *MORE)))
    chosen = parser.parse_args(arguments)
    unknown = sorted(set(chosen.names) - {*MAIN, *MORE})
    if unknown:
        parser.error(f"no page {', '.join(unknown)}")
    chosen.out.mkdir(parents=True, exist_ok=True)
    # The service first: while the browser's driver runs, nothing else may have a loop of its own.
    with (
        tempfile.TemporaryDirectory() as directory,
        example_stack(Path(directory) / "world") as there,
        sync_playwright() as playwright,
    ):
        browser = _browser(playwright)
        sizes = list(_all(browser, there, chosen.out, chosen.names))
        browser.close()
    print(f"screenshots: {len(sizes)} pictures, {sum(sizes) / 1e6:.1f} MB, in {chosen.out}")
    return 0


def _browser(playwright: Playwright) -> Browser:
    path = browsers.find_browser(playwright.chromium.executable_path)
    if path is None:
        sys.exit(f"screenshots: {browsers.HOW_TO_GET_ONE}")
    return playwright.chromium.launch(executable_path=path, args=browsers.flags())


def _all(browser: Browser, there: Example, out: Path, names: list[str]) -> Iterator[int]:
    """Sizes of the pictures in bytes, as they are written."""
    for scheme in ("light", "dark"):
        for width, height in (WIDE, NARROW):
            everything = scheme == "light" and width == WIDE[0]
            pages = {**MAIN, **(MORE if everything else {})}
            for name, path in pages.items():
                if names and name not in names:
                    continue
                file = out / f"{name}-{scheme}-{width}.png"
                look = {"color_scheme": scheme, "viewport": {"width": width, "height": height}}
                file.write_bytes(_photograph(browser, there, name, path, look))
                size = file.stat().st_size
                print(f"screenshots: {file.name} {size / 1e3:.0f} KB", flush=True)
                yield size


def _photograph(browser: Browser, there: Example, name: str, path: str, look: dict[str, Any]) -> bytes:
    context = browser.new_context(**look, reduced_motion="reduce")
    key = there.labeller if name in LABELLERS else there.there.key
    if name not in NOBODYS:
        context.add_cookies([cookie_of(there.there.url, key)])
    page = context.new_page()
    answer = page.goto(there.there.url + path.format(**vars(there)))
    if answer is None or not answer.ok:
        sys.exit(f"screenshots: {name} answered {answer.status if answer else 'nothing'}")
    _wait_for_numbers(page)
    taken = page.screenshot(full_page=True, animations="disabled")
    context.close()
    return _small(taken, TALLEST[look["viewport"]["width"]])


def _wait_for_numbers(page: Page) -> None:
    """Until nothing on the page is still being computed."""
    for _ in range(PATIENCE):
        page.wait_for_timeout(SETTLE)
        if "being computed" not in page.locator("main").inner_text():
            return
    sys.exit(f"screenshots: {page.url} is still computing")


def _small(taken: bytes, tallest: int) -> bytes:
    """Cut to height, in few colours: pages have few, and pictures of organs are grey."""
    with Image.open(io.BytesIO(taken)) as picture:
        cut = picture.convert("RGB").crop((0, 0, picture.width, min(picture.height, tallest)))
    content = io.BytesIO()
    cut.quantize(COLOURS, dither=Image.Dither.NONE).save(content, "PNG", optimize=True)
    return content.getvalue()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
