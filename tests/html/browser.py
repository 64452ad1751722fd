"""Drives headless Chromium over its debugging pipe (the Chrome DevTools Protocol; standard library only) and checks the pages.

usage: browser.py use CHROMIUM REPORT.html DIFF.html [FOLDER FOR SCREENSHOTS]
       browser.py hostile CHROMIUM REPORT.html
       browser.py trend CHROMIUM TREND.html [FOLDER FOR SCREENSHOTS]
"""
import base64, json, os, pathlib, subprocess, sys, tempfile, time


class Browser:
    def __init__(self, program, profile):
        (child_in, self.to), (self.back, child_out) = os.pipe(), os.pipe()

        def wire():
            # Chromium reads commands from 3 and answers on 4.
            ends = os.dup(child_in), os.dup(child_out)
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
                 "--disable-dev-shm-usage", "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"]
        self.child = subprocess.Popen([program, *flags], preexec_fn=wire, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(child_in)
        os.close(child_out)
        self.buffer, self.number, self.events, self.session = b"", 0, [], None
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self.events.append(answer)

    def read(self):
        while b"\0" not in self.buffer:
            piece = os.read(self.back, 1 << 20)
            assert piece, "the browser closed its pipe"
            self.buffer += piece
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def js(self, text):
        result = self.send("Runtime.evaluate", expression=text, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, (text, result["exceptionDetails"])
        return result["result"].get("value")

    def until(self, text):
        for _ in range(200):
            if self.js(text):
                return
            time.sleep(0.05)
        raise AssertionError(f"never true: {text}")

    def open(self, path, width=1440, height=900, scheme="light", mobile=False):
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.send("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        self.until("document.documentElement?.dataset.readyMs !== undefined")

    def key(self, key, text=None):
        codes = {"Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowRight": 39, "ArrowLeft": 37, "Home": 36, "End": 35, "Tab": 9, "/": 191}
        params = {"key": key, "windowsVirtualKeyCode": codes[key], "code": key}
        self.send("Input.dispatchKeyEvent", type="keyDown", **params, **({"text": text} if text else {}))
        self.send("Input.dispatchKeyEvent", type="keyUp", **params)

    def mouse(self, kind, x, y):
        button = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
        self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **button)

    def shoot(self, path):
        time.sleep(0.3)
        pathlib.Path(path).write_bytes(base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"]))

    def troubles(self):
        """What went to the console as an error, was thrown, was blocked, or was asked of the network."""
        found = []
        for event in self.events:
            method, params = event.get("method"), event.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append(params["exceptionDetails"].get("exception", {}).get("description") or params["exceptionDetails"]["text"])
            elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
                found.append(str(params["args"]))
            elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                found.append(params["entry"]["text"])
            elif method == "Network.requestWillBeSent" and not params["request"]["url"].startswith(("file:", "about:")):
                found.append("request: " + params["request"]["url"][:200])
        return found

    def close(self):
        try:
            self.send("Browser.close")
        except (AssertionError, OSError):
            pass
        self.child.wait(timeout=20)


TITLE = "document.querySelector('#trail [aria-current]').textContent"
ROWS = "document.querySelectorAll('#table tbody tr').length"
SUM = "[...document.querySelectorAll('#table tfoot td')][0].textContent"
LEVEL_1 = "document.querySelectorAll('#map > .cell')"
SHADE = "getComputedStyle(document.body).backgroundColor"


def check_report(browser, path, shot):
    browser.open(path)
    assert browser.js(LEVEL_1 + ".length") > 5
    assert browser.js("document.querySelectorAll('#map [tabindex=\"0\"]').length") == 1, "one stop for Tab"
    program, light, in_file = browser.js(TITLE), browser.js(SHADE), browser.js(SUM)
    shot("treemap")

    # Zooms by keyboard, and back; the screen reader is told.
    browser.js("document.querySelector('#map [tabindex=\"0\"]').focus()")
    browser.key("ArrowRight")
    second = browser.js("document.activeElement.getAttribute('aria-label')")
    assert second == browser.js(LEVEL_1 + "[1].getAttribute('aria-label')"), second
    browser.key("ArrowDown")
    assert browser.js("document.activeElement.getAttribute('aria-level')") == "2"
    browser.js(LEVEL_1 + "[0].focus()")
    crate = browser.js("document.activeElement.node.label")
    browser.key("Enter")
    assert browser.js(TITLE) == crate and crate in browser.js("document.getElementById('live').textContent")
    assert browser.js("document.activeElement.classList.contains('cell')"), "focus stays in the map"
    shot("zoomed")
    browser.key("Escape")
    assert browser.js(TITLE) == program

    # Zooms by mouse; a pointer shows the tip.
    x, y = browser.js("(() => { const box = document.querySelector('#map > .cell').getBoundingClientRect(); return [box.x + 30, box.y + 8]; })()")
    browser.mouse("mouseMoved", x, y)
    assert not browser.js("document.getElementById('tip').hidden")
    shot("tip")
    browser.mouse("mousePressed", x, y)
    browser.mouse("mouseReleased", x, y)
    assert browser.js(TITLE) == crate
    browser.js("document.querySelector('#trail li:nth-last-child(2) button').click()")
    assert browser.js(TITLE) == program, "the trail leads back"

    # Compressed bytes.
    if browser.js("document.querySelector('input[value=\"zip\"]') !== null"):
        browser.js("document.querySelector('input[value=\"zip\"]').click()")
        assert browser.js("[...document.querySelectorAll('#table thead th[aria-sort]')][0].textContent") == "In zip"
        assert in_file != browser.js("[...document.querySelectorAll('#table tfoot td')].at(-1).textContent")
        shot("compressed")
    # Sections.
    browser.js("document.querySelector('input[value=\"section\"]').click()")
    assert browser.js("[...document.querySelectorAll('#table .name')].some((one) => one.textContent === '.text')")
    assert browser.js(TITLE) == program
    shot("sections")
    browser.js("document.querySelector('input[value=\"crate\"]').click()")

    # Searches: `/` goes there, rows are filtered, others fade, Escape ends it.
    rows = browser.js(ROWS)
    browser.js("document.activeElement.blur()")
    browser.key("/")
    assert browser.js("document.activeElement.id") == "search"
    browser.send("Input.insertText", text="fmt")
    browser.until("document.querySelector('.cell[data-found=\"no\"]') !== null")
    assert browser.js("[...document.querySelectorAll('#table tbody .name')].every((one) => one.textContent.toLowerCase().includes('fmt'))")
    assert "match" in browser.js("document.getElementById('live').textContent")
    shot("search")
    browser.key("Escape")
    assert browser.js(ROWS) == rows

    # Sorts by name.
    browser.js("document.querySelector('[data-column=\"name\"]').click()")
    names = browser.js("[...document.querySelectorAll('#table tbody .name')].map((one) => one.textContent.toLowerCase())")
    assert names == sorted(names), names

    # Every label in the map can be read: the table's head is a head, the map a tree.
    tree = json.dumps(browser.send("Accessibility.getFullAXTree"))
    assert '"tree"' in tree and '"treeitem"' in tree and '"columnheader"' in tree and '"rowheader"' in tree

    browser.open(path, scheme="dark")
    assert browser.js(SHADE) != light
    shot("dark")
    browser.open(path, width=360, height=780, mobile=True)
    assert browser.js("document.documentElement.scrollWidth") <= 360, browser.js("document.documentElement.scrollWidth")
    shot("narrow")
    browser.js("document.getElementById('table').scrollIntoView()")
    shot("narrow-table")
    browser.open(path)
    return browser.js("document.documentElement.dataset.readyMs")


def check_diff(browser, path, shot):
    browser.open(path)
    assert browser.js("document.querySelector('.cell[data-trend=\"grew\"], .cell[data-trend=\"shrank\"]') !== null")
    shot("diff")
    browser.js("document.querySelector('input[value=\"change\"]').click()")
    assert browser.js("document.querySelector('#map > .cell[data-trend=\"same\"]') === null"), "what did not change has no area"
    shot("diff-change")
    browser.open(path, scheme="dark")
    shot("diff-dark")


def check_links(browser, path):
    """What is shown is in the address, and the address brings it back."""
    HASH = "location.hash"
    browser.open(path)
    program = browser.js(TITLE)
    assert browser.js(HASH) == "", "the page as it opens has no link"
    browser.js(LEVEL_1 + "[0].focus()")
    browser.key("Enter")
    crate, link = browser.js(TITLE), browser.js(HASH)
    assert link.startswith("#path=") and crate != program, link
    browser.js("document.querySelector('input[value=\"zip\"]').click()")
    assert "by=zip" in browser.js(HASH) and "path=" in browser.js(HASH)
    rows = browser.js(ROWS)
    linked = browser.js("location.href")
    browser.send("Page.navigate", url="about:blank")
    browser.send("Page.navigate", url=linked)
    browser.until("document.documentElement?.dataset.readyMs !== undefined")
    assert (browser.js(TITLE), browser.js(ROWS)) == (crate, rows), "the link brings it back"
    assert browser.js("document.querySelector('input[name=\"bytes\"]:checked').value") == "zip"
    # By name, from the program, as one would write it.
    browser.js("location.hash = '#view=section&by=compressed&path=.text'")
    browser.until("document.querySelector('#trail [aria-current]').textContent === '.text'")
    assert browser.js("document.querySelector('input[name=\"by\"]:checked').value") == "section"
    assert browser.js("document.querySelector('input[name=\"bytes\"]:checked').value") == "zip"
    # What is not there is passed over, and Back goes back.
    browser.js("location.hash = '#path=no/such/%E0%A4%A'")
    browser.until("document.querySelector('#trail [aria-current]').textContent !== '.text'")
    assert browser.js(TITLE) == program
    browser.js("history.back()")
    browser.until("document.querySelector('#trail [aria-current]').textContent === '.text'")


def check_trend(browser, path, shot):
    """A history: one walks through it with keys and pointer, and is told the same as the table has."""
    PLOTS = "document.querySelectorAll('.plot')"
    TOLD = "document.querySelector('.told').textContent"
    browser.open(path)
    count = browser.js(PLOTS + ".length")
    assert count >= 3, count
    last = int(browser.js(PLOTS + "[0].getAttribute('aria-valuemax')"))
    assert last > 2 and browser.js(PLOTS + "[0].getAttribute('aria-valuenow')") == str(last), "it opens with the last record"
    assert browser.js("[...document.querySelectorAll('.plot')].every((plot) => plot.querySelector('.line').getAttribute('d').length > 5)")
    shot("trend")
    browser.js(PLOTS + "[0].focus()")
    for key, at in (("Home", 1), ("ArrowRight", 2), ("End", last), ("ArrowLeft", last - 1)):
        browser.key(key)
        assert browser.js(PLOTS + "[0].getAttribute('aria-valuenow')") == str(at), key
        # All charts of a package are at the same record, and the table's row is marked.
        assert browser.js("document.querySelector('article tbody tr.hot').dataset.at") == str(at - 1)
        assert browser.js("[...document.querySelector('article').querySelectorAll('.plot')].every((plot) => plot.getAttribute('aria-valuenow') === '%d')" % at)
        row = browser.js("document.querySelector('article tbody tr.hot th').textContent")
        assert browser.js(PLOTS + "[0].getAttribute('aria-valuetext')").startswith(row), row
        assert row.split()[0] in browser.js(TOLD), row
    moved = browser.js("[...document.querySelectorAll('article tbody tr.hot td.moved')][0].textContent")
    assert moved and moved.split()[0] in browser.js(TOLD), "the crates that moved are told"
    # The pointer at the left edge is the first record.
    x, y = browser.js("(() => { const box = document.querySelector('.plot').getBoundingClientRect(); return [box.x + 12, box.y + 60]; })()")
    browser.mouse("mouseMoved", x, y)
    assert browser.js(PLOTS + "[0].getAttribute('aria-valuenow')") == "1"
    line = browser.js(PLOTS + "[0].querySelector('.line').getAttribute('d')")
    browser.js("document.querySelector('input[value=\"zero\"]').click()")
    assert browser.js(PLOTS + "[0].querySelector('.line').getAttribute('d')") != line, "the axis begins at 0"
    browser.js("document.querySelector('input[value=\"close\"]').click()")
    light = browser.js(SHADE)
    browser.open(path, scheme="dark")
    assert browser.js(SHADE) != light
    shot("trend-dark")
    browser.open(path, width=390, height=844, mobile=True)
    assert browser.js("document.documentElement.scrollWidth <= innerWidth"), "no scrolling sideways on a telephone"
    shot("trend-phone")
    return browser.js("document.documentElement.dataset.readyMs")


def check_hostile(browser, path):
    """Names that try to break out are shown as they are, and nothing of them runs."""
    browser.open(path)
    browser.js("document.getElementById('search').value = 'broken'; document.getElementById('search').dispatchEvent(new Event('input'))")
    browser.until("document.querySelectorAll('#table tbody tr').length > 0 && document.querySelector('#map [data-found]') !== null")
    box = browser.js("(() => { const box = document.querySelector('#map > .cell').getBoundingClientRect(); return [box.x + 5, box.y + 5]; })()")
    browser.mouse("mouseMoved", *box)
    assert browser.js("window.broken") is None, "a name ran"
    assert browser.js("document.querySelectorAll('img, iframe, svg').length") == 0
    return browser.js("[...document.querySelectorAll('#table tbody .name')].map((one) => one.textContent).find((name) => name.includes('broken'))")


def main():
    what, program, *pages = sys.argv[1:]
    folder = pages.pop() if len(pages) > {"use": 2, "trend": 1, "hostile": 1}[what] else None

    def shot(name):
        if folder:
            browser.shoot(os.path.join(folder, f"{name}.png"))

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile)
        try:
            if what == "use":
                result = {"ready_ms": int(check_report(browser, pages[0], shot))}
                check_diff(browser, pages[1], shot)
                check_links(browser, pages[0])
            elif what == "trend":
                result = {"ready_ms": int(check_trend(browser, pages[0], shot))}
            else:
                result = {"shown": check_hostile(browser, pages[0])}
            assert browser.troubles() == [], browser.troubles()
        finally:
            browser.close()
    print(json.dumps(result))


main()
