"""Look through a built site: nothing is fetched from elsewhere, and every link within it leads on.

``python docs/check_site.py site`` prints what is wrong, and exits with 1 if anything is.
"""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src"}
NOT_FETCHED = {"canonical", "next", "prev"}  # what a ``link`` may be that a browser leaves alone
STYLE = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])((?:https?:)?//[^'\")\s]+)")


class Page(HTMLParser):
    """What a page fetches, where it leads, and the places in it that links may name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element's addresses and its name."""
        values = {name: value or "" for name, value in attrs}
        self.places |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag in FETCHED and values.get("rel") not in NOT_FETCHED:
            self.fetched.append(values.get(FETCHED[tag], ""))


def problems(site: Path) -> list[str]:
    """What is wrong with a site, a line each."""
    pages = {path: Page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    found = [] if pages else [f"{site} has no page"]
    for path, page in pages.items():
        where = path.relative_to(site)
        found += [f"{where} fetches {one}" for one in page.fetched if urlsplit(one).netloc]
        for link in page.links:
            if not leads(path, link, pages, site):
                found.append(f"{where} links to {link}, which is not there")
    for path in sorted(site.rglob("*.css")):
        for address in STYLE.findall(path.read_text("utf-8")):
            found.append(f"{path.relative_to(site)} fetches {address}")
    return found


def leads(path: Path, link: str, pages: dict[Path, Page], site: Path) -> bool:
    """Whether a link leads to a page and a place of the site, or out of it."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    start = site if parts.path.startswith("/") else path.parent
    target = (start / unquote(parts.path).lstrip("/")).resolve() if parts.path else path.resolve()
    target = target / "index.html" if target.is_dir() else target
    if not target.exists():
        return False
    places = {one.resolve(): page.places for one, page in pages.items()}.get(target, set())
    return not parts.fragment or target.suffix != ".html" or unquote(parts.fragment) in places


if __name__ == "__main__":
    wrong = problems(Path(sys.argv[1]))
    print(
        "\n".join(wrong) if wrong else "Every link leads on, and nothing is fetched from elsewhere."
    )
    sys.exit(bool(wrong))
