"""Make the images of the sample pairs from the test files of pydicom and the sample data of scikit-image.

Both packages belong to the test dependencies; the images they make are committed, so nobody needs this script
to run the demo. `python -m examples.make_images` writes examples/images again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import skimage.data
from PIL import Image
from pydicom.data import get_testdata_file

IMAGES = Path(__file__).parent / "images"
JPEG_QUALITY = 85

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of the source."""


def dicom(name: str) -> np.ndarray:
    """Pixels of a test file as the scanner's values: Hounsfield units for CT, plain signal for MR."""
    data = pydicom.dcmread(get_testdata_file(name, download=False))
    return data.pixel_array * float(data.get("RescaleSlope", 1)) + float(data.get("RescaleIntercept", 0))


def windowed(values: np.ndarray, level: float, width: float) -> Image.Image:
    """Grey picture in which `level` is mid-grey and `width` spans black to white."""
    grey = (values - (level - width / 2)) / width
    return Image.fromarray(np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8))


def shown(picture: Image.Image, box: Box | None, width: int) -> Image.Image:
    """The part of a picture inside `box`, scaled to `width` pixels."""
    part = picture.crop(box) if box else picture
    return part.resize((width, round(part.height * width / part.width)), Image.Resampling.BICUBIC)


def ct(level: float, width: float) -> Image.Image:
    return windowed(dicom("CT_small.dcm"), level, width)


def abdomen() -> Image.Image:
    return windowed(dicom("examples_overlay.dcm"), level=330, width=660)


def fluid() -> Image.Image:
    return windowed(dicom("MR_small.dcm"), level=900, width=1800)


def retina() -> Image.Image:
    return Image.fromarray(skimage.data.retina())


def microaneurysms() -> Image.Image:
    return Image.fromarray(skimage.data.microaneurysms())


def colon() -> Image.Image:
    return Image.fromarray(skimage.data.immunohistochemistry())


RECIPES: dict[str, Callable[[], Image.Image]] = {
    "ct_bone.png": lambda: shown(ct(400, 1800), (0, 0, 128, 100), 256),
    "ct_soft_tissue.png": lambda: shown(ct(60, 350), None, 256),
    "ct_lung.png": lambda: shown(ct(-500, 1500), None, 256),
    "mr_abdomen.png": lambda: shown(abdomen(), None, 320),
    "mr_liver.png": lambda: shown(abdomen(), (45, 70, 205, 200), 240),
    "mr_kidneys.png": lambda: shown(abdomen(), (95, 140, 365, 265), 270),
    "mr_fluid.png": lambda: shown(fluid(), None, 192),
    "retina.jpg": lambda: shown(retina(), None, 320),
    "retina_disc.jpg": lambda: shown(retina(), (60, 450, 460, 850), 256),
    "retina_macula.jpg": lambda: shown(retina(), (480, 480, 960, 960), 256),
    "retina_dots.png": lambda: shown(microaneurysms(), None, 204),
    "colon.jpg": lambda: shown(colon(), None, 320),
    "colon_gland.jpg": lambda: shown(colon(), (225, 290, 405, 512), 224),
    "colon_stroma.jpg": lambda: shown(colon(), (60, 200, 300, 400), 256),
}


def write(folder: Path = IMAGES) -> None:
    """Write every image into `folder`; grey ones as PNG, colour ones as JPEG."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in RECIPES.items():
        make().save(folder / name, optimize=True, quality=JPEG_QUALITY)


if __name__ == "__main__":
    write()
