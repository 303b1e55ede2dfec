"""Texts that would do something if any page took them for more than text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

FOREIGN = "foreign.invalid"  # a host that must never be asked for anything
SCRIPT = "<script>window.pwned = 1</script>"
TEXTS = {
    "script": SCRIPT,
    "closing": f"</script></textarea></title></style></pre>{SCRIPT}",
    "image": f'<img src=x onerror="window.pwned=1"><img src="//{FOREIGN}/a.png"><svg onload="window.pwned=1">',
    "markdown": f"![x](http://{FOREIGN}/b.png) [y](javascript:window.pwned=1) <javascript:window.pwned=1>",
    "link": '<a href="javascript:window.pwned=1">press</a><iframe src="javascript:parent.pwned=1"></iframe>',
    "attribute": '" autofocus onfocus="window.pwned=1" x="',
    "single": "' onmouseover='window.pwned=1' x='",
    "style": f"<style>@import 'http://{FOREIGN}/c.css'; body{{display:none}}</style>",
    "terminal": "\x1b[31mred\x1b[0m \x1b]8;;http://x\x07 \x08\x0b\x7f\x85",
    "direction": "safe\u202egpj.exe \u2066inside \u200bzero width\ufeff",
    "template": "{{ 7 * 7 }} {% raw %} ${7*7} #{7*7}",
    "htmx": f'<div hx-get="http://{FOREIGN}/d" hx-trigger="load"></div><div sse-connect="//{FOREIGN}/e"></div>',
    "refresh": f'<meta http-equiv="refresh" content="0;url=http://{FOREIGN}/"><base href="http://{FOREIGN}/">',
}
LONG = "x" * 1_000_000
NAME = f"{SCRIPT}\u202e{TEXTS['image']}"[:200]
JUDGE = "<b onclick=window.pwned=1>judge<&>'\"\u202e"
MARK = "HOSTILE-ITEM"  # in every question, so that the stub answers with hostile reasons


def everything() -> str:
    return "\n".join(TEXTS.values())


def documents() -> Iterator[dict[str, Any]]:
    """A pair for each text, wherever a user may put one, and one pair with a line of a million characters."""
    for number, (name, text) in enumerate(TEXTS.items()):
        short = text[:150]
        item = {
            "id": f"{name} {short}",
            "question": f"{MARK} {text}",
            "options": {f"A{short}": text, "B": everything()},
            "answer": text,
            "tags": {"modality": short, f"tag {short}"[:200]: "x"},
            "cluster": f"c{number} {short}",
        }
        trace = everything() + ("\n" + LONG if number == 0 else "")
        yield {
            "item": item,
            "a": {"model": f"tuned {SCRIPT}", "trace": f"{trace}\nfirst", "answer": text},
            "b": {"model": f"base {TEXTS['attribute']}", "trace": everything()[::-1] + everything(), "answer": text},
        }


RULES = (
    {
        "match": {"contains": MARK},
        "content": json.dumps({
            axis: {"reason": f"{axis}: {everything()}", "verdict": "FIRST"} for axis in ("rationale", "overall")
        }),
    },
)  # fmt: skip
