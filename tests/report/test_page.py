"""The page stands alone, escapes what it tells, and opens in a browser."""

import json
import re
import shutil
import subprocess
from copy import copy
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from tests.report.conftest import NAMES

from fluvial.errors import DataError, printable
from fluvial.report import examine, write_report
from fluvial.report.elements import VOID
from fluvial.report.page import page

OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Of Chromium: no window, and nothing from a network."""


@pytest.fixture(scope="module")
def html(report):
    return page(report)


class Reader(HTMLParser):
    """Reads texts, elements and attributes, and that each element ends where it should."""

    def __init__(self, html: str):
        super().__init__()
        self.open, self.seen, self.addresses, self.texts = [], set(), [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.addresses += [v for k, v in attrs if k in ("src", "href", "xlink:href", "data")]
        assert not [k for k, _ in attrs if k.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_names_are_told_as_text(html):
    read = Reader(html)
    text = " ".join(read.texts)
    assert "script" not in read.seen
    for name in (*NAMES, "<b>&.csv"):
        assert printable(name) in text
    assert "\x1b" not in html


def test_nothing_is_loaded(html):
    read = Reader(html)
    assert all(each.startswith(("#", "data:image/png")) for each in read.addresses)
    assert not re.search(r"url\((?!#)|@import", html)
    assert not read.seen & {"link", "iframe", "object", "img", "form"}
    assert "default-src 'none'" in html.replace("&#x27;", "'")


def test_figures_have_the_colour_of_the_text(html):
    titles = re.findall(r'<figure[^>]* id="([\w-]+)"', html)
    assert titles[:6] == ["signal", "scores", "cost", "calibration", "drift", "training"]
    assert titles[6].startswith("pair-")
    assert html.count("<svg") == len(titles)
    assert "currentColor" in html
    assert "#010203" not in html


def test_less_is_shown_where_less_is_known(detector, rows):
    lenient = copy(detector).set_threshold("value", value=-1e9)
    html = page(examine(lenient, rows[:20]))
    assert "No row is flagged." in html
    assert 'id="cost"' not in html
    assert 'id="signal"' in html
    assert "AUROC" not in html


def test_files_are_whole_or_as_they_were(report, html, tmp_path, monkeypatch):
    monkeypatch.setattr("fluvial.report.writing.page", lambda report: html)
    path = tmp_path / "report.html"
    assert write_report(report, path) == tmp_path / "report.json"
    assert json.loads((tmp_path / "report.json").read_text())["rows"] == 120
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    with pytest.raises(FileExistsError):
        write_report(report, path, replace=False)
    with pytest.raises(DataError, match=r"must end in \.html"):
        write_report(report, tmp_path / "report.pdf")
    monkeypatch.setattr("json.dumps", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_report(report, path)
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == before


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 400)])
def test_a_browser_shows_it(html, tmp_path, scheme, width):
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if browser is None:
        pytest.skip("no Chromium to open the page with")
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    picture = tmp_path / "page.png"
    subprocess.run(
        [
            browser,
            *OPTIONS,
            f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}",
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--window-size={width},1600",
            f"--screenshot={picture}",
            (tmp_path / "page.html").as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    pixels = np.asarray(Image.open(picture).convert("L"), float)
    assert pixels.shape == (1600, width)
    paper = np.median(pixels)
    assert paper < 60 if scheme == "dark" else paper > 200
    # Text and figures contrast with the paper, and none of them touches the right edge.
    assert (np.abs(pixels - paper) > 80).mean() > 0.01
    assert np.abs(pixels[:, -8:] - pixels[0, 0]).max() < 10
