"""Formulas as MathML, which browsers draw by themselves: no script, no fonts, no network."""

import re
from typing import Any

from docutils import nodes
from docutils.utils.math import latex2mathml


def setup(app: Any) -> dict[str, bool]:
    """Offer the renderer to Sphinx under the name "mathml"."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def visit_inline(translator: Any, node: nodes.Node) -> None:
    """Write a formula within a line."""
    translator.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def visit_block(translator: Any, node: nodes.Node) -> None:
    """Write a formula on a line of its own."""
    formula = mathml(node.astext(), as_block=True)
    translator.body.append(f'<div class="formula">{formula}</div>\n')
    raise nodes.SkipNode


def mathml(formula: str, *, as_block: bool = False) -> str:
    """Return a formula of LaTeX as MathML, with a thin space behind the names of functions."""
    found = latex2mathml.tex2mathml(formula, as_block=as_block)
    return re.sub(r"(<mi>(?:log|det|exp|cosh|sinh)</mi>)", r'\1<mspace width="0.17em"/>', found)
