"""Texts of rules on pages: code and other rules stand out, and nothing of a text is anything but text."""

import pytest

from nightrounds.prose import marked_up, paragraphs

written = marked_up({"baclofen_renal": "Baclofen & the <kidney>", "other_rule": "Other"})


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Cramps.", "Cramps."),
        ("`cramp and spasm` (R25.2)", "<code>cramp and spasm</code> (R25.2)"),
        ("below a limit (`<1.7 mg/dL`)", "below a limit (<code>&lt;1.7 mg/dL</code>)"),
        (
            "weigh it with baclofen_renal.",
            'weigh it with <a href="../rules/baclofen_renal.html">Baclofen &amp; the &lt;kidney&gt;</a>.',
        ),
        ("`other_rule` is code", "<code>other_rule</code> is code"),
        ("no_such_rule, other_rules and an_other_rule", "no_such_rule, other_rules and an_other_rule"),
        ("a lone ` stays", "a lone ` stays"),
        ("`a\nb`", "`a\nb`"),
        ("``", "``"),
    ],
)
def test_code_and_rules_are_marked(text: str, html: str) -> None:
    assert written(text, "../rules/") == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<b>`<script>`</b>", "&lt;b&gt;<code>&lt;script&gt;</code>&lt;/b&gt;"),
        ("\" onclick='x' other_rule", '&#34; onclick=&#39;x&#39; <a href="other_rule.html">Other</a>'),
        ("&lt_other; &amp_x", "&amp;lt_other; &amp;amp_x"),
    ],
)
def test_a_text_is_escaped(text: str, html: str) -> None:
    assert written(text, "") == html


def test_a_text_is_cut_at_its_empty_lines() -> None:
    assert paragraphs(" One\n  line.\n \n\nTwo. ") == ["One line.", "Two."]
    assert paragraphs(None) == paragraphs(" \n") == []
