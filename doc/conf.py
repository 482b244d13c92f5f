"""How Sphinx builds the site; `python doc/build.py` runs it."""

import re
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

DOC = Path(__file__).resolve().parent
ROOT = DOC.parent
sys.path.insert(0, str(DOC))

from make_api import write_reference  # noqa: E402
from make_catalogue import write_loss_pages  # noqa: E402
from make_pictures import write_pictures  # noqa: E402

import sklearn_losses  # noqa: E402

project = "sklearn_losses"
author = copyright = "the sklearn_losses developers"
version = release = sklearn_losses.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.extlinks",
    "sphinx.ext.mathjax",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = [
    "_build",
    "gallery/*.py",
    "gallery/*.md5",
    "gallery/*.ipynb",
    "gallery/*.zip",
    "gallery/*.json",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
nitpicky = True
show_warning_types = True

# ---- pages in Markdown, formulas -----------------------------------------------------------------

myst_enable_extensions = ["dollarmath", "colon_fence", "deflist", "attrs_block", "attrs_inline"]
myst_heading_anchors = 4
myst_dmath_double_inline = True
extlinks = {"doi": ("https://doi.org/%s", "doi:%s")}
# The file is fetched by build.py from the npm registry, so that formulas render without a network.
mathjax_path = "mathjax/tex-svg.js"

# ---- reference -----------------------------------------------------------------------------------

autosummary_generate = True
autodoc_typehints = "none"
numpydoc_show_class_members = False
templates_path = ["_templates"]

LIBRARIES = {
    "sklearn": "https://scikit-learn.org/stable/modules/generated/{}.html",
    "matplotlib": "https://matplotlib.org/stable/api/_as_gen/{}.html",
}


def link_elsewhere(app, env, node, contnode):
    """Resolve references to other libraries by the pattern of their addresses: no inventory is fetched."""
    from docutils import nodes

    target = node.get("reftarget", "").lstrip("~")
    pattern = LIBRARIES.get(target.partition(".")[0])
    if pattern is None:
        return None
    parts = target.split(".")
    if parts[0] == "matplotlib" and parts[-1].islower() and parts[-2][0].isupper():
        page = target  # a method has a page of its own
    elif parts[-1].islower() and parts[-2][0].isupper():
        page = f"{'.'.join(parts[:-1])}.html#{target}"
        return nodes.reference("", "", contnode, refuri=pattern.replace("{}.html", page), internal=False)
    else:
        page = target
    return nodes.reference("", "", contnode, refuri=pattern.format(page), internal=False)


def escape_underscores(app, what, name, obj, options, lines):
    """Keep ``n_iter_`` in prose from being read as a link, which is what reStructuredText takes it for."""
    for i, line in enumerate(lines):
        if not line.lstrip().startswith((">>>", "...", "..")):
            line = re.sub(
                r":ref:`([^`<]+?)\s*<[^`]*>`", r"\1", line
            )  # scikit-learn's guide, in inherited texts
            parts = line.split("`")
            parts[::2] = [re.sub(r"(?<=[a-z])_(?=[),:.\s]|$)(?! : )", r"\\_", part) for part in parts[::2]]
            lines[i] = "`".join(parts)


# ---- gallery -------------------------------------------------------------------------------------

# A script whose docstring begins with an underlined title is a page of the gallery.
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
UNTITLED = [path.name for path in EXAMPLES if "\n====" not in path.read_text(encoding="utf-8")]

sphinx_gallery_conf = {
    "examples_dirs": str(ROOT / "examples"),
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "ignore_pattern": "|".join(re.escape(name) + "$" for name in UNTITLED),
    "within_subsection_order": "FileNameSortKey",
    "plot_gallery": True,
    "capture_repr": (),
    "abort_on_example_error": True,
    "download_all_examples": False,
    "show_signature": False,
    "remove_config_comments": True,
    "min_reported_time": 1e9,
    "write_computation_times": False,
    "image_scrapers": ("matplotlib",),
    "reset_modules": (),
    "matplotlib_animations": False,
    "default_thumb_file": None,
}

# ---- looks ---------------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = "sklearn_losses"
html_static_path = ["_static"]
html_favicon = "_static/icon.svg"
html_logo = "_static/icon.svg"
html_css_files = ["site.css"]
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "sklearn_losses", "alt_text": "sklearn_losses, home"},
    "show_prev_next": False,
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": {"**": ["page-toc"], "catalogue": [], "index": []},
    "navbar_persistent": ["search-button"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {
    "index": [],
    "catalogue": [],
    "getting_started": [],
    "which_loss": [],
    "changelog": [],
    "migrating": [],
}
html_context = {"default_mode": "light"}


def setup(app):
    # What follows from the classes is written before Sphinx looks for sources.
    write_pictures()
    write_loss_pages(DOC / "catalogue")
    write_reference()
    app.connect("autodoc-process-docstring", escape_underscores, priority=100)
    app.connect("missing-reference", link_elsewhere)
