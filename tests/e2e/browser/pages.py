"""The addresses of all pages. `{job}`, `{review}`: those of the seeded World."""

from __future__ import annotations

from urllib.parse import quote

from tests.e2e.browser import hostile
from tests.e2e.browser.seeded import Planned, Seeded

LEAD = {
    "overview": "/dashboard",
    "job": "/dashboard/jobs/{job}",
    "job with parameters": "/dashboard/jobs/{job}?axis=rationale&slice_by=modality&level=0.9&policy=average",
    "pairs": "/dashboard/jobs/{job}/pairs",
    "pairs, filtered": "/dashboard/jobs/{job}/pairs?stance=INCONSISTENT&axis=overall",
    "no pairs": "/dashboard/jobs/{job}/pairs?tag=modality:none",
    "pair": "/dashboard/jobs/{job}/pairs/{pictured}",
    "comparison": "/dashboard/jobs/{job}/comparison",
    "reviews": "/dashboard/jobs/{job}/reviews",
    "leaderboard": "/dashboard/leaderboard",
    "leaderboard of a job": "/dashboard/leaderboard?job={job}",
    "judges": "/dashboard/judges",
    "judge": "/dashboard/judges/stub-72b",
    "rubrics": "/dashboard/rubrics",
    "rubric": "/dashboard/rubrics/reasoning-trace",
    "settings": "/dashboard/settings",
}
LABELLER = {"reviews to do": "/review", "a pair to label": "/review/{review}", "labels done": "/review/{review}/done"}
NOBODY = {"sign-in": ("/dashboard/sign-in", 200), "nothing there": ("/dashboard/jobs/nothing", 404)}
HOSTILE = {
    "overview": "/dashboard",
    "job": "/dashboard/jobs/{hostile}",
    "job, sliced": "/dashboard/jobs/{hostile}?slice_by=modality",
    "pairs": "/dashboard/jobs/{hostile}/pairs",
    "comparison": "/dashboard/jobs/{hostile}/comparison",
    "reviews": "/dashboard/jobs/{hostile}/reviews",
    "leaderboard": "/dashboard/leaderboard?job={hostile}",
    "judges": "/dashboard/judges",
    "judge": "/dashboard/judges/" + quote(hostile.JUDGE, safe=""),
}


def address(pattern: str, seed: Seeded, planned: Planned) -> str:
    return pattern.format(job=seed.done, hostile=seed.hostile, pictured=seed.pictured, review=planned.review)
