"""The HTML report in a real Chromium: nothing is loaded or complained of, it fits, it can be read, and keys reach all."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

import chromium
from chromium import Browser
from judge import report_samples as samples
from portwright.judge.presenters import html

CONTRAST = """(() => {
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = c => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const lum = c => 0.2126 * light(c[0]) + 0.7152 * light(c[1]) + 0.0722 * light(c[2]);
  const over = (top, below) => { const a = top[3] ?? 1; return [0, 1, 2].map(i => top[i] * a + below[i] * (1 - a)); };
  const behind = element => {
    const all = [];
    for (let e = element; e; e = e.parentElement) all.push(parse(getComputedStyle(e).backgroundColor));
    return all.reverse().reduce((below, top) => top.length ? over(top, below) : below, [255, 255, 255]);
  };
  const bad = [];
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim()) continue;
    const style = getComputedStyle(element);
    const drawn = element.namespaceURI.endsWith('svg');
    const back = drawn && element.classList.contains('digit')
      ? parse(getComputedStyle(document.querySelector('.dot')).fill) : behind(element);
    const front = over(parse(drawn ? style.fill : style.color), back);
    const [a, b] = [lum(front), lum(back)].sort((x, y) => y - x);
    seen += 1;
    if ((a + 0.05) / (b + 0.05) < 4.5)
      bad.push(`${element.tagName}.${element.getAttribute('class')} ${((a + 0.05) / (b + 0.05)).toFixed(2)}: `
        + walker.currentNode.textContent.trim().slice(0, 40));
  }
  return [seen, [...new Set(bad)]];
})()"""
FOCUS = """(() => {
  const e = document.activeElement, style = getComputedStyle(e);
  return [e.tagName, (e.textContent || '').trim().slice(0, 60), parseFloat(style.outlineWidth), style.outlineStyle];
})()"""
WIDE = """[...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll') && !e.closest('svg')
  && !e.closest('.skip') && e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    reports = {"bad": samples.report(), "real": samples.real(), "none": samples.only()}
    for name, report in reports.items():
        (folder / f"{name}.html").write_text(html.present(report), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in reports}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with chromium.browser(tmp_path_factory.mktemp("chromium")) as found:
        yield found


def opened(browser: Browser) -> None:
    browser.run("document.querySelectorAll('details').forEach(each => { each.open = true; })")


@pytest.mark.parametrize("name", ["bad", "real", "none"])
def test_it_loads_nothing_and_nothing_is_complained_of(
    browser: Browser, pages: dict[str, Path], name: str
) -> None:
    browser.open(pages[name])
    opened(browser)
    assert browser.complaints() == []
    assert browser.requests() == [pages[name].as_uri()]
    assert browser.run("document.scripts.length + document.images.length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_and_both_schemes_are_drawn(
    browser: Browser, pages: dict[str, Path], tmp_path: Path, scheme: str
) -> None:
    for name in ("bad", "none"):
        browser.open(pages[name], scheme=scheme)
        opened(browser)
        assert browser.run("matchMedia('(prefers-color-scheme: dark)').matches") == (scheme == "dark")
        seen, bad = browser.run(CONTRAST)
        assert (seen > 30, bad) == (True, [])
    back = browser.run("getComputedStyle(document.body).backgroundColor")
    levels = [int(part) for part in back[4:-1].split(",")]
    assert all(level < 40 if scheme == "dark" else level > 230 for level in levels)
    browser.picture(tmp_path / "page.png")
    assert (tmp_path / "page.png").read_bytes()[:4] == b"\x89PNG"


def test_what_is_pale_or_too_wide_would_be_found(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["bad"], width=360)
    browser.run("document.querySelector('h1').style.color = '#999'")
    browser.run("document.querySelector('h2').style.width = '500px'")
    assert [row.split(" ")[0] for row in browser.run(CONTRAST)[1]] == ["H1.null"]
    assert len(browser.run(WIDE)) == 1


@pytest.mark.parametrize("width", [360, 1280])
def test_it_never_scrolls_sideways(browser: Browser, pages: dict[str, Path], width: int) -> None:
    for page in pages.values():
        browser.open(page, width=width)
        opened(browser)
        assert browser.run("document.documentElement.scrollWidth") <= width
        assert browser.run(WIDE) == []


def test_keys_reach_everything_and_open_what_is_folded(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["bad"])
    browser.press("Tab", 9)
    tag, text, width, style = browser.run(FOCUS)
    assert (tag, text) == ("A", "To the results") and width >= 2 and style != "none"
    assert browser.run("document.activeElement.getBoundingClientRect().top") >= 0
    wanted = browser.run(
        "[...document.querySelectorAll('summary')].map(e => e.textContent.trim().slice(0, 60))"
    )
    assert len(wanted) > 5
    reached: list[str] = []
    for _ in range(200):
        browser.press("Tab", 9)
        tag, text, width, style = browser.run(FOCUS)
        if tag == "BODY":
            break
        assert width >= 2 and style != "none", f"{tag} {text} shows no focus"
        if tag == "SUMMARY":
            reached.append(text)
    visible = browser.run("[...document.querySelectorAll('summary')].filter(e => e.checkVisibility()).length")
    assert len(reached) == visible and [text for text in wanted if text in reached] == reached
    browser.run("document.querySelector('details:not([open]) > summary').focus()")
    before = browser.run("document.activeElement.parentElement.open")
    browser.press("Enter", 13, "\r")
    assert (before, browser.run("document.activeElement.parentElement.open")) == (False, True)


def test_the_skip_link_leads_to_the_results(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["bad"])
    browser.press("Tab", 9)
    browser.press("Enter", 13, "\r")
    assert browser.run("document.activeElement.id") == "results"


def test_its_structure_is_one_for_screen_readers(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["bad"])
    levels = browser.run("[...document.querySelectorAll('h1,h2,h3,h4')].map(e => +e.tagName[1])")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert browser.run("document.documentElement.lang") == "en"
    assert browser.run("document.querySelectorAll('header, main, nav, footer').length") == 4
    assert browser.run("[...document.querySelectorAll('table')].every(t => t.caption && t.tHead)")
    assert browser.run("[...document.querySelectorAll('th')].every(e => ['row', 'col'].includes(e.scope))")
    hidden = "[...document.querySelectorAll('svg')].every(e => e.ariaHidden === 'true' || e.ariaLabel)"
    assert browser.run(hidden)


def test_a_colour_is_never_alone(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["bad"])
    assert browser.run("[...document.querySelectorAll('.badge')].every(e => e.innerText.trim().length > 3)")
    shapes = browser.run(
        "Object.entries([...document.querySelectorAll('.badge')].reduce((all, e) => {"
        " const kind = e.classList[1]; (all[kind] ??= new Set()).add(e.querySelector('svg').innerHTML); return all;"
        "}, {})).map(([kind, drawn]) => [kind, [...drawn]])"
    )
    drawn = [each for _, signs in shapes for each in signs]
    assert len(shapes) >= 4 and len(drawn) == len(set(drawn)) == len(shapes)


def test_on_paper_nothing_stays_folded(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["bad"])
    browser.run("document.querySelectorAll('details').forEach(each => { each.open = false; })")
    visible = "[...document.querySelectorAll('details > *')].every(e => e.checkVisibility())"
    assert not browser.run(visible)
    browser.ask("Emulation.setEmulatedMedia", media="print", features=[])
    shown = browser.run(visible)
    browser.ask("Emulation.setEmulatedMedia", media="", features=[])
    assert shown
