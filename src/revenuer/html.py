"""A few HTML builders that escape by default.

Only `Html` is markup; any `str` given as a child or an attribute is cleaned and escaped. So the
unsafe way is the longer one: `Html(...)` is written where this package's own constants stand, and
nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources
from typing import NamedTuple

from revenuer.text import SLOT, clean

_VOID = {"br", "col", "meta", "link"}


class Html(str):
    """Markup that is already safe."""

    __slots__ = ()


class Column(NamedTuple):
    """A table heading; numbers stand right-aligned in digits of one width."""

    title: str
    is_number: bool = False


def text(child: str | None) -> Html:
    """Return markup as it is and anything else escaped; None is nothing."""
    if child is None:
        return Html("")
    return child if isinstance(child, Html) else Html(escape(clean(child)))


def tag(name: str, *children: str | None, **attributes: str | bool | None) -> Html:
    """Return one element.

    Args:
        name: Element name, from this package.
        children: Markup or text.
        attributes: Names may end in `_` (`class_`) and use `_` for `-` (`aria_label`). True is
            an attribute without value; False and None leave it out.

    Example:
        >>> tag("p", "1 < 2", class_="note")
        '<p class="note">1 &lt; 2</p>'
    """
    opening = f"<{name}{''.join(_attribute(k, v) for k, v in attributes.items())}>"
    if name in _VOID:
        return Html(opening)
    return Html(opening + "".join(text(child) for child in children) + f"</{name}>")


def join(parts: Iterable[str | None], between: str = "") -> Html:
    """Return parts in a row."""
    return Html(text(between).join(text(part) for part in parts))


def log(value: str | None, *, name: str = "code") -> Html:
    """Return text from a log as an element of its own, isolated in its writing direction."""
    return tag(name, "unknown" if value is None else clean(value, one_line=True), dir="auto")


def template(value: str) -> Html:
    """Return a template with its slots marked."""
    safe = escape(clean(value))
    return tag("pre", Html(SLOT.sub(r"<mark>\g<0></mark>", safe)), dir="auto", tabindex="0")


def bullets(items: Sequence[str]) -> Html:
    """Return a list, or nothing for no items."""
    return tag("ul", *(tag("li", item) for item in items)) if items else Html("")


def table(
    caption: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[str | None]],
    *,
    class_: str = "",
) -> Html:
    """Return a table whose first cell heads its row, in a frame that scrolls by keyboard."""
    head = tag("tr", *(tag("th", c.title, scope="col", class_=_kind(c)) for c in columns))
    body = (
        tag(
            "tr",
            *(
                tag("th", cell, scope="row", class_=_kind(column))
                if i == 0
                else tag("td", cell, class_=_kind(column))
                for i, (column, cell) in enumerate(zip(columns, row, strict=True))
            ),
        )
        for row in rows
    )
    inner = tag(
        "table",
        tag("caption", caption),
        tag("thead", head),
        tag("tbody", *body),
        class_=class_ or None,
    )
    return tag("div", inner, class_="frame", tabindex="0", role="group", aria_label=caption)


def details(summary: str, *children: str | None) -> Html:
    """Return a part that opens on demand, and always in print."""
    return tag("details", tag("summary", summary), *children)


def style() -> Html:
    """Return the look of all pages, as an element."""
    sheet = resources.files("revenuer") / "static" / "page.css"
    return tag("style", Html(sheet.read_text(encoding="utf-8")))


def page(title: str, *body: str | None) -> str:
    """Return a page without scripts that opens offline and asks nobody for anything.

    Args:
        title: Of the page, and its heading.
        body: What stands below it.
    """
    policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name_="color-scheme", content="light dark"),
        tag("title", f"{title} – revenuer"),
        style(),
    )
    whole = tag("html", head, tag("body", tag("h1", title), tag("main", *body)), lang="en")
    return f"<!doctype html>\n{whole}\n"


def _kind(column: Column) -> str | None:
    return "n" if column.is_number else None


def _attribute(name: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    key = name.rstrip("_").replace("_", "-")
    return f" {key}" if value is True else f' {key}="{escape(clean(value, one_line=True))}"'
