"""Charts drawn by Vega: one after the other in this process, or by it as a script, a line in and a line out.

As a script it is started by its path (`python -P vega.py`), so it must not need anything of the application.
"""

from __future__ import annotations

import json
import re
import signal
import sys
from typing import Any

import vl_convert

VEGA_LITE = "5.21"
SCALE = 2
# XML cannot carry these, however they are written, and the library ends the whole process when it meets one.
_UNDRAWABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Vega calls every kind of mark a symbol without a name, also with `aria` off; words for the whole say more.
_NAMELESS = re.compile(r'(<g [^>]*?) role="graphics-[a-z]+" aria-roledescription="[^"]*"')
_PICTURES, _CONTROLS, _REPLACEMENT = 0x2400, 0x20, "\ufffd"


def svg(spec: dict[str, Any]) -> str:
    """A Vega-Lite specification as SVG; nothing is fetched to draw it. Other threads stand still meanwhile."""
    drawn = vl_convert.vegalite_to_svg(_drawable(spec), vl_version=VEGA_LITE, allowed_base_urls=[])
    return _NAMELESS.sub(r"\1", drawn)


def png(spec: dict[str, Any]) -> bytes:
    """The same as PNG, at twice the size."""
    return bytes(vl_convert.vegalite_to_png(_drawable(spec), vl_version=VEGA_LITE, scale=SCALE, allowed_base_urls=[]))


def _sign(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(_PICTURES + code) if code < _CONTROLS else _REPLACEMENT


def _drawable(value: Any) -> Any:
    """The same specification with a sign for every such character: its picture for a control, else U+FFFD."""
    if isinstance(value, str):
        return _UNDRAWABLE.sub(_sign, value)
    if isinstance(value, dict):
        return {_drawable(key): _drawable(inside) for key, inside in value.items()}
    if isinstance(value, list | tuple):
        return [_drawable(inside) for inside in value]
    return value


def serve() -> None:
    """Draw what comes in, a JSON line each, until nothing comes any more; a line out says the SVG or the problem."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is our parent's to hear; we go when it does
    for line in sys.stdin:
        try:
            answer = {"svg": svg(json.loads(line))}
        except ValueError as error:
            answer = {"problem": str(error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
