"""LaTeX: harmless whatever the names are, whole rows, the citable sentence on top."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reports import as_latex
from app.reports.latex_words import comment, escaped
from app.reports.report_inference import SignificanceLine
from tests.unit.reports.a_report import HOSTILE, a_hostile_report, a_line, a_report
from tests.unit.reports.read_back import latex_rows

EVIL = HOSTILE + r"\input{/etc/passwd}\end{table} [x] ^~ %\\ é中 «»"
# All that a file of ours may start with a backslash.
OURS = {
    "addlinespace", "begin", "bottomrule", "caption", "centering", "emph", "end", "footnotesize", "label", "midrule",
    "multicolumn", "quad", "setlength", "tabcolsep", "toprule", "infty",
}  # fmt: skip
WORDS = {"textbackslash", "textasciicircum", "textasciitilde"}


def unescaped(text: str) -> str:
    """What is left when everything `escaped` may write is taken away."""
    text = re.sub(r"\\(textbackslash|textasciicircum|textasciitilde|ldots|ss|[oOlL]|ae|AE|oe|OE)\{\}", "", text)
    text = re.sub(r"\\[`'^~=u.\"rHvc]\{[A-Za-z]\}", "", text)
    text = re.sub(r"\$(\\[a-z]+|[<>|-])\$", "", text)
    return re.sub(r"\\[{}$&#%_,]|\{[-`*\[\]]\}", "", text)


# Dashes and opening quotes are written with the very characters that must not be met alone.
@given(st.text(st.characters(exclude_characters="–—‘“", codec="utf-8")))
def test_no_word_from_outside_acts(text):
    written = escaped(text)
    assert written.isascii()
    assert "\n" not in written
    assert not set(unescaped(written)) & set("\\{}$&#%_^~[]*`-")


@given(st.text())
def test_a_comment_stays_one(text):
    assert re.fullmatch(r"% [ -~]*", comment(text))


@pytest.mark.parametrize(("text", "written"), [
    ("50 % & more_of #1", r"50\,\% \& more\_of \#1"),
    ("a\\b{c}", r"a\textbackslash{}b\{c\}"),
    ("base--v2 [x] *", "base{-}{-}v2 {[}x{]} {*}"),
    ("Zoë Çelik Šuk", r"Zo\"{e} \c{C}elik \v{S}uk"),
    ("“a” ‘b’ – c", r"``a'' {`}b' -- c"),
    ("−1.5 to ∞, 3–4", r"$-$1.5 to $\infty$, 3--4"),
    ("α-β 中", r"$\alpha${-}$\beta$ {[}U+4E2D{]}"),
])  # fmt: skip
def test_words_look_as_they_were_meant(text, written):
    assert escaped(text) == written


@pytest.mark.parametrize("report", [a_report(), a_hostile_report(EVIL)], ids=["plain", "hostile"])
def test_the_tables_are_whole(report):
    text = as_latex.render(report)
    body = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    commands = set(re.findall(r"\\([A-Za-z]{3,})", body))
    assert commands <= OURS | WORDS
    assert text.isascii()
    for kind in ("table", "tabular"):
        assert body.count(rf"\begin{{{kind}}}") == body.count(rf"\end{{{kind}}}") > 0
    for tabular in re.findall(r"\\begin\{tabular\}\{@\{\}(l r*|lr+)@\{\}\}(.*?)\\end\{tabular\}", body, re.DOTALL):
        rows = [row for row in latex_rows(tabular[1]) if r"\multicolumn" not in row[0]]
        assert rows
        assert {len(row) for row in rows} == {len(tabular[0])}
    unbraced = re.sub(r"\\[{}\\]", "", body)
    assert unbraced.count("{") == unbraced.count("}")


def test_the_sentence_to_cite_stands_on_top():
    text = as_latex.render(a_report())
    assert text.index(escaped(a_line().text.rstrip("."))) < text.index("Strength")
    assert text.count(r"\label{tab:tracejudge-headline}") == 1


def test_the_adjusted_p_is_the_one_printed():
    test = SignificanceLine(p=0.0004, p_adjusted=0.0321, family="axes x slices", exploratory=False)
    alone = replace(test, p_adjusted=None)
    text = as_latex.render(a_report(headline=a_line(test=alone), axes=[a_line("rationale", test=test)], slices=[]))
    shown = {row[0].removeprefix(r"\quad "): row[-1] for row in latex_rows(text) if len(row) == 11}
    assert shown["overall"] == "$<$0.001"
    assert shown["rationale"] == "0.032"


def test_more_rows_than_a_page_holds_go_on_in_another_table():
    many = [a_line(f"axis {place}") for place in range(as_latex.MOST_ROWS + 1)]
    text = as_latex.render(a_report(axes=many, slices=[], strata=[]))
    assert text.count("(continued)") == 1
    assert all(f"axis {place} &" in text for place in range(as_latex.MOST_ROWS + 1))
