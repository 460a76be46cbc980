from __future__ import annotations

import os
import shutil

import pytest

from tests.browser.written_pages import write_pages

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium of the system, driven by playwright."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        pytest.skip("there is no Chromium on this machine")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium):
    """Open a file in a window of some width; what it asked for and complained of is kept."""
    contexts = []

    def start(path, width=1280, scheme="light", touch=False):
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            has_touch=touch,
            is_mobile=touch,
        )
        contexts.append(context)
        page = context.new_page()
        page.asked, page.said = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("dialog", lambda dialog: (page.said.append("dialog"), dialog.dismiss()))
        page.goto(path.as_uri())
        page.wait_for_function(
            "document.documentElement.dataset.drawn || !document.getElementById('figures')",
            timeout=60_000,
        )
        return page

    yield start
    for context in contexts:
        context.close()


@pytest.fixture(scope="session", autouse=True)
def extras():
    for package in ("jinja2", "vl_convert", "markdown_it", "matplotlib"):
        pytest.importorskip(package, reason="pages need the extra pictures")


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    return write_pages(tmp_path_factory.mktemp("pages"))
