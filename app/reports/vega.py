"""Charts drawn by Vega: one after the other in this process, or by it as a script, a line in and a line out.

As a script it is started by its path (`python -P vega.py`), so it must not need anything of the application.
"""

from __future__ import annotations

import json
import signal
import sys
from typing import Any

import vl_convert

VEGA_LITE = "5.21"


def svg(spec: dict[str, Any]) -> str:
    """A Vega-Lite specification as SVG; nothing is fetched to draw it. Other threads stand still meanwhile."""
    return str(vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, allowed_base_urls=[]))


def serve() -> None:
    """Draw what comes in, a JSON line each, until nothing comes any more. null is what could not be drawn."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is our parent's to hear; we go when it does
    for line in sys.stdin:
        try:
            drawn: str | None = svg(json.loads(line))
        except ValueError:
            drawn = None
        sys.stdout.write(json.dumps(drawn) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
