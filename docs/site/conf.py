"""How Sphinx builds the site; see build.py."""

from typing import Any

from docutils import nodes
from latex2mathml.converter import convert

project = "linreg-sweep"
html_title = project
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["wide.css"]
html_math_renderer = "mathml"
html_show_sphinx = html_show_copyright = html_copy_source = False

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
highlight_language = "text"
default_role = "code"  # docstrings write `names` as Markdown does
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "separated"
python_maximum_signature_line_length = 100
napoleon_use_ivar = True


def setup(app: Any) -> None:
    """Draws formulas as MathML, which needs no script, so that the site loads nothing from elsewhere."""
    inline = (lambda writer, node: _draw(writer, node, "inline"), None)
    block = (lambda writer, node: _draw(writer, node, "block"), None)
    app.add_html_math_renderer("mathml", inline_renderers=inline, block_renderers=block)


def _draw(writer: Any, node: Any, display: str) -> None:
    writer.body.append(convert(node.astext(), display=display))
    raise nodes.SkipNode
