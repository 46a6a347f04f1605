"""The pages in headless Chromium, wide and narrow: search, open a record, read its headings, watch the stream."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from mainstem.web.figures import STAGES
from schemas import topics
from tests.processors.identity.test_persons import number, who
from tests.web import made
from tests.web.conftest import PERSON, Running, picture, until


def one(browser: webdriver.Chrome, selector: str) -> webdriver.remote.webelement.WebElement:
    return browser.find_element(By.CSS_SELECTOR, selector)


def fits(browser: webdriver.Chrome) -> bool:
    """Nothing stands out to the right of the window."""
    return bool(browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.fixture(autouse=True)
def no_complaints(browser: webdriver.Chrome) -> object:
    """The console stays empty: no refused style, script or missing file."""
    yield
    said = [line["message"] for line in browser.get_log("browser") if line["level"] in {"SEVERE", "WARNING"}]
    # A mistyped number is answered with 400 on purpose; the browser's own pages (`chrome://`) are not ours.
    said = [line for line in said if "status of 400" not in line and not line.startswith("chrome://")]
    assert not said


def test_search_open_and_read(running: Running, browser: webdriver.Chrome, tmp_path: Path) -> None:
    browser.get(running.url)
    assert "Find a person" in one(browser, "h1").text and fits(browser)
    picture(browser, tmp_path / "home.png")
    one(browser, "#q").send_keys("ramsbottom", Keys.ENTER)
    assert until(lambda: "Search results" in browser.title)
    assert "ramsbottom" not in browser.current_url and fits(browser)
    picture(browser, tmp_path / "results.png")
    one(browser, ".card a").click()
    assert until(lambda: PERSON in browser.current_url)
    assert one(browser, "h1").text == "RAMSBOTTOM, Edith May (Mrs)" and fits(browser)
    headings = [node.text for node in browser.find_elements(By.CSS_SELECTOR, "section h2")]
    assert headings[:6] == ["See first", "Sources", "Demographics", "Alerts", "Allergies and adverse reactions",
                            "Medications and medical devices"]
    assert one(browser, "#glance").location["y"] < one(browser, "#allergies-and-adverse-reactions").location["y"]
    assert "Stopped in one place, active in another" in one(browser, "#medications-and-medical-devices + article .callout").text
    assert len(browser.find_elements(By.CSS_SELECTOR, ".summary--views dt")) == 2
    picture(browser, tmp_path / "record.png")
    one(browser, "#problem-list + article summary").click()
    assert "offset 4711" in one(browser, "#problem-list + article details").text
    browser.back()
    assert until(lambda: "Search results" in browser.title)


def test_what_has_no_place_to_break_fits_too(running: Running, browser: webdriver.Chrome) -> None:
    browser.get(f"{running.url}/people/{PERSON}")
    for places in (".banner__name, .banner dd:not(.number)", ".entry__title, .entry .line, .entry .tag, .said b, .silence b", ".main p"):
        assert fits(browser)
        browser.execute_script(f"for (const each of document.querySelectorAll('{places}')) each.textContent = 'W'.repeat(200)")
        assert fits(browser), places


def test_by_keyboard_alone(running: Running, browser: webdriver.Chrome) -> None:
    browser.get(running.url)
    one(browser, "body").send_keys(Keys.TAB)
    assert browser.switch_to.active_element.text == "Skip to main content"
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    browser.switch_to.active_element.send_keys(Keys.TAB)
    assert browser.switch_to.active_element.get_attribute("id") == "q"
    browser.switch_to.active_element.send_keys("9990000019", Keys.ENTER)
    assert until(lambda: browser.title.startswith("Error:"))
    assert "check digit" in one(browser, "#q-error").text


def test_what_has_the_focus_is_not_under_the_banner(running: Running, browser: webdriver.Chrome) -> None:
    """Web Content Accessibility Guidelines 2.2, 2.4.11: from the end of the page backwards, as with Shift and Tab."""
    browser.get(f"{running.url}/people/{PERSON}")
    hidden = browser.execute_script("""
        const all = [...document.querySelectorAll('main a, main summary, main input, main button')];
        const found = all.filter((each) => each.checkVisibility());
        window.scrollTo(0, document.body.scrollHeight);
        return [found.length, found.reverse().filter((each) => {
            each.focus();
            const banner = document.querySelector('.banner');
            return getComputedStyle(banner).position === 'sticky'
                && each.getBoundingClientRect().top < banner.getBoundingClientRect().bottom;
        }).map((each) => each.outerHTML)];""")
    assert hidden[0] > 30 and hidden[1] == []


def test_stream_renews_itself_and_can_be_paused(running: Running, browser: webdriver.Chrome, tmp_path: Path) -> None:
    now = time.time_ns() // 1_000_000
    beats = [
        made.beat(stage, now - second * 1000, (600 - second) * 40, freshness=(0.3, 0.5, 1.1) if stage.startswith("sink-") else ())
        for second in range(600, 0, -2)
        for stage in STAGES
    ]
    running.publish(topics.HEARTBEATS, "all", *beats)
    browser.get(f"{running.url}/stream")
    # Read in one step: the script puts another element in its place at any moment.
    read = "return document.querySelector('#figures > p').textContent"
    first = browser.execute_script(read)
    assert until(lambda: browser.execute_script(read) != first)
    lines = "return document.querySelectorAll('.plot__canvas path.line').length"
    assert until(lambda: browser.execute_script(lines) >= 7) and fits(browser)  # the last heartbeats may still be read
    picture(browser, tmp_path / "stream.png")
    widths = "return [...document.querySelectorAll('.legend path')].map((each) => getComputedStyle(each).strokeWidth)"
    assert len(set(browser.execute_script(widths))) == 2, "the median is told from the 95th percentile"
    one(browser, ".live button").click()
    assert one(browser, ".live button").text == "Go on updating"


def test_slide_to_a_moment_of_the_past(running: Running, browser: webdriver.Chrome, tmp_path: Path) -> None:
    browser.get(f"{running.url}/people/{PERSON}")
    slider, field = one(browser, "#moment"), one(browser, "#at")
    first, last = (one(browser, "form[data-moments]").get_attribute("data-moments").split()[place] for place in (0, -1))
    assert field.get_attribute("value")[:16] == last[:16] and slider.accessible_name.startswith("Or slide to a moment")
    slider.send_keys(Keys.HOME)
    assert field.get_attribute("value")[:19] == first or first.startswith(field.get_attribute("value"))
    assert slider.get_attribute("aria-valuetext") == first.replace("T", " ") + " UTC"
    picture(browser, tmp_path / "slider.png")
    one(browser, ".moment button").click()
    assert until(lambda: "/then?at=" in browser.current_url)
    assert one(browser, "h1").text.startswith("As known at ") and fits(browser)
    assert "not now" in one(browser, ".then").text
    assert "Nothing was known of this person" in one(browser, "main").text  # the topics of this test hold entries and no assertions
    picture(browser, tmp_path / "then.png")
    browser.find_element(By.LINK_TEXT, "What has changed since then").click()
    assert until(lambda: one(browser, "h1").text == "What changed") and fits(browser)


def test_without_javascript_the_figures_are_there(running: Running, browser: webdriver.Chrome) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.get(f"{running.url}/stream")
    assert one(browser, ".live a").text == "Refresh the figures"
    assert len(browser.find_elements(By.CSS_SELECTOR, "tbody tr")) >= len(STAGES)
    browser.get(f"{running.url}/people/{PERSON}")
    assert one(browser, "h1").is_displayed()


def test_two_are_compared_and_joined_and_every_page_of_it_fits(running: Running, browser: webdriver.Chrome, tmp_path: Path) -> None:
    source = f"T{uuid.uuid4().hex[:8]}/a-source-with-a-long-name"
    subjects = [f"{source}|1000000{n}" for n in (1, 2)]
    for subject in subjects:
        running.publish(topics.CLAIMS, subject, who(subject, "Wolstenholme-Ramsbottom", "Ann", "1980-03-02", "female"))
    browser.get(f"{running.url}/identity/people")
    for name, subject in zip(("one", "other"), subjects, strict=True):
        one(browser, f"#{name}").send_keys(subject)
    one(browser, "#other").send_keys(Keys.ENTER)
    assert until(lambda: "Why they are two persons" in browser.title)
    pair = browser.current_url
    assert source.partition("/")[0] not in pair and fits(browser)
    for summary in browser.find_elements(By.CSS_SELECTOR, "summary"):
        summary.click()
    assert fits(browser)
    picture(browser, tmp_path / "pair.png")
    one(browser, "label[for=same]").click()
    one(browser, "#why").send_keys("Asked the ward")
    one(browser, "form[action^='/identity/pairs'] button").click()
    assert until(lambda: "Before it is recorded" in browser.title) and fits(browser)
    one(browser, "main form button").click()
    assert until(lambda: "/identity/decisions/" in browser.current_url) and fits(browser)
    browser.get(pair)
    one(browser, "a[href^='/identity/people/']").click()
    assert until(lambda: "/identity/people/" in browser.current_url) and fits(browser)
    assert len(browser.find_elements(By.CSS_SELECTOR, "table thead th")) >= 3
    picture(browser, tmp_path / "person.png")
    one(browser, "a[href$='/history']").click()
    assert until(lambda: "Who came and who left" in browser.title, 60) and fits(browser)


def test_whether_two_agree_is_seen_without_scrolling_to_the_side(running: Running, browser: webdriver.Chrome, tmp_path: Path) -> None:
    source = f"T{uuid.uuid4().hex[:5].upper()}"
    subjects = [f"{source}/epr|1000001", f"{source}/gp|77"]
    for subject, given in zip(subjects, ("Ann", "Baby"), strict=True):
        running.publish(topics.CLAIMS, subject, number(subject, made.NUMBER), who(subject, "Archer", given, "1980-03-02", "female"))
    browser.get(f"{running.url}/identity/people")
    for name, subject in zip(("one", "other"), subjects, strict=True):
        one(browser, f"#{name}").send_keys(subject)
    one(browser, "#other").send_keys(Keys.ENTER)
    assert until(lambda: bool(browser.find_elements(By.CSS_SELECTOR, "tbody .tag--red")))
    width = browser.execute_script("return innerWidth")
    tags = browser.find_elements(By.CSS_SELECTOR, ".scroll tbody td:last-child .tag")
    assert len(tags) > 5 and all(tag.rect["x"] + tag.rect["width"] <= width for tag in tags)
