"""Tests of revenuer.html."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from revenuer import html


class Reader(HTMLParser):
    """Collects what a browser would see."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the element."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text += data


@given(st.text(st.characters(codec="utf-8")))
def test_text_never_becomes_markup(raw: str) -> None:
    seen = Reader(html.tag("p", raw, title=raw))

    assert [name for name, _ in seen.tags] == ["p"]
    assert seen.tags[0][1].keys() == {"title"}


@given(st.text(st.characters(codec="utf-8")))
def test_a_template_marks_its_slots_and_nothing_else(raw: str) -> None:
    seen = Reader(html.template(f"{raw}⟨number⟩"))

    names = [name for name, _ in seen.tags]
    assert names[0] == "pre"
    assert set(names[1:]) == {"mark"}


def test_only_marked_markup_passes() -> None:
    assert html.tag("b", html.Html("<i>"), "<i>") == "<b><i>&lt;i&gt;</b>"


def test_attributes_may_be_flags_or_absent() -> None:
    assert html.tag("a", class_="x", aria_label='"', open=True, hidden=False, id=None) == (
        '<a class="x" aria-label="&quot;" open></a>'
    )


def test_log_text_is_isolated_on_one_line() -> None:
    assert html.log("a\nb\u202e") == '<code dir="auto">a↵b[U+202E]</code>'
    assert html.log(None) == '<code dir="auto">unknown</code>'


def test_a_table_has_headings_for_columns_and_rows_and_takes_the_focus() -> None:
    columns = (html.Column("Name"), html.Column("Count", is_number=True))

    seen = Reader(html.table("Things", columns, [("a", "1")]))

    assert ("th", {"scope": "col"}) in seen.tags
    assert ("th", {"scope": "row"}) in seen.tags
    assert ("td", {"class": "n"}) in seen.tags
    assert seen.tags[0] == (
        "div",
        {"class": "frame", "tabindex": "0", "role": "group", "aria-label": "Things"},
    )


def test_an_empty_list_is_nothing() -> None:
    assert html.bullets(()) == ""
    assert html.bullets(("<",)) == "<ul><li>&lt;</li></ul>"


def test_details_have_a_summary() -> None:
    assert html.details("More", "text") == "<details><summary>More</summary>text</details>"


def test_a_page_asks_nobody_and_escapes_its_title() -> None:
    made = html.page("<b>", html.tag("p", "said"))

    assert made.startswith('<!doctype html>\n<html lang="en">')
    assert "<h1>&lt;b&gt;</h1>" in made
    assert "<main><p>said</p></main>" in made
    assert "default-src 'none'" in made
    assert "http:" not in made
    assert "https:" not in made
