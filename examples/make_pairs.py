"""Turn pairs.yaml and the images beside it into pairs.jsonl, one pair a line as the service takes them.

`python -m examples.make_pairs` writes the file again; the images stand inside it as data URIs.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
MEDIA_TYPES = {".png": "image/png", ".jpg": "image/jpeg"}


def pairs() -> Iterator[dict[str, Any]]:
    """The sample pairs in the wire format; pairs about one image form a cluster."""
    source = yaml.safe_load((HERE / "pairs.yaml").read_text(encoding="utf-8"))
    for pair in source["pairs"]:
        yield {
            "item": _item(pair),
            "a": {"model": source["model_a"], **pair["a"]},
            "b": {"model": source["model_b"], **pair["b"]},
        }


def _item(pair: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": pair["id"],
        "question": pair["question"],
        "options": pair["options"],
        "answer": pair["answer"],
        "images": [{"data": data_uri(HERE / "images" / pair["image"])}],
        "tags": pair["tags"],
        "cluster": Path(pair["image"]).stem,
    }


def data_uri(image: Path) -> str:
    """A picture as text that can stand in JSON."""
    return f"data:{MEDIA_TYPES[image.suffix]};base64,{base64.b64encode(image.read_bytes()).decode()}"


def as_lines() -> str:
    """The whole of pairs.jsonl."""
    return "".join(json.dumps(pair, ensure_ascii=False) + "\n" for pair in pairs())


if __name__ == "__main__":
    (HERE / "pairs.jsonl").write_text(as_lines(), encoding="utf-8")
