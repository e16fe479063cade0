"""A real Chromium for the tests of pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome")


def unavailable(why: str) -> NoReturn:
    """Skip where a developer has no browser; fail where the page must be tested."""
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        unavailable("playwright is not installed: pip install 'spikeoff[browser]'")
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        unavailable(f"no browser: none of {', '.join(NAMES)} is on the path")
    with sync_playwright() as driver:
        # Root, as in most containers, has no sandbox; the page is ours.
        browser = driver.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()
