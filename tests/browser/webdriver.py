# SPDX-License-Identifier: MIT
"""A headless Chromium, driven over WebDriver's HTTP interface (Debian: chromium, chromium-driver)."""
import base64
import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element, by the W3C's standard
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "Space": " ", "Backspace": "\ue003",
        "Left": "\ue012", "Up": "\ue013", "Right": "\ue014", "Down": "\ue015",
        "Shift": "\ue008", "Control": "\ue009"}


def missing():
    """What is not installed, or None."""
    if not (shutil.which("chromium") or shutil.which("google-chrome")):
        return "there is no chromium (Debian: chromium)"
    if not shutil.which("chromedriver"):
        return "there is no chromedriver (Debian: chromium-driver)"
    return None


class Browser:
    """One window. Methods raise RuntimeError with what the driver says."""

    def __init__(self, folder):
        """`folder` takes downloads and the profile."""
        self.driver = subprocess.Popen([shutil.which("chromedriver"), "--port=0"], text=True,
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                       env={**os.environ, "HOME": str(folder)})
        port = None
        for line in self.driver.stdout:
            if "started successfully on port" in line:
                port = line.rsplit(" ", 1)[1].strip().rstrip(".")
                break
        if port is None:
            raise RuntimeError("chromedriver did not start")
        self.base = f"http://127.0.0.1:{port}/session"
        arguments = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage",
                     "--force-device-scale-factor=1", f"--user-data-dir={folder}/profile"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")  # Chromium refuses to start as root with it
        options = {"args": arguments, "binary": shutil.which("chromium") or shutil.which("google-chrome")}
        answer = self._send("POST", "", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.base += "/" + answer["sessionId"]
        self.devtools("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    def _send(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as failure:
            raise RuntimeError(json.load(failure)["value"]["message"]) from None

    def close(self):
        try:
            self._send("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()
            self.driver.stdout.close()

    def open(self, address):
        self._send("POST", "/url", {"url": address})

    def devtools(self, command, **parameters):
        """A command of Chromium's DevTools protocol."""
        return self._send("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def run(self, script, *arguments):
        """What `script`, the body of an async function, returns."""
        wrapped = ("const done = arguments[arguments.length - 1];"
                   "(async (...given) => {" + script + "})(...[...arguments].slice(0, -1))"
                   ".then(value => done([value ?? null]), error => done(String(error)));")
        answer = self._send("POST", "/execute/async", {"script": wrapped, "args": list(arguments)})
        if isinstance(answer, str):
            raise RuntimeError(answer)
        return answer[0]

    def find(self, selector):
        return self._send("POST", "/element", {"using": "css selector", "value": selector})

    def click(self, selector):
        self._send("POST", f"/element/{self.find(selector)[ELEMENT]}/click", {})

    def type(self, selector, text):
        self._send("POST", f"/element/{self.find(selector)[ELEMENT]}/value", {"text": text})

    def keys(self, *names):
        """Presses keys, one after the other, wherever the focus is; "Shift+Tab" holds the first."""
        steps = []
        for name in names:
            held, last = name.split("+")[:-1] if len(name) > 1 else [], name.split("+")[-1] or name
            steps += [{"type": "keyDown", "value": KEYS[key]} for key in held]
            steps += [{"type": kind, "value": KEYS.get(last, last)} for kind in ("keyDown", "keyUp")]
            steps += [{"type": "keyUp", "value": KEYS[key]} for key in reversed(held)]
        self._send("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": steps}]})

    def drag(self, selector, points):
        """Presses the pointer at the first point, measured from the element's middle, and moves on."""
        origin = self.find(selector)
        moves = [{"type": "pointerMove", "origin": origin, "x": x, "y": y, "duration": 20} for x, y in points]
        self._send("POST", "/actions", {"actions": [{
            "type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"},
            "actions": [moves[0], {"type": "pointerDown", "button": 0}, *moves[1:], {"type": "pointerUp", "button": 0}]}]})

    def until(self, condition, seconds=20):
        """Waits until `condition`, an expression in JavaScript, is true, and returns its value."""
        end = time.monotonic() + seconds
        while not (value := self.run(f"return {condition};")):
            if time.monotonic() > end:
                raise AssertionError(f"after {seconds} s there is still no {condition}; the page says: "
                                     + str(self.run("return document.getElementById('status')?.textContent;")))
            time.sleep(0.02)
        return value

    def size(self, width, height):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)

    def dark(self, on):
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if on else "light"}])

    def screenshot(self, file):
        file.write_bytes(base64.b64decode(self._send("GET", "/screenshot")))

    def log(self):
        """What the page has written to the console since the last call."""
        return [line["message"] for line in self._send("POST", "/se/log", {"type": "browser"})]
