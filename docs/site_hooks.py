"""Hooks of mkdocs: links out of ``docs/`` become names, since the site holds the pages alone."""

import re

OUTSIDE = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+[^)\s]+)\)")


def on_page_markdown(markdown, page, config, files):
    """Write what a link out of the site leads to, where the page does not do so itself."""
    depth = page.file.src_uri.count("/")

    def named(found):
        text, path = found[1], found[2]
        if path.count("../") <= depth:
            return found[0]
        place = path.replace("../", "")
        return f"{text}" if place in text else f"{text} (`{place}`)"

    return OUTSIDE.sub(named, markdown)
