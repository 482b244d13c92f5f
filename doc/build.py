"""Builds the site into ``doc/_build/html``, with every warning an error, and checks its links.

``python doc/build.py`` needs the extra ``[doc]``; and npm, once, to fetch MathJax, which is then a part of the site.
"""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from check_links import broken_links

DOC = Path(__file__).resolve().parent
HTML = DOC / "_build" / "html"
MATHJAX = DOC / "_static" / "mathjax" / "tex-svg.js"
MATHJAX_VERSION = "3.2.2"
MATHJAX_SHA256 = "d4295dc33744836935c1399feece5159577b34c5c8ffb9f1c6324cd82e03a882"


def fetch_mathjax():
    """Take one file out of MathJax's npm package, unless it is there."""
    if MATHJAX.exists():
        return
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit(
            "npm is needed once, to fetch MathJax for the formulas: install Node.js, which brings it."
        )
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([npm, "pack", "--silent", f"mathjax@{MATHJAX_VERSION}"], cwd=folder, check=True)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            content = archive.extractfile("package/es5/tex-svg.js").read()
    found = hashlib.sha256(content).hexdigest()
    if found != MATHJAX_SHA256:
        raise SystemExit(f"MathJax {MATHJAX_VERSION} has the checksum {found}, not {MATHJAX_SHA256}.")
    MATHJAX.parent.mkdir(parents=True, exist_ok=True)
    MATHJAX.write_bytes(content)


def main():
    fetch_mathjax()
    sphinx = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q", "-j", "auto"]
    if subprocess.run([*sphinx, "-b", "html", str(DOC), str(HTML)], cwd=DOC).returncode:
        raise SystemExit("The site was not built: see the warnings above.")
    broken = broken_links(HTML)
    if broken:
        raise SystemExit("Broken links:\n" + "\n".join(broken))
    print(f"Built: {HTML / 'index.html'}")


if __name__ == "__main__":
    main()
