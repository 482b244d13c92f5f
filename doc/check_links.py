"""Finds links of the built site that lead nowhere: pages, files and anchors within it.

``python doc/check_links.py [folder]`` prints them. Links to other sites are not followed.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class _Page(HTMLParser):
    """The anchors of a page, what it links to, and images without words."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.anchors, self.links, self.wordless = set(), set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.anchors |= {found[name] for name in ("id", "name") if found.get(name)}
        self.links |= {found[name] for name in ("href", "src") if found.get(name)}
        if tag == "img" and "alt" not in found:  # an empty one marks a decoration
            self.wordless.append(found.get("src"))


def _pages(folder):
    """Return the pages; what the theme keeps in ``_static`` are none."""
    return [path for path in sorted(folder.rglob("*.html")) if "_static" not in path.parts]


def broken_links(folder):
    """Return a line for each link within the site that leads nowhere, and each image without a text."""
    folder = Path(folder).resolve()
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in _pages(folder)}
    broken = []
    for path, page in pages.items():
        name = path.relative_to(folder)
        broken += [f"{name}: image {source} has no alternative text" for source in page.wordless]
        for link in sorted(page.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.exists():
                broken.append(f"{name}: {link} does not exist")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                broken.append(f"{name}: {link} has no such anchor")
    return broken


if __name__ == "__main__":
    found = broken_links(*(sys.argv[1:] or [Path(__file__).resolve().parent / "_build" / "html"]))
    print("\n".join(found) or "No broken links.")
    raise SystemExit(bool(found))
