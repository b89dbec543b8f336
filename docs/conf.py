"""The documentation site: `make docs` builds it into docs/_build/html.

The pages are the Markdown files beside this one. The reference is written anew at each build from
what the package offers, and the tutorials are executed. Nothing is fetched from the network.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_extensions"), str(HERE.parent / "src")]

import fluvial  # noqa: E402

project = "Fluvial"
author = "the authors of Fluvial"
copyright = "the authors of Fluvial, Apache License 2.0"
release = version = fluvial.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_gallery.gen_gallery",
    # Of this folder:
    "site_docstrings",
    "site_markdown",
    "site_mathml",
    "site_offline",
    "site_reference",
    "site_summary",
]
exclude_patterns = ["_build", "tutorials", "_extensions", "README.md"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}

# Docstrings set names and formulas between single backticks.
default_role = "code"
add_module_names = False
autodoc_class_signature = "mixed"
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "none"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
numpydoc_class_members_toctree = False
numpydoc_show_class_members = False
python_maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
html_math_renderer = "mathml"

html_theme = "pydata_sphinx_theme"
html_title = "Fluvial"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": []}

sphinx_gallery_conf = {
    "examples_dirs": "tutorials",
    "gallery_dirs": "auto_tutorials",
    "filename_pattern": r"/\d\d_",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    # What is shown is what is printed.
    "capture_repr": (),
    "download_all_examples": False,
    "image_srcset": ["2x"],
    "min_reported_time": 1e9,
    "nested_sections": False,
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    # Its page would load scripts from elsewhere.
    "write_computation_times": False,
}
