# SPDX-License-Identifier: MIT
"""Clients that mean well and clients that do not, all at once, at `vlsm serve`.

    serve_load.py VLSM [--seconds 60] [--clients 32] [--requests N] [--model clipseg-tiny]

Starts the tool, asks it for what is right first, then lets CLIENTS threads send valid and hostile requests for so long
(or until N requests were sent). Every valid answer must be that of the beginning; a hostile one must be refused or end;
503 is an answer of a busy server, and such a request is sent again. At the end the server must still answer, must end
with status 0 on SIGTERM, and must not have grown: from a third of the run on its memory may rise by 64 MiB at most.
"""
import argparse
import json
import pathlib
import random
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib


def png(width, height, seed):
    draw = random.Random(seed)
    slope = [draw.randrange(1, 9) for _ in range(6)]
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            rows += bytes(((x * slope[c] + y * slope[c + 3]) & 255) for c in range(3))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b"")


class Server:
    def __init__(self, tool, model, folder):
        self.process = subprocess.Popen([tool, "serve", "--model", model, "--weights", "random", "--port", "0", "--threads", "1",
                                         "--cache", "1", "--save", str(folder / "kept")], stdout=subprocess.PIPE, stderr=open(folder / "err", "wb"))
        line = self.process.stdout.readline().decode()
        self.port = int(re.match(r"http://127\.0\.0\.1:(\d+)/", line)[1])
        self.host = f"127.0.0.1:{self.port}"

    def memory(self):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def send(self, bytes_):
        """All that comes back, as (status, body); (0, b"") where the server ends without an answer."""
        with self.connect() as client:
            try:
                client.sendall(bytes_)
            except OSError:
                pass  # refused before all was sent: the answer may be there
            answer = b""
            try:
                while part := client.recv(65536):
                    answer += part
            except OSError:
                pass
        match = re.match(rb"HTTP/1\.1 (\d+)", answer)
        return (int(match[1]), answer.partition(b"\r\n\r\n")[2]) if match else (0, b"")

    def request(self, method, path, body=b"", type_="application/json", more=""):
        head = f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\n{more}"
        if method == "POST":
            head += f"Content-Type: {type_}\r\nContent-Length: {len(body)}\r\n"
        return self.send(head.encode() + b"\r\n" + body)


class Load:
    def __init__(self, server):
        self.server = server
        self.pictures = [png(40 + 3 * i, 30 + 2 * i, i) for i in range(30)]
        self.prompts = ["one large polyp", "", "polyp", "tumor \u00e9", "<script>alert(1)</script>"]
        self.lock = threading.Lock()
        self.counts = {"valid": 0, "hostile": 0, "busy": 0, "evicted": 0}
        self.wrong = []
        self.expected = [self.ask(i) for i in range(len(self.pictures))]

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def note(self, text):
        with self.lock:
            self.wrong.append(text)

    def patiently(self, *request):
        """A valid request, sent again while the server is busy."""
        for _ in range(400):
            status, body = self.server.request(*request)
            if status != 503 and status != 0:
                return status, body
            self.count("busy")
            time.sleep(random.uniform(0.01, 0.1))
        return 503, b""

    def ask(self, index):
        """The masks of a picture's prompts, each as sent: what must stay the same."""
        for _ in range(50):
            status, body = self.patiently("POST", "/v1/pictures", self.pictures[index], "image/png")
            if status != 200:
                return f"picture: {status} {body[:200]}"
            name = json.loads(body)["picture"]
            order = json.dumps({"picture": name, "prompts": self.prompts, "format": "mask"}).encode()
            status, body = self.patiently("POST", "/v1/masks", order)
            if status == 404:  # it made room for others meanwhile
                self.count("evicted")
                continue
            if status != 200:
                return f"masks: {status} {body[:200]}"
            return [mask["data"] for mask in json.loads(body)["masks"]]
        return "a picture was never kept"

    def valid(self):
        kind = random.randrange(4)
        if kind == 0:
            status, body = self.patiently("GET", "/healthz")
            right = status == 200 and json.loads(body) == {"status": "ok"}
        elif kind == 1:
            status, body = self.patiently("GET", random.choice(["/", "/v1/model", "/v1/words", "/v1/openapi.json"]))
            right = status == 200 and len(body) > 50
        else:
            index = random.randrange(len(self.pictures))
            found = self.ask(index)
            status, body, right = 200, b"masks", found == self.expected[index]
            if not right:
                self.note(f"picture {index}: {str(found)[:300]}")
        self.count("valid")
        if not right:
            self.note(f"kind {kind}: {status} {body[:200]}")

    def hostile(self):
        server, host = self.server, self.server.host
        kind = random.randrange(11)
        if kind == 0:  # another host, another site
            status, _ = server.send(b"GET /v1/model HTTP/1.1\r\nHost: evil.example\r\n\r\n")
            good = (403, 503, 0)
        elif kind == 1:
            status, _ = server.request("POST", "/v1/masks", b"{}", "application/json", "Origin: http://evil.example\r\n")
            good = (403, 503, 0)
        elif kind == 2:  # paths
            path = random.choice(["/../../etc/passwd", "/..%2f..%2fetc%2fpasswd", "/v1/pictures/%00", "/v1/data/..%2f../0/picture"])
            status, body = server.request("GET", path)
            good = (404, 400, 503, 0)
            if b"root:" in body:
                self.note("a file came")
        elif kind == 3:  # a head that drips, and is left
            with server.connect() as client:
                for part in [b"GET / HT", b"TP/1.1\r\nHo", b"st: 127"]:
                    try:
                        client.sendall(part)
                    except OSError:
                        break
                    time.sleep(random.uniform(0, 0.05))
            status, good = 0, (0,)
        elif kind == 4:  # a head without end
            status, _ = server.send(f"GET / HTTP/1.1\r\nHost: {host}\r\nX: ".encode() + b"a" * random.randrange(20_000, 300_000))
            good = (431, 503, 0)
        elif kind == 5:  # a body without end
            head = f"POST /v1/pictures HTTP/1.1\r\nHost: {host}\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n"
            status, _ = server.send(head.encode() + b"1000\r\n" + b"x" * 4096 + b"\r\n" * 50)
            good = (411, 503, 0)
        elif kind == 6:  # a length that lies
            claim = random.choice(["-1", "99999999999999999999", "1e9", "12, 12", str(1 << 40)])
            head = f"POST /v1/masks HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {claim}\r\n\r\n{{}}"
            status, _ = server.send(head.encode())
            good = (400, 413, 503, 0)
        elif kind == 7:  # a body that is cut off
            with server.connect() as client:
                try:
                    client.sendall(f"POST /v1/pictures HTTP/1.1\r\nHost: {host}\r\nContent-Type: image/png\r\nContent-Length: 9999999\r\n\r\n".encode() + b"x" * 5000)
                except OSError:
                    pass
            status, good = 0, (0,)
        elif kind == 8:  # pictures that are none, or are broken
            whole = bytearray(random.choice(self.pictures))
            whole[random.randrange(8, len(whole))] ^= 1 << random.randrange(8)
            status, _ = server.request("POST", "/v1/pictures", bytes(whole[:random.randrange(1, len(whole))]), "image/png")
            good = (422, 503, 0)
        elif kind == 9:  # JSON that is none
            body = random.choice([b"{", b"[" * 5000, b"\xff\xfe", b'{"picture":"..","prompts":["x"]}', b"null", b'{"picture":1e999}'])
            status, _ = server.request("POST", "/v1/masks", body)
            good = (400, 404, 503, 0)
        else:  # noise
            status, _ = server.send(random.randbytes(random.randrange(1, 2000)) + b"\r\n\r\n")
            good = (400, 403, 404, 405, 414, 431, 503, 0)
        self.count("hostile")
        if status not in good:
            self.note(f"hostile {kind}: {status}")

    def run(self, until, most):
        while time.monotonic() < until and self.counts["valid"] + self.counts["hostile"] < most and len(self.wrong) < 20:
            try:
                self.valid() if random.random() < 0.5 else self.hostile()
            except ConnectionError as error:
                self.count("busy")
                if self.server.process.poll() is not None:
                    self.note(f"the server has ended: {error}")
                    return
            except Exception as error:  # a mistake of this program, or an answer that is none
                self.note(f"{type(error).__name__}: {error}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tool")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--requests", type=int, default=10**9)
    parser.add_argument("--model", default="clipseg-tiny")
    parser.add_argument("--sanitized", action="store_true", help="the tool keeps what it frees for a while: its memory is not judged")
    options = parser.parse_args()
    random.seed(1)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        server = Server(options.tool, options.model, folder)
        try:
            load = Load(server)
            for masks in load.expected:
                if not isinstance(masks, list):
                    load.note(f"at the beginning: {masks}")
            begun = time.monotonic()
            threads = [threading.Thread(target=load.run, args=(begun + options.seconds, options.requests)) for _ in range(options.clients)]
            for thread in threads:
                thread.start()
            memory = []
            while any(thread.is_alive() for thread in threads):
                memory.append(server.memory())
                time.sleep(0.2)
            took = time.monotonic() - begun
            if load.patiently("GET", "/healthz")[0] != 200:
                load.note("the server does not answer any more")
            server.process.send_signal(signal.SIGTERM)
            status = server.process.wait(30)
            if status != 0:
                load.note(f"the server ended with status {status}")
            memory = [value for value in memory if value] or [0]
            settled = max(memory[: max(1, len(memory) // 3)])
            if max(memory) > settled + 64 and not options.sanitized:
                load.note(f"memory rose from {settled:.0f} to {max(memory):.0f} MiB")
        finally:
            server.process.kill()
        errors = (folder / "err").read_text(errors="replace")
        if "ERROR" in errors or "runtime error" in errors:
            load.note(errors[:3000])
        print(f"{took:.1f} s, {options.clients} clients: " + ", ".join(f"{n} {what}" for what, n in load.counts.items()) +
              f"; memory {memory[0]:.0f} MiB at first, {settled:.0f} in the first third, {max(memory):.0f} at most, {memory[-1]:.0f} at last")
        for line in load.wrong[:20]:
            print("wrong:", line)
        sys.exit(1 if load.wrong else 0)


main()
