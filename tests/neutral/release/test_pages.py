"""The documentation: a place for each public name, French pages that say the same, the site."""

import ast
import io
import re
import tokenize
from pathlib import Path

import check_site
import draw_ideas
import pytest
import reference_pages
from reference_pages import Definition

from camembert_dual.common.public_names import PUBLIC

DOCS = Path(__file__).parents[3] / "docs"
BLOCK = re.compile(r"^```(diff|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_public_name_has_its_place_in_the_reference():
    text = "\n".join(reference_pages.pages().values())
    told = set(re.findall(r"^(?:## |- )`camembert_dual\.([\w.]+)`$", text, re.MULTILINE))
    assert set(PUBLIC) <= told
    for package in reference_pages.LISTED:
        assert {f"{package}.{name}" for name in reference_pages.members(package)} <= told


def test_what_the_reference_points_to_is_written_there():
    text = "\n".join(reference_pages.pages().values())
    pointed = re.findall(r"^::: camembert_dual\.(.+)\.(\w+)$", text, re.MULTILINE)
    assert len(pointed) > 150
    for module, name in pointed:
        assert reference_pages.is_written(Definition(module, name)), (module, name)


def test_a_name_from_elsewhere_has_no_page():
    with pytest.raises(KeyError, match=r"docs/reference_pages\.py"):
        reference_pages.page_of(Definition("elsewhere.module", "name"))


def test_the_reference_is_among_the_pages_of_the_site():
    site = (DOCS.parent / "mkdocs.yml").read_text("utf-8")
    shown = set(re.findall(r": ([\w/]+\.md)$", site, re.MULTILINE))
    assert set(reference_pages.pages()) <= shown
    assert {"index.md", "fr/index.md", "migrating.md", "fr/migrating.md"} <= shown


@pytest.mark.parametrize("page", ["index", "migrating"])
def test_a_french_page_has_the_code_of_the_english_one(page):
    """Which runs; comments are in the page's own language."""
    english, french = (
        [
            (kind, block if kind == "diff" else ast.dump(ast.parse(block)))
            for kind, block in BLOCK.findall((folder / f"{page}.md").read_text("utf-8"))
        ]
        for folder in (DOCS, DOCS / "fr")
    )
    assert english
    assert french == english


def test_comments_of_a_french_page_are_not_english():
    """Those that the English page has, too, were forgotten."""
    for page in ("index", "migrating"):
        english, french = (
            {
                token.string
                for _, block in BLOCK.findall((folder / f"{page}.md").read_text("utf-8"))
                if not block.startswith("-")
                for token in tokenize.generate_tokens(io.StringIO(block).readline)
                if token.type == tokenize.COMMENT
            }
            for folder in (DOCS, DOCS / "fr")
        )
        assert not english & french


@pytest.mark.parametrize("name", draw_ideas.PICTURES)
def test_a_picture_is_drawn_as_its_script_says(name):
    text = (DOCS / f"{name}.svg").read_text("utf-8")
    assert text == draw_ideas.draw(draw_ideas.PICTURES[name]), "python docs/draw_ideas.py"


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ('<h1 id="top">x</h1><a href="#top">x</a> <a href="../a/">x</a>', ""),
        ('<a href="#low">x</a>', "links to #low"),
        ('<a href="../b/">x</a>', "links to ../b/"),
        ('<link rel="stylesheet" href="https://fonts.example/x.css">', "fetches https://fonts"),
        ('<script src="//example/x.js"></script>', "fetches //example"),
        ('<a href="https://example.org">x</a>', ""),
    ],
)
def test_a_site_is_looked_through(tmp_path, body, wrong):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "index.html").write_text(body)
    found = check_site.problems(tmp_path)
    assert len(found) == bool(wrong)
    assert wrong in "".join(found)


def test_a_style_that_fetches_is_seen(tmp_path):
    (tmp_path / "index.html").write_text("")
    (tmp_path / "x.css").write_text("@font-face { src: url('https://fonts.example/a.woff') }")
    assert check_site.problems(tmp_path) == ["x.css fetches https://fonts.example/a.woff"]
