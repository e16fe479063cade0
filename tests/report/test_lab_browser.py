"""The live page in a real Chromium: Python's answers and learning; mouse, touch and keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from spikeoff.contenders.base import Contender
from spikeoff.contenders.registry import find
from spikeoff.data import Dataset
from spikeoff.report.lab.digits import offered
from spikeoff.report.lab.networks import describe, readings
from spikeoff.report.lab.packing import round_weights
from spikeoff.report.lab.page import render

pytestmark = pytest.mark.browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SETTINGS: dict[str, dict[str, Any]] = {
    "mlp": {"hidden": (24,)},
    "cnn": {"n_hidden": 16, "channels": (6, 8), "convolutions": 2},
    "izhikevich-gradient": {"hidden": (24,), "n_steps": 12},
    "izhikevich-sparse": {"hidden": (24,)},
    "izhikevich-stdp": {"n_hidden": 128},
    "diehl-cook": {"n_e": 25},
}
SIZES = {"phone": (390, 844), "screen": (1280, 900)}
N = 12

ANSWER = """
([pixels, ids]) => pixels.map((image, k) => lab.map(({network}) => {
  const trace = network.answer(Uint8Array.from(image), {id: ids[k]});
  const spikes = trace.layers.at(-1).spikes;
  return {scores: [...trace.scores.at(-1)],
          hidden: spikes ? spikes.reduce((n, fired) => n + fired.length, 0) : null};
}))
"""

LEARN = """
([number, pixels, ids, labels]) => {
  const {network} = lab[number];
  const learned = () => {
    pixels.forEach((image, k) =>
      network.learn(Uint8Array.from(image), {id: ids[k], epoch: 1, label: labels[k]}));
    return {weights: [...(network.hidden ?? network.weights)],
            theta: [...(network.learner ?? network).theta], output: [...(network.output ?? [])]};
  };
  const first = learned();
  network.reset();
  return {...first, again: JSON.stringify(learned()) === JSON.stringify(first)};
}
"""
LEARNED = {
    "diehl-cook": {"weights_0": "weights", "theta_0": "theta"},
    "izhikevich-stdp": {"hidden": "weights", "theta": "theta", "output": "output"},
}
"""Arrays that learning changes: names in a network's state, and above."""


@pytest.fixture(scope="module")
def networks(mnist: Dataset) -> list[Contender]:
    """Networks with random weights; the page can answer with these too."""
    rng = np.random.default_rng(0)
    found = []
    for name in SETTINGS:
        network = made(name, mnist)
        state = network.state()
        if name == "izhikevich-stdp":
            state["output"] = rng.normal(size=state["output"].shape).astype(np.float32)
        if name == "diehl-cook":
            state["means"] = rng.random(state["means"].shape)
        network.restore(state)
        round_weights(network)
        found.append(network)
    return found


def made(name: str, mnist: Dataset) -> Contender:
    """A network before training."""
    kind = find(name)
    return kind(kind.config_type(num_threads=1, **SETTINGS[name]), mnist.spec)


@pytest.fixture(scope="module")
def path(
    tmp_path_factory: pytest.TempPathFactory, mnist: Dataset, networks: list[Contender]
) -> Path:
    described = [
        describe(network) | {
            "id": network.id, "title": network.title, "spiking": network.spiking, "accuracy": 0.9,
            "score_unit": network.score_unit, "threshold": 1.0 if network.spiking else None,
            "reading": readings(network), "prefers": _preferred(network),
            "prices": {},
        }
        for network in networks
    ]  # fmt: skip
    page = tmp_path_factory.mktemp("lab") / "lab.html"
    page.write_text(render({
        "shape": [28, 28], "classes": list(mnist.spec.classes), "networks": described,
        "digits": offered([], mnist), "sha256": mnist.sha256(),
        "models": [{"name": "counts", "unit": "pJ", "charges": "operations"}],
    }))  # fmt: skip
    return page


def _preferred(network: Contender) -> list[int]:
    spoken = network.speaks_for()
    chosen = network.state()["output.weight"].argmax(axis=0) if spoken is None else spoken
    return [int(label) for label in chosen]


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, chromium: Browser, path: Path) -> Iterator[Page]:
    width, height = SIZES[request.param]
    yield from watched(chromium, path, width, height)


@pytest.fixture
def phone(chromium: Browser, path: Path) -> Iterator[Page]:
    yield from watched(chromium, path, *SIZES["phone"], has_touch=True)


def watched(
    chromium: Browser, path: Path, width: int, height: int, *, has_touch: bool = False
) -> Iterator[Page]:
    """The page, which must neither write to the console nor request anything."""
    opened = chromium.new_page(viewport={"width": width, "height": height}, has_touch=has_touch)
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda one: complaints.append(one.url) if "lab.html" not in one.url else 0)
    opened.goto(path.as_uri())
    opened.locator("body[data-answered]").wait_for(timeout=60_000)
    yield opened
    opened.close()
    assert [one for one in complaints if not one.startswith("data:")] == []


def draw(page: Page) -> None:
    """A vertical stroke by mouse."""
    page.locator("#pad").scroll_into_view_if_needed()
    box = page.locator("#pad").bounding_box()
    assert box is not None
    x, y, side = box["x"], box["y"], box["width"]
    answered = page.locator("body").get_attribute("data-answered")
    page.mouse.move(x + side / 2, y + 0.2 * side)
    page.mouse.down()
    page.mouse.move(x + side / 2, y + 0.8 * side, steps=4)
    page.mouse.up()
    page.locator(f"body:not([data-answered='{answered}'])").wait_for(timeout=60_000)


def test_it_answers_as_python_does(
    chromium: Browser, path: Path, mnist: Dataset, networks: list[Contender]
) -> None:
    page = chromium.new_page()
    page.goto(path.as_uri())
    page.locator("body[data-answered]").wait_for(timeout=60_000)
    images = mnist.test.take(slice(0, N))
    found = page.evaluate(ANSWER, [images.flat.tolist(), images.ids.tolist()])
    page.close()
    for number, network in enumerate(networks):
        expected = network.respond(images).scores
        scores = np.array([one[number]["scores"] for one in found])
        np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-4, err_msg=network.id)
        if network.spiking and network.id != "diehl-cook":  # its recording has all presentations
            recording = network.record(images)
            spikes = sum(int(recording.events[name].sum()) for name in recording.hidden)
            assert sum(one[number]["hidden"] for one in found) == spikes, network.id


def test_it_learns_as_python_does(
    chromium: Browser, path: Path, mnist: Dataset, networks: list[Contender]
) -> None:
    images = mnist.train.take(slice(0, 3))
    given = [images.flat.tolist(), images.ids.tolist(), images.labels.tolist()]
    page = chromium.new_page()
    page.goto(path.as_uri())
    page.locator("body[data-answered]").wait_for(timeout=60_000)
    for name, arrays in LEARNED.items():
        number = list(SETTINGS).index(name)
        found = page.evaluate(LEARN, [number, *given])
        taught = made(name, mnist)
        taught.restore(networks[number].state())
        taught.learn_part(images, 1)
        before, after = networks[number].state(), taught.state()
        for key, key_found in arrays.items():
            assert (after[key] != before[key]).any()
            # Both round as fused multiply-adds do: the same bits here. A spike that is missed, or
            # an update that is left out, changes weights by 1e-4 and more.
            np.testing.assert_allclose(found[key_found], after[key].ravel(), rtol=1e-6, atol=1e-7)
        assert found["again"]  # reset forgets everything
    page.close()


def look_inside(page: Page, title: str) -> None:
    page.locator(".card", has_text=title).get_by_role("button").click()
    assert title in page.locator("#inside-title").inner_text()


def picture(page: Page, name: str) -> str:
    return str(page.locator(name).evaluate("one => one.toDataURL()"))


def test_a_receptive_field_changes_and_is_reset(phone: Page) -> None:
    look_inside(phone, "Diehl & Cook")
    assert picture(phone, "#before-view") == picture(phone, "#now-view")
    phone.get_by_role("button", name="Learn", exact=True).click()
    phone.locator("#learn-count", has_text=": 1.").wait_for(timeout=30_000)
    assert picture(phone, "#before-view") != picture(phone, "#now-view")
    phone.get_by_role("button", name="Reset").click()
    assert picture(phone, "#before-view") == picture(phone, "#now-view")
    assert ": 0." in phone.locator("#learn-count").inner_text()
    look_inside(phone, "Convolutional network")
    assert phone.locator("#learning").is_hidden()


def test_a_drawing_needs_a_label_where_the_rule_does(phone: Page) -> None:
    look_inside(phone, "STDP and Hebb")
    learn = phone.get_by_role("button", name="Learn", exact=True)
    assert phone.locator("#label").input_value() != ""  # that of the test digit
    draw(phone)
    assert learn.is_disabled()
    phone.locator("#label").select_option("1")
    learn.click()
    phone.locator("#learn-count", has_text=": 1.").wait_for(timeout=30_000)


def test_a_stroke_is_drawn_by_touch(phone: Page) -> None:
    box = phone.locator("#pad").bounding_box()
    assert box is not None
    x, y, side = box["x"], box["y"], box["width"]
    phone.evaluate(
        "document.getElementById('pad').addEventListener('pointermove', (event) =>"
        " (window.touch = [event.pointerType, event.isTrusted]))"
    )
    answered = phone.locator("body").get_attribute("data-answered")
    devtools = phone.context.new_cdp_session(phone)
    for kind, share in (("touchStart", 0.2), ("touchMove", 0.4), ("touchMove", 0.8)):
        point = {"x": x + side / 2, "y": y + share * side}
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    phone.locator(f"body:not([data-answered='{answered}'])").wait_for(timeout=60_000)
    assert phone.evaluate("window.touch") == ["touch", True]
    assert phone.locator("#pad-note").inner_text() == "Draw here."
    assert phone.evaluate("scrollY") == 0  # the finger drew and did not scroll


def test_a_neuron_is_chosen_by_touch(phone: Page) -> None:
    look_inside(phone, "Diehl & Cook")
    before = phone.locator("#neuron-caption").inner_text()
    phone.locator("#raster-view").tap(position={"x": 100, "y": 200})
    assert phone.locator("#neuron-caption").inner_text() != before


def test_an_address_opens_a_test_image(phone: Page, path: Path) -> None:
    last = phone.locator("#digits button").last
    phone.goto(f"{path.as_uri()}#test={last.get_attribute('data-row')}")
    phone.locator("#pad-note", has_text="Test digit: 9").wait_for(timeout=30_000)
    assert last.get_attribute("aria-pressed") == "true"
    phone.goto(f"{path.as_uri()}#test=9999")
    phone.locator("#pad-note", has_text="Test image 9999 is not in this page").wait_for()
    assert last.get_attribute("aria-pressed") == "false"


def test_a_stroke_is_answered_by_every_network(page: Page) -> None:
    page.get_by_role("button", name="Clear").click()
    draw(page)
    assert page.locator(".card").count() == len(SETTINGS)
    assert page.locator("#pad-note").inner_text() == "Draw here."
    assert page.evaluate("document.documentElement.scrollWidth") <= window_width(page)


def window_width(page: Page) -> int:
    """The width of the window."""
    size = page.viewport_size
    assert size is not None
    return int(size["width"])


def test_it_works_by_keyboard(page: Page) -> None:
    page.locator("#pad").focus()
    page.keyboard.press("Enter")
    for _ in range(6):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.evaluate("lab.every(({trace}) => trace !== undefined)")
    page.locator("#play").focus()
    page.keyboard.press("7")
    page.wait_for_timeout(300)
    assert page.locator("#pad-note").inner_text() == "Test digit: 7"
    steps = page.locator(".card.chosen dd").first
    last = steps.inner_text().split()[-1]
    assert steps.inner_text() == f"{last} of {last}"
    page.keyboard.press("ArrowLeft")
    assert steps.inner_text() == f"{int(last) - 1} of {last}"
    page.keyboard.press("ArrowRight")
    assert steps.inner_text() == f"{last} of {last}"
    neuron = page.locator("#neuron-caption").inner_text()
    page.locator("#raster-view").focus()
    page.keyboard.press("ArrowDown")
    assert page.locator("#neuron-caption").inner_text() != neuron


def test_playing_goes_from_the_first_step_to_the_last(page: Page) -> None:
    page.locator("#speed").select_option("2")
    page.locator("#play").click()
    assert page.locator("#play").inner_text() == "Pause"
    page.locator("#play", has_text="Play").wait_for(timeout=30_000)
    assert float(page.locator("#position").input_value()) == 1
