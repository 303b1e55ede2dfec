"""Outside text on a page: escaped, nothing hidden, nothing that reorders what stands around it."""

from __future__ import annotations

import unicodedata

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reports.visible import finished, signed_within, visible


def test_markup_is_text():
    assert visible("<script>alert(1)</script> & ![x](http://h/x)") == (
        "&lt;script&gt;alert(1)&lt;/script&gt; &amp; ![x](http://h/x)"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "␛"),
        ("a\x00b", "␀"),
        ("a\x7fb", "␡"),
        ("\u202eevil", "⟨U+202E⟩"),
        ("a\u2066b", "⟨U+2066⟩"),
        ("a\u200bb", "⟨U+200B⟩"),
        ("a\ufeffb", "⟨U+FEFF⟩"),
        ("a\x9bb", "⟨U+009B⟩"),
        ("a\U000e0041b", "⟨U+E0041⟩"),
        ("over\rwritten", "␍"),
    ],
)
def test_what_hides_is_shown_by_its_name(text, shown):
    html = visible(text)
    assert f">{shown}</span>" in html
    assert 'title="U+' in html
    assert not any(character in html for character in text if character in shown or not character.isprintable())


def test_a_run_is_one_sign_with_its_count():
    assert visible("\u202e" * 5_000).count("<span") == 1
    assert "⟨U+202E⟩ ×5000" in visible("\u202e" * 5_000)


def test_lines_tabs_and_joined_emoji_stay():
    text = "one\n\ttwo\r\nthree 👩\u200d⚕️ عربي"
    assert visible(text) == text


def test_nothing_is_nothing():
    assert visible(None) == ""


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_no_control_and_no_direction_survives(text):
    html = str(visible(text))
    left = {unicodedata.bidirectional(character) for character in html}
    assert not left & {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    assert not [
        character for character in html if unicodedata.category(character) == "Cc" and character not in "\n\t\r"
    ]


PAGES = jinja2.Environment(autoescape=True, finalize=finished)
PAGES.filters["visible"] = visible


def test_what_no_template_marked_is_readable_too():
    page = PAGES.from_string('{{ a }}|{{ a|visible }}|<i title="{{ a }}">{{ a ~ "!" }}</i>{{ 7 }}')
    shown = page.render(a="<\x1b\u202e\u202e")
    signs = "&lt;\u241b\u27e8U+202E\u27e9 \u00d72"
    assert not {"\x1b", "\u202e"} & set(shown)
    assert shown.startswith(f"{signs}|&lt;<span")
    assert shown.endswith(f'<i title="{signs}">{signs}!</i>7')


def test_what_a_form_sends_back_is_what_it_was():
    assert PAGES.from_string('<input value="{{ a|e }}">').render(a='"\u202e') == '<input value="&#34;\u202e">'


def test_every_text_of_a_chart_is_readable():
    assert signed_within({"a\u200b": ["\x07", 1, None, {"b": ("\ufeff",)}]}) == {
        "a\u27e8U+200B\u27e9": ["\u2407", 1, None, {"b": ["\u27e8U+FEFF\u27e9"]}]
    }
