# SPDX-License-Identifier: MIT
"""The page of `vlsm serve` in a real browser: VLSM_TOOL is the program, VLSM_MODEL the model and what it needs
("clipseg --vocab FILE"; clipseg-small)."""
import base64
import json
import math
import os
import pathlib
import re
import signal
import statistics
import struct
import subprocess
import tempfile
import time
import unittest
import zlib

from webdriver import Browser, missing

TOOL = os.environ.get("VLSM_TOOL", "vlsm")
PICTURES = pathlib.Path(os.environ.get("VLSM_SCREENSHOTS", tempfile.gettempdir()))
MODEL = ["--weights", "random", "--model", *os.environ.get("VLSM_MODEL", "clipseg-small").split()]


def png(width, height, pixel):
    """A PNG of pixel(x, y) = (r, g, b), or one grey value."""
    grey = isinstance(pixel(0, 0), int)
    rows = b"".join(b"\0" + bytes(v for x in range(width) for v in ([pixel(x, y)] if grey else pixel(x, y)))
                    for y in range(height))
    part = lambda name, data: struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return (b"\x89PNG\r\n\x1a\n" + part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0 if grey else 2, 0, 0, 0))
            + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b""))


def disc(width, height):
    """A picture with a bright disc on a dark slope, and its mask."""
    inside = lambda x, y: math.hypot(x - .4 * width, y - .55 * height) < .22 * min(width, height)
    return (png(width, height, lambda x, y: (220, 120, 100) if inside(x, y) else (60 * x // width + 20, 70, 60 * y // height + 30)),
            png(width, height, lambda x, y: 255 if inside(x, y) else 0))


class Server:
    """`vlsm serve`, on a free port unless one is named."""

    def __init__(self, *words, port="0"):
        self.process = subprocess.Popen([TOOL, "serve", *words, "--port", port], text=True, bufsize=1,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.said = []
        for line in self.process.stdout:
            self.said.append(line)
            if found := re.search(r"http://\S+", line):
                self.address = found[0]
                return
        raise RuntimeError("vlsm serve did not start: " + "".join(self.said))

    def close(self):
        self.process.send_signal(signal.SIGINT)
        self.process.stdout.read()
        self.process.stdout.close()
        return self.process.wait(timeout=20)


@unittest.skipIf(missing(), f"skipped: {missing()}")
class Page(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = pathlib.Path(cls.folder.name)
        picture, mask = disc(150, 110)
        for name in ["images", "masks", "anns"]:
            (cls.path / "set" / name).mkdir(parents=True)
        rows = []
        for i in range(3):
            (cls.path / "set" / "images" / f"{i}.png").write_bytes(picture)
            (cls.path / "set" / "masks" / f"{i}.png").write_bytes(mask)
            rows.append({"bbox": [27, 37, 84, 84], "prompts": {"p0": "", "p1": "polyp", "p2": ["one small polyp", "polyp, small"]},
                         "mask_name": f"{i}.png", "img_name": f"{i}.png", "sentences": ""})
        (cls.path / "set" / "anns" / "test.json").write_text(json.dumps(rows))
        (cls.path / "disc.png").write_bytes(picture)
        cls.server = Server(*MODEL, "--data", str(cls.path / "set"), "--save", str(cls.path / "saved"))
        cls.browser = Browser(cls.path)

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        status = cls.server.close()
        cls.folder.cleanup()
        assert status == 0, f"vlsm serve ended with {status} on Ctrl-C"

    def setUp(self):
        self.browser.size(1280, 900)
        self.browser.open(self.server.address)
        self.browser.until(f"document.querySelector('#model').textContent.includes('{MODEL[3]}')")

    def tearDown(self):
        self.assertEqual(self.browser.log(), [], "the page writes nothing to the console")

    # What a person does.
    def drop(self, file):
        """Drops a file as the system's file manager would."""
        self.browser.run("""
            const data = new DataTransfer();
            data.items.add(new File([Uint8Array.from(atob(given[0]), c => c.charCodeAt(0))], given[1]));
            document.querySelector('#view').dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));
            """, base64.b64encode(file.read_bytes()).decode(), file.name)
        self.browser.until("document.querySelector('canvas')")

    def write(self, text, row=1):
        self.browser.type(f"#sentences li:nth-child({row}) .sentence", text)
        self.settled()

    def settled(self):
        """Waits until every layer that was asked for has its mask and it is drawn."""
        self.browser.run("""
            const {sentences} = await import('/main.js');
            const busy = () => sentences.layers.some(layer => layer.asked && (!layer.map || layer.of !== layer.field.value));
            for (let i = 0; busy() && i < 2000; ++i) await new Promise(requestAnimationFrame);
            if (busy()) throw 'no mask';
            await new Promise(requestAnimationFrame);
            await new Promise(requestAnimationFrame);
            """)

    def slide(self, name, value):
        self.browser.run("""
            const range = document.getElementById(given[0]);
            range.value = given[1];
            range.dispatchEvent(new Event('input', {bubbles: true}));
            await new Promise(requestAnimationFrame);
            await new Promise(requestAnimationFrame);
            """, name, value)

    def status(self):
        return self.browser.run("return document.getElementById('status').textContent;")

    def requests(self):
        return self.browser.run("return performance.getEntriesByType('resource').length;")

    def tool_mask(self, sentence, threshold):
        """The pixels of what `vlsm segment` writes."""
        out = self.path / "tool"
        subprocess.run([TOOL, "segment", *MODEL, "--image", str(self.path / "disc.png"), "--prompt", sentence,
                        "--threshold", str(threshold), "--out", str(out)], check=True, capture_output=True)
        file, = out.glob("*.png")
        pixels = self.pixels(file)
        file.unlink()
        return pixels

    def pixels(self, file):
        return self.browser.run("const {readText} = await import('/maps.js'); return [...(await readText(given[0])).values];",
                                base64.b64encode(file.read_bytes()).decode())

    def shown_mask(self):
        return self.browser.run("""
            const {sentences, page} = await import('/main.js'), {maskOf} = await import('/stage.js');
            return [...maskOf(sentences.chosen, page.threshold).values];""")

    def middle(self):
        """A threshold that splits this picture's probabilities, between two bytes."""
        return (self.browser.run("""
            const {sentences} = await import('/main.js');
            const values = [...sentences.chosen.map.values].sort((a, b) => a - b);
            return values[values.length >> 1];""") + 0.5) / 255

    # The tests.
    def test_the_mask_is_the_one_that_segment_writes(self):
        self.drop(self.path / "disc.png")
        self.write("one small polyp, in the center")
        self.browser.run("const {page} = await import('/main.js'); page.threshold = given[0];", self.middle())
        threshold = self.middle()
        expected = self.tool_mask("one small polyp, in the center", threshold)
        self.assertEqual(self.shown_mask(), expected)
        self.assertGreater(expected.count(255), 100)
        self.assertGreater(expected.count(0), 100)
        self.browser.click("[data-export=mask]")
        for _ in range(500):
            if (self.path / "disc_mask.png").exists():
                break
            time.sleep(0.02)
        self.assertEqual(self.pixels(self.path / "disc_mask.png"), expected)
        self.browser.until("document.getElementById('status').textContent.includes('of the picture')")

    def test_only_the_last_sentence_counts(self):
        self.drop(self.path / "disc.png")
        self.write("a")
        self.browser.run("""
            const field = document.querySelector('.sentence');
            for (const text of ['a round', 'a round polyp', 'a round polyp at the', 'large']) {
              field.value = text;
              field.dispatchEvent(new Event('input', {bubbles: true}));
              await new Promise(done => setTimeout(done, 3));
            }""")
        self.settled()
        typed = self.browser.run("const {sentences} = await import('/main.js'); return [...sentences.chosen.map.values];")
        self.browser.run("const f = document.querySelector('.sentence'); f.value = 'large'; f.dispatchEvent(new Event('input'));")
        self.settled()
        self.assertEqual(typed, self.browser.run("const {sentences} = await import('/main.js'); return [...sentences.chosen.map.values];"))
        self.browser.until("document.getElementById('status').textContent.includes('“large”')")

    def test_sliders_ask_nobody(self):
        self.drop(self.path / "disc.png")
        self.write("polyp")
        before = self.requests()
        self.slide("threshold", 1)
        self.assertEqual(set(self.shown_mask()), {0})
        self.slide("threshold", 0)
        self.assertEqual(set(self.shown_mask()), {255})
        self.slide("opacity", 1)
        self.assertEqual(self.requests(), before)
        self.browser.run("document.querySelector('canvas').dispatchEvent(new PointerEvent('pointermove', {clientX: 200, clientY: 200, bubbles: true}));")
        self.assertRegex(self.browser.run("return document.getElementById('probe').textContent;"), r"x \d+, y \d+: probability [01]\.\d\d")

    def test_chips_replace_words_by_their_opposites(self):
        self.drop(self.path / "disc.png")
        self.write("one small polyp")
        self.browser.click(".chips button[aria-label='size: replace small by large']")
        self.settled()
        self.assertEqual(self.browser.run("return document.querySelector('.sentence').value;"), "one large polyp")
        self.browser.click("#contrast")
        self.settled()
        self.assertEqual(self.browser.run("return [...document.querySelectorAll('.sentence')].map(field => field.value);")[1], "ten small polyp")
        self.browser.click("#beside")
        self.browser.until("document.querySelectorAll('canvas').length === 2")
        self.assertEqual(self.browser.run("return [...document.querySelectorAll('figcaption')].map(c => c.textContent);"),
                         ["one large polyp", "ten small polyp"])
        self.browser.run("[...document.querySelectorAll('#words summary')].find(s => s.textContent.includes('color')).click();")
        self.browser.run("[...document.querySelectorAll('#words button')].find(b => b.textContent === 'pink').click();")
        self.settled()
        self.assertIn("pink", self.browser.run("return document.querySelectorAll('.sentence')[1].value;"))

    def test_a_corrected_mask_is_saved_with_its_sentence(self):
        self.drop(self.path / "disc.png")
        self.write("polyp")
        self.slide("threshold", 1)
        self.browser.click("#brush")
        self.slide("brush-size", 20)
        self.browser.drag("canvas", [(0, 0), (60, 10), (90, 40)])
        painted = self.shown_mask()
        self.assertGreater(painted.count(255), 300)
        self.browser.drag("canvas", [(-90, -60), (-60, -60)])
        self.assertGreater(self.shown_mask().count(255), painted.count(255))
        self.browser.click("#undo")
        self.assertEqual(self.shown_mask(), painted)
        before = len(self.saved_rows())
        for row in (1, 2):
            self.browser.click("#save")
            self.browser.until(f"document.getElementById('status').textContent.includes('row {before + row} of')")
        rows = self.saved_rows()[-2:]
        self.assertNotEqual(rows[0]["mask_name"], rows[1]["mask_name"])
        self.assertEqual((self.path / "saved" / "images" / rows[0]["img_name"]).read_bytes(), (self.path / "disc.png").read_bytes())
        self.assertEqual(self.pixels(self.path / "saved" / "masks" / rows[0]["mask_name"]), painted)
        self.assertIn("polyp", json.dumps(rows[0]["prompts"]))

    def saved_rows(self):
        files = (self.path / "saved" / "anns").glob("*.json") if (self.path / "saved").exists() else []
        return [row for file in files for row in json.loads(file.read_text())]

    def test_nothing_is_saved_or_said_under_a_sentence_that_has_no_mask_yet(self):
        self.drop(self.path / "disc.png")
        self.write("a")
        before = self.saved_rows()
        self.browser.run("""
            const real = window.fetch;
            window.fetch = async (...given) => {
              if (String(given[0]).includes('masks')) await new Promise(done => setTimeout(done, 1500));
              return real(...given);
            };""")
        self.browser.type(".sentence", " large polyp")
        self.browser.click("#save")
        self.browser.until("document.getElementById('status').textContent.includes('still on its way')")
        self.assertIn("“a”", self.browser.run("return document.querySelector('canvas').getAttribute('aria-label');"))
        self.settled()
        self.assertEqual(self.saved_rows(), before)
        self.assertIn("“a large polyp”", self.browser.run("return document.querySelector('canvas').getAttribute('aria-label');"))

    def test_the_layer_that_is_painted_is_the_one_that_is_saved(self):
        self.drop(self.path / "disc.png")
        self.write("first")
        self.browser.click("#add")
        self.write("second", row=2)
        self.browser.click("#beside")
        self.browser.click("#sentences li:first-child .sentence")
        self.slide("threshold", 1)
        self.browser.click("#brush")
        self.browser.until("document.querySelectorAll('canvas').length === 2")
        self.browser.drag("#stages figure:nth-child(2) canvas", [(0, 0), (40, 10)])
        painted = self.shown_mask()
        self.assertIn(255, painted)
        self.browser.click("#save")
        self.browser.until("document.getElementById('status').textContent.includes('Saved')")
        row = self.saved_rows()[-1]
        self.assertIn("second", json.dumps(row["prompts"]))
        self.assertEqual(self.pixels(self.path / "saved" / "masks" / row["mask_name"]), painted)

    def test_undo_brings_back_no_other_sentences_correction(self):
        self.drop(self.path / "disc.png")
        self.write("polyp")
        self.browser.click("#brush")
        self.browser.drag("canvas", [(0, 0), (40, 10)])
        self.browser.drag("canvas", [(0, 20), (40, 30)])
        self.write(" large")
        found = self.shown_mask()
        self.browser.click("#undo")
        self.assertEqual(self.shown_mask(), found)
        self.assertNotIn("corrected", self.browser.run("return document.querySelector('#sentences output').textContent;"))

    def test_more_sentences_than_a_request_takes(self):
        self.drop(self.path / "disc.png")
        self.browser.run("""
            const {sentences} = await import('/main.js');
            for (let i = 0; i < 17; ++i) sentences.add(`polyp ${i}`, true);""")
        self.drop(self.path / "disc.png")
        self.settled()
        self.assertEqual(self.browser.run("""
            const {sentences} = await import('/main.js');
            return sentences.layers.filter(layer => layer.map).map(layer => layer.of);"""), [f"polyp {i}" for i in range(17)])

    def test_a_template_is_a_sentence(self):
        texts = self.browser.run("return [...document.querySelectorAll('#words option')].map(option => option.value).filter(Boolean);")
        self.assertGreater(len(texts), 3)
        filled = self.browser.run("const {page} = await import('/main.js'); return given[0].map(text => page.words.fill(text));", texts)
        self.assertEqual([text for text in filled if "{" in text or "}" in text], [])

    def test_a_data_set_is_browsed_and_scored(self):
        self.browser.until("document.querySelectorAll('#rows button').length === 3")
        self.browser.click("#rows li:nth-child(2) button")
        self.browser.until("document.querySelectorAll('#prompts tbody tr').length === 3")
        self.browser.click("#score")
        self.browser.until("document.querySelectorAll('#prompts td.dice')[2].textContent")
        self.browser.click("#prompts tbody tr:nth-child(3) button")
        self.settled()
        self.assertEqual(self.browser.run("return document.querySelector('.sentence').value;"), "one small polyp")
        dice = self.browser.run("return document.querySelectorAll('#prompts td.dice')[2].textContent;")
        self.assertIn(f"Dice {dice}", self.browser.run("return document.querySelector('#sentences output').textContent;"))
        shown, truth = self.shown_mask(), self.pixels(self.path / "set" / "masks" / "1.png")
        both = sum(a > 0 and b > 0 for a, b in zip(shown, truth))
        total = sum(a > 0 for a in shown) + sum(b > 0 for b in truth)
        self.assertAlmostEqual(float(dice), 2 * both / total, delta=0.0006)

    def test_keys_alone_do_everything(self):
        self.browser.run("document.body.focus();")
        self.browser.type("#file", str(self.path / "disc.png"))
        self.browser.until("document.querySelector('canvas')")
        focused = "return document.activeElement?.{};"
        self.browser.run("document.activeElement.blur();")

        def tab_to(what):
            for _ in range(80):
                self.browser.keys("Tab")
                if self.browser.run(f"return document.activeElement.matches({json.dumps(what)});"):
                    return
            self.fail(f"Tab does not reach {what}")

        tab_to(".sentence")
        self.browser.keys(*"polyp")
        self.settled()
        tab_to("#brush")
        self.browser.keys("Space")
        for _ in range(80):
            self.browser.keys("Shift+Tab")
            if self.browser.run(focused.format("tagName")) == "CANVAS":
                break
        self.browser.keys("Right", "Down", "Shift+Right")
        self.assertRegex(self.status(), r"x 86, y 56: probability")
        before = self.shown_mask()
        self.browser.run("const {page} = await import('/main.js'); page.threshold = 1;")
        self.browser.keys("Space")
        self.assertEqual(self.shown_mask()[56 * 150 + 86], 255)
        self.assertNotEqual(self.shown_mask(), before)

    def test_everything_has_a_name_for_screen_readers(self):
        self.drop(self.path / "disc.png")
        self.write("one small polyp")
        nodes = self.browser.devtools("Accessibility.getFullAXTree")["nodes"]
        roles = {"button", "textbox", "slider", "checkbox", "radio", "combobox", "application", "list", "table", "link"}
        nameless = [node["role"]["value"] for node in nodes
                    if not node["ignored"] and node["role"]["value"] in roles - {"list", "table"} and not node.get("name", {}).get("value")]
        self.assertEqual(nameless, [])
        self.assertIn("status", {node["role"]["value"] for node in nodes if not node["ignored"]})

    def test_it_fits_every_screen(self):
        self.drop(self.path / "disc.png")
        self.write("one small polyp")
        for width, height in [(375, 800), (1280, 900), (2560, 1400)]:
            for dark in [False, True]:
                self.browser.size(width, height)
                self.browser.dark(dark)
                self.browser.run("await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame);")
                self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth;"), width)
                self.browser.screenshot(PICTURES / f"page-{width}-{'dark' if dark else 'light'}.png")
        self.browser.dark(False)

    def test_nothing_is_fetched_from_anywhere_else(self):
        self.drop(self.path / "disc.png")
        self.write("polyp")
        names = self.browser.run("return performance.getEntriesByType('resource').map(entry => entry.name);")
        self.assertGreater(len(names), 5)
        self.assertEqual([name for name in names if not name.startswith((self.server.address, "blob:", "data:"))], [])

    def test_a_key_stroke_is_a_mask(self):
        self.drop(self.path / "disc.png")
        times = []
        for letter in "one medium pink round polyp in the top left":
            self.write(letter)
            times.append(int(self.browser.run("return document.querySelector('#sentences output').dataset.milliseconds;")))
        first, *next_ones = times
        print(f"key stroke to mask: the first {first} ms, then median {statistics.median(next_ones)} ms, slowest {max(next_ones)} ms")
        self.assertEqual(len(times), 43)

    def test_a_bad_picture_is_refused_in_words(self):
        (self.path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n nothing")
        self.browser.type("#file", str(self.path / "bad.png"))
        self.browser.until("document.getElementById('status').classList.contains('bad')")
        self.assertNotIn(str(self.path), self.status())
        self.assertTrue([line for line in self.browser.log() if "422" in line or "400" in line])

    def test_a_server_that_starts_again_is_noticed(self):
        tiny = ["--model", "clipseg-tiny", "--weights", "random"]
        server = Server(*tiny)
        port = server.address.rstrip("/").rsplit(":", 1)[1]
        try:
            self.browser.open(server.address)
            self.browser.until("document.querySelector('#model').textContent.includes('clipseg-tiny')")
            self.drop(self.path / "disc.png")
            self.write("polyp")
            server.close()
            server = Server(*tiny, port=port)  # the same: it is sent the picture that it does not know
            self.write("one polyp")
            server.close()
            server = Server(*MODEL, port=port)
            self.browser.type("#sentences li:nth-child(1) .sentence", "one small polyp")
            self.browser.until("document.getElementById('status').textContent.includes('another model')")
        finally:
            server.close()
        self.assertTrue([line for line in self.browser.log() if "404" in line])


if __name__ == "__main__":
    unittest.main()
