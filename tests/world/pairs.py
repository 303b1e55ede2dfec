"""Made-up pairs, the same every time: items with tags, clusters and answers, traces of two models."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

MODALITIES = ("CT", "MR", "retina", "histology")
WORDS = [
    "margin",
    "density",
    "contrast",
    "vessel",
    "lesion",
    "border",
    "nucleus",
    "signal",
    "artefact",
    "slice",
    "region",
    "texture",
    "shadow",
    "lumen",
    "tissue",
    "focal",
    "diffuse",
    "bright",
    "dark",
    "regular",
    "irregular",
    "enlarged",
    "normal",
    "therefore",
    "because",
    "however",
]


def pairs(count: int, *, words: int = 40, seed: int = 1, models: tuple[str, str] = ("tuned", "base")) -> Iterator[dict]:
    """`count` pairs as wire documents; clusters of one to five items."""
    source = random.Random(seed)
    cluster, left = 0, 0
    for number in range(count):
        if left == 0:
            cluster, left = cluster + 1, source.randint(1, 5)
        left -= 1
        answer = source.choice("ABCD")
        item: dict[str, Any] = {
            "id": f"q{number}",
            "question": f"What does image {number} show? {_prose(source, 12)}",
            "options": {letter: _prose(source, 3) for letter in "ABCD"},
            "answer": answer,
            "tags": {"modality": MODALITIES[number % len(MODALITIES)]},
            "cluster": f"article-{cluster}",
        }
        yield {
            "item": item,
            "a": {"model": models[0], "trace": _prose(source, words), "answer": source.choice([answer, "A"])},
            "b": {"model": models[1], "trace": _prose(source, words), "answer": source.choice("ABCD")},
        }


def ndjson(documents: Iterator[dict]) -> bytes:
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


def _prose(source: random.Random, words: int) -> str:
    return " ".join(source.choices(WORDS, k=words)).capitalize() + "."
