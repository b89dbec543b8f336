"""HTML that cannot be broken by what it tells: every text is escaped."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from fluvial.errors import printable

VOID = ("meta", "br")
"""Elements without content."""


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(value: Any) -> Markup:
    """Return what a value reads as, escaped; HTML stays as it is.

    Control characters and halves of surrogate pairs, which names from files may hold, are told in
    code.

    Examples:
        >>> text("<b>"), text(element("b", "&"))
        ('&lt;b&gt;', '<b>&amp;</b>')
    """
    if isinstance(value, Markup):
        return value
    return Markup(escape(printable(str(value)), quote=True))


def element(kind: str, /, *content: Any, **attributes: Any) -> Markup:
    """Return an element of HTML.

    Args:
        kind: the name of the element.
        *content: what it holds; texts are escaped.
        **attributes: by name, `class_` for class and `_` for hyphens; None leaves one out.

    Examples:
        >>> element("p", "1 < 2", class_="note")
        '<p class="note">1 &lt; 2</p>'
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if kind in VOID:
        return Markup(f"<{kind}{given}>")
    return Markup(f"<{kind}{given}>{joined(content)}</{kind}>")


def joined(content: Iterable[Any]) -> Markup:
    """Return pieces one after the other; texts are escaped."""
    return Markup("".join(text(each) for each in content))


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    numbers: Iterable[int],
    is_stacked: bool = False,
) -> Markup:
    """Return a table that scrolls by itself where the page is narrow.

    Args:
        head: the titles of the columns.
        rows: their cells.
        numbers: the places of the columns that hold numbers, which are set flush right.
        is_stacked: whether on a narrow page the cells of a row stand below each other instead.
    """
    right = set(numbers)

    def cells(kind: str, values: Sequence[Any]) -> Markup:
        return joined(
            element(
                kind,
                value,
                class_="number" if place in right else None,
                data_label=head[place] if is_stacked and kind == "td" else None,
            )
            for place, value in enumerate(values)
        )

    lines = joined(element("tr", cells("td", row)) for row in rows)
    whole = element(
        "table",
        element("thead", element("tr", cells("th", head))),
        element("tbody", lines),
        class_="stacked" if is_stacked else None,
    )
    return element("div", whole, class_="scroll", tabindex="0")
