"""Prose: the texts of a rule as HTML. Words between backticks are code, the id of another rule is a link that says its title."""

import re
from collections.abc import Callable, Mapping
from functools import cache

from markupsafe import Markup, escape

CODE_OR_ID = re.compile(r"`([^`\n]+)`|\b[a-z0-9]+(?:_[a-z0-9]+)+\b")
EMPTY_LINE = re.compile(r"\n\s*\n")


def paragraphs(text: str | None) -> list[str]:
    """Cut a text at its empty lines."""
    return [" ".join(part.split()) for part in EMPTY_LINE.split(text or "") if part.strip()]


def marked_up(titles: Mapping[str, str]) -> Callable[[str, str], Markup]:
    """Return the function that writes a text as HTML, given where the pages of rules are; `titles` is rule id -> title.

    A text that stands on many cards is written once.
    """

    @cache
    def written(text: str, rules_at: str) -> Markup:
        def html(found: re.Match[str]) -> str:
            if found[1]:
                return f"<code>{found[1]}</code>"
            name = found[0]
            return f'<a href="{rules_at}{name}.html">{escape(titles[name])}</a>' if name in titles else name

        # Escaped before: nothing that is put around a part of it, or into its place, comes from the text unescaped.
        return Markup(CODE_OR_ID.sub(html, str(escape(text))))  # noqa: S704

    return written
