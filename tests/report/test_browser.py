"""The page in a real Chromium: alone, on any screen, by mouse and keyboard, on paper."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from spikeoff.data import Dataset
from spikeoff.ledger.operation_energy import load_table
from spikeoff.report.gallery import gallery
from spikeoff.report.groups import ranked
from spikeoff.report.lab.page import render as live_page
from spikeoff.report.page import write_comparison
from tests.report import made

pytestmark = pytest.mark.browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SECTIONS = (
    "No under all 8 energy models: spiking does not save energy here", "The race",
    "Energy models", "Energy per image, estimated", "Measured chips",
    "Significant differences", "Learning curves", "Confusion matrices", "Errors, image by image",
    "Receptive fields", "Spikes, step by step", "Conditions", "Every setting", "How to reproduce",
)  # fmt: skip
SIZES = {"phone": (390, 844), "screen": (1280, 900)}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, mnist: Dataset) -> Path:
    folder = tmp_path_factory.mktemp("race")
    records = made.race(folder, mnist)
    number = gallery(ranked(records)).cards[0].number
    beside = {"networks": [], "digits": {"rows": [number]}, "sha256": mnist.sha256()}
    (folder / "lab.html").write_text(live_page(beside))
    return write_comparison(records, folder, load_table())[0]


class Seen:
    """A page, what it asked for and what it complained of."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(path.as_uri())
        self.address = path.as_uri()

    def outside(self) -> list[str]:
        """Requests for anything but the page itself and what stands in it."""
        return [url for url in self.requests if url != self.address and not url.startswith("data:")]


@pytest.fixture(params=SIZES)
def seen(request: pytest.FixtureRequest, chromium: Browser, path: Path) -> Iterator[Seen]:
    width, height = SIZES[request.param]
    page = chromium.new_page(viewport={"width": width, "height": height})
    yield Seen(page, path)
    page.close()


@pytest.fixture
def phone(chromium: Browser, path: Path) -> Iterator[Page]:
    width, height = SIZES["phone"]
    page = chromium.new_page(viewport={"width": width, "height": height}, has_touch=True)
    page.goto(path.as_uri())
    yield page
    page.close()


def shown(page: Page, selector: str) -> int:
    return int(page.locator(f"{selector}:visible").count())


def test_it_renders_alone_and_without_complaint(seen: Seen) -> None:
    page = seen.page
    headings = page.locator("h1, h2, h3").all_inner_texts()
    assert [text for text in SECTIONS if text not in headings] == []
    page.mouse.wheel(0, 20_000)
    page.locator("details").first.locator("summary").click()
    page.get_by_role("button", name="Play").first.click()
    page.wait_for_timeout(300)
    assert seen.outside() == []
    assert seen.complaints == []
    broken = "[...document.images].filter(i => !(i.complete && i.naturalWidth)).length"
    assert page.evaluate(broken) == 0


def test_it_forbids_itself_the_network(seen: Seen) -> None:
    attempt = "fetch('https://example.org').then(() => 'fetched', () => 'refused')"
    assert seen.page.evaluate(attempt) == "refused"
    assert any("Content Security Policy" in text for text in seen.complaints)


def test_nothing_is_wider_than_the_screen(seen: Seen) -> None:
    widths: Any = seen.page.evaluate(
        "[document.documentElement.scrollWidth, document.body.scrollWidth, innerWidth]"
    )
    assert max(widths) == widths[2]
    wide: Any = seen.page.evaluate(
        "[...document.querySelectorAll('body *:not(.unseen):not(.stack thead *)')]"
        ".filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML)"
    )
    assert wide == []


def test_the_answer_stands_on_the_first_screen(seen: Seen) -> None:
    page, size = seen.page, seen.page.viewport_size
    assert size is not None
    height = size["height"]
    for selector in ("h1", "p.lead", ".tile .ratio"):
        box = page.locator(selector).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < height


def test_headings_come_in_order_and_everything_has_a_name(phone: Page) -> None:
    levels = [int(tag[1]) for tag in phone.locator("h1, h2, h3").evaluate_all(
        "all => all.map(one => one.tagName)")]  # fmt: skip
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids: Any = phone.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    unnamed = "all => all.filter(e => !(e.alt || e.ariaLabel)).map(e => e.outerHTML)"
    assert phone.locator("img, canvas, svg[role=img]").evaluate_all(unnamed) == []
    assert phone.locator("svg:not([role=img])").count() == 0
    unlabelled = "all => all.filter(e => !(e.labels?.length || e.ariaLabel || e.textContent))"
    assert phone.locator("select, input, button:visible").evaluate_all(unlabelled) == []


def test_an_error_is_linked_where_the_live_page_beside_it_has_the_image(
    phone: Page, path: Path
) -> None:
    card = phone.locator(".card").first
    number = re.search(r"test image (\d+)", card.inner_text())
    assert number is not None
    links = phone.locator("#gallery a")
    assert links.count() == 1
    target = f"{path.with_name('lab.html').as_uri()}#test={number[1]}"
    assert card.locator("a").evaluate("one => one.href") == target


def test_the_gallery_is_filtered(phone: Page) -> None:
    assert shown(phone, ".card") == 24
    phone.get_by_role("button", name=re.compile("Show the other")).click()
    everything = phone.locator(".card").count()
    assert shown(phone, ".card") == everything > 24
    phone.locator("select[name=label]").select_option("7")
    phone.get_by_label("Misclassified by").select_option(label="mlp")
    cards = phone.locator(".card:visible")
    assert 0 < cards.count() < everything
    assert set(phone.locator(".card:visible .true").all_inner_texts()) == {"7"}
    for text in cards.all_inner_texts():
        assert re.search(r"mlp\s*\d.*✗", text)
    assert f"{cards.count()} of the {cards.count()}" in phone.locator(".count").inner_text()
    phone.get_by_label("Group").select_option(label="none correct")
    assert all("✓" not in text for text in phone.locator(".card:visible").all_inner_texts())


def test_the_gallery_is_filtered_by_keyboard(phone: Page) -> None:
    phone.locator("select[name=label]").focus()
    phone.keyboard.press("4")
    assert set(phone.locator(".card:visible .true").all_inner_texts()) == {"4"}


def test_spikes_are_stepped_through_by_mouse(phone: Page) -> None:
    panel = phone.locator(".panel").first
    status, frames = (
        panel.locator(".status"),
        int(panel.locator("input").get_attribute("max") or "") + 1,
    )
    assert f"step {frames} of {frames}" in status.inner_text()
    ends = status.inner_text()
    panel.get_by_role("button", name="One step forward").click()  # from the end to the start
    assert "step 1 of" in status.inner_text()
    before = panel.locator("canvas").evaluate("one => one.toDataURL()")
    panel.get_by_role("button", name="One step forward").click()
    assert "step 2 of" in status.inner_text()
    assert panel.locator("canvas").evaluate("one => one.toDataURL()") != before
    panel.get_by_role("button", name="One step back").click()
    panel.get_by_role("button", name="One step back").click()
    assert status.inner_text() == ends


def test_spikes_are_stepped_through_by_keyboard(phone: Page) -> None:
    panel = phone.locator(".panel").last
    slider = panel.get_by_role("slider")
    slider.focus()
    phone.keyboard.press("Home")
    assert "step 1 of" in panel.locator(".status").inner_text()
    phone.keyboard.press("ArrowRight")
    phone.keyboard.press("ArrowRight")
    assert "step 3 of" in panel.locator(".status").inner_text()
    hidden = panel.locator(".raster img").evaluate("one => getComputedStyle(one).clipPath")
    assert float(re.search(r"([\d.]+)%", hidden)[1]) == pytest.approx(100 * (1 - 3 / 70), abs=0.1)  # type: ignore[index]


def test_another_digit_is_chosen_for_all_networks(phone: Page) -> None:
    pictures = [one.get_attribute("src") for one in phone.locator(".raster img").all()]
    phone.locator(".choose input").first.focus()
    phone.keyboard.press("ArrowRight")
    assert phone.locator(".choose input").nth(1).is_checked()
    changed = [one.get_attribute("src") for one in phone.locator(".raster img").all()]
    assert all(one != other for one, other in zip(pictures, changed, strict=True))
    assert phone.locator("canvas").first.get_attribute("aria-label") == "Input spikes so far, of 1"


def test_playing_comes_to_the_end(chromium: Browser, path: Path) -> None:
    page = chromium.new_page()
    page.goto(path.as_uri())
    panel = page.locator(".panel").filter(has_text="izhikevich-stdp")
    panel.get_by_role("button", name="Play").click()
    assert panel.get_by_role("button", name="Pause").is_visible()
    panel.get_by_role("button", name="Play").wait_for(timeout=20_000)
    assert "step 20 of 20" in panel.locator(".status").inner_text()
    page.close()


def test_without_a_script_it_is_whole(chromium: Browser, path: Path) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    assert shown(page, ".card") == page.locator(".card").count() > 24
    assert shown(page, ".raster img") == 3
    for leftover in (".controls", ".filters", ".choose", ".more"):
        assert shown(page, leftover) == 0
    assert "the answer is" in page.locator(".status").first.inner_text()
    context.close()


@pytest.mark.parametrize("script", [True, False])
def test_it_prints_whole_and_without_leftovers(
    chromium: Browser, path: Path, tmp_path: Path, script: bool
) -> None:
    context = chromium.new_context(java_script_enabled=script, color_scheme="dark")
    page = context.new_page()
    page.goto(path.as_uri())
    page.pdf(path=tmp_path / "page.pdf", format="A4")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
    page.emulate_media(media="print")
    assert shown(page, ".card") == page.locator(".card").count()
    for leftover in (".controls", ".filters", ".choose", ".more", "nav"):
        assert shown(page, leftover) == 0
    background = page.locator("body").evaluate("one => getComputedStyle(one).backgroundColor")
    assert background == "rgb(255, 255, 255)"
    if reader := shutil.which("pdftotext"):
        text = subprocess.run(
            [reader, tmp_path / "page.pdf", "-"], capture_output=True, text=True, check=True
        ).stdout
        assert [title for title in SECTIONS if title not in text] == []
        assert "surrogate_width" in text  # from a part that is closed on the screen
        assert "Step ▶" not in text
    context.close()


def test_a_dark_screen_gets_a_dark_page(chromium: Browser, path: Path) -> None:
    def brightness(scheme: Any) -> float:
        page = chromium.new_page(color_scheme=scheme)
        page.goto(path.as_uri())
        colour = page.locator("body").evaluate("one => getComputedStyle(one).backgroundColor")
        page.close()
        return sum(map(int, re.findall(r"\d+", colour)[:3])) / 765

    assert brightness("dark") < 0.2
    assert brightness("light") > 0.9
