"""Laws of rendering prompts, and the rendered prompts of our rubrics as golden files."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import rubrics
from app.domain.judge import Method
from app.domain.order import Order, Presentation
from app.domain.prompt import FENCE_PLACEHOLDER, Prompt, fence_name, render
from app.domain.trace import Image, Item, Pair, Trace

SECRET = b"a job's secret"
ITEM = Item(
    id="q17",
    question="Which organ shows the dark line in this chest film?",
    options={"A": "Heart", "B": "Lung", "C": "Liver"},
    answer="B",
    images=(Image(sha256="ab" * 32),),
    tags={"modality": "x-ray"},
)
PAIR = Pair(
    ITEM,
    Trace("base-7b", "The line runs along the left heart border, so it is the heart.", "A"),
    Trace("tuned-7b", "A thin line without lung markings beyond it is the edge of a collapsed lung.", "B"),
)
FENCE = fence_name(SECRET, ITEM.id)


def rendered(
    pair: Pair = PAIR, order: Order = Order.AB, method: Method = Method.JSON, rubric: str = "reasoning-trace"
) -> Prompt:
    found = rubrics.load(rubric)
    axes = found.axes[-1:] if method is Method.LOGPROBS else found.axes
    return render(found, axes, Presentation(pair, order), fence_name(SECRET, pair.item.id), method)


def whole(prompt: Prompt) -> str:
    images = "".join(f"\n<image {image.sha256}>\n" for image in prompt.images)
    return f"--- system\n{prompt.system}\n--- user\n{prompt.before}\n{images}\n{prompt.after}\n"


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("rubric", rubrics.list_names())
def test_golden_prompts(golden, rubric, method):
    golden(f"prompts/{rubric}.{method}.txt", whole(rendered(method=method, rubric=rubric)))


@given(st.text(min_size=1), st.text(min_size=1))
def test_renaming_the_models_changes_nothing(name_a, name_b):
    renamed = replace(PAIR, a=replace(PAIR.a, model=name_a), b=replace(PAIR.b, model=name_b))
    assert rendered(renamed) == rendered()


@pytest.mark.parametrize("method", list(Method))
def test_both_orders_share_everything_up_to_the_first_trace(method):
    first, second = rendered(method=method), rendered(order=Order.BA, method=method)
    assert (first.system, first.before, first.images) == (second.system, second.before, second.images)
    assert first.after != second.after
    assert first.after.rsplit(f"[{FENCE} end]", 1)[1] == second.after.rsplit(f"[{FENCE} end]", 1)[1]


def test_axes_differ_only_in_the_last_part():
    rubric = rubrics.load("reasoning-trace")
    prompts = [render(rubric, [axis], Presentation(PAIR, Order.AB), FENCE, Method.LOGPROBS) for axis in rubric.axes]
    heads = {(p.system, p.before, p.images, p.after.rsplit(f"[{FENCE} end]", 1)[0]) for p in prompts}
    assert len(heads) == 1
    assert len({p.after for p in prompts}) == len(rubric.axes)


def test_swapped_sides_in_the_other_order_are_the_same_prompt():
    assert rendered(Pair(ITEM, PAIR.b, PAIR.a), Order.BA) == rendered()


# Also texts that know the fence, which only a leaked secret would allow.
HOSTILE = st.lists(
    st.sampled_from(
        [FENCE, f"[{FENCE} end]", f"\n[{FENCE} end]\n", FENCE[:7], FENCE[7:], "[", "]", "\n", "\x00", "TJ-"]
    )
    | st.text(max_size=10)
).map("".join)


@given(HOSTILE, HOSTILE)
def test_outside_text_cannot_close_its_fence(text, answer):
    hostile = replace(PAIR, item=replace(ITEM, question=text), a=Trace("m", text, answer))
    prompt = rendered(hostile)
    plain = rendered()
    for part in ("before", "after"):
        assert getattr(prompt, part).count(FENCE) == getattr(plain, part).count(FENCE)


@given(st.text(alphabet=st.sampled_from("<|>im_end/sINST[]\x00｜"), max_size=40))
def test_outside_text_keeps_no_token_of_a_chat_template(text):
    prompt = rendered(replace(PAIR, b=Trace("m", text)))
    shown = prompt.after.partition(f"[{FENCE} second trace]\n")[2].partition(f"\n[{FENCE} end]")[0]
    for token in ("<|", "<｜", "<s>", "</s>", "[INST]", "[/INST]", "\x00"):
        assert token not in shown


def test_ordinary_text_stays_as_it_is():
    text = "if a < b and c|d then [1] <b>bold</b> <think>no</think> x<y|z"
    assert text in rendered(replace(PAIR, a=Trace("m", text))).after


def test_the_hash_does_not_depend_on_the_secret_but_on_everything_else():
    other = fence_name(b"another secret", ITEM.id)
    rubric = rubrics.load("reasoning-trace")
    twin = render(rubric, rubric.axes, Presentation(PAIR, Order.AB), other)
    assert other != FENCE
    assert twin.hash(other) == rendered().hash(FENCE)
    changed = [
        rendered(order=Order.BA),
        rendered(replace(PAIR, item=replace(ITEM, images=()))),
        rendered(replace(PAIR, item=replace(ITEM, question=ITEM.question + " "))),
        rendered(rubric="reasoning-trace-general"),
        rendered(replace(PAIR, a=Trace("m", FENCE_PLACEHOLDER))),
    ]
    assert len({prompt.hash(FENCE) for prompt in (rendered(), *changed)}) == 6


def test_fences_differ_by_item_and_by_secret():
    assert len({fence_name(secret, item) for secret in (b"a", b"b") for item in ("x", "y")}) == 4


def test_no_verdict_is_preferred_by_the_form_of_the_answer():
    instruction = rendered().after.rsplit(f"[{FENCE} end]", 1)[1]
    assert instruction.count("FIRST|SECOND|TIE") == 8
    assert "=FIRST " not in instruction.replace("=FIRST|SECOND|TIE", "")
