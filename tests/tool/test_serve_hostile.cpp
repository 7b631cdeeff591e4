// SPDX-License-Identifier: MIT
#include <thread>

#include "support/pictures.hpp"
#include "tool/serving.hpp"

// `vlsm serve` against clients that mean no good, or are slow, or leave; and its start and end.
using namespace vlsm::test;

namespace {

std::vector<std::string> const small{"--model", "clipseg-tiny", "--weights", "random"};

void check_alive(Serving const& server) { CHECK(server.get("/healthz").status == 200); }

}  // namespace

TEST_CASE("other hosts, other sites and path tricks find nothing") {
  Serving const server(small);
  auto const with_host = [&](std::string const& host) {
    return server.raw("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n").status;
  };
  CHECK(with_host(server.host()) == 200);
  CHECK(with_host("localhost:" + std::to_string(server.port())) == 200);
  CHECK(with_host("evil.example") == 403);
  CHECK(with_host("evil.example:" + std::to_string(server.port())) == 403);
  CHECK(with_host("127.0.0.1") == 403);
  CHECK(server.raw("GET / HTTP/1.1\r\n\r\n").status == 403);
  CHECK(server.raw("GET / HTTP/1.0\r\n\r\n").status == 403);
  CHECK(server.get("/", "Host: evil.example\r\n").status == 403);
  CHECK(server.get("/", "Origin: http://evil.example\r\n").status == 403);
  CHECK(server.get("/", "Origin: null\r\n").status == 403);
  CHECK(server.get("/", "Origin: http://" + server.host() + "\r\n").status == 200);
  CHECK(server.get("/", "Sec-Fetch-Site: cross-site\r\n").status == 403);
  CHECK(server.get("/healthz", "Origin: http://evil.example\r\n").status == 403);
  CHECK(server.post("/v1/masks", "application/json", "{}", "Origin: http://evil.example\r\n")
            .status == 403);
  CHECK(server.get("/v1/pictures/x").headers.at("cache-control") == "no-store");
  CHECK(server.get("/v1/model", "Origin: null\r\n").headers.at("cache-control") == "no-store");
  std::string const link =
      "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";
  CHECK(server.get("/", link).status == 200);
  CHECK(server.get("/v1/model", link).status == 403);
  for (char const* path :
       {"/../../etc/passwd", "/..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/etc/passwd",
        "/v1/pictures/..%2f..%2fx", "//etc/passwd", "/page.css%00.html",
        "/v1/data/..%2f..%2fetc/0/picture", "/./", "/index.html/..", "/v1/pictures/%00",
        "/\\..\\..\\etc\\passwd", "/v1/../healthz", "/%", "/%zz", "/v1/data/%0d%0aX:1/0/truth"}) {
    Reply const reply = server.get(path);
    INFO(path, " ", reply.status, " ", reply.body.substr(0, 100));
    CHECK((reply.status == 404 || reply.status == 400));
    CHECK(reply.body.find("root:") == std::string::npos);
    CHECK(reply.body.starts_with("{\"error\":"));
    CHECK_FALSE(reply.headers.contains("x"));
  }
  CHECK(server.raw(server.head("PUT", "/v1/masks", "Content-Length: 0\r\n") + "\r\n")
            .headers.at("allow") == "POST");
  CHECK(server.raw(server.head("TRACE", "/") + "\r\n").status == 405);
  CHECK(server.raw(server.head("CONNECT", "/") + "\r\n").status == 405);
  CHECK(server.raw(server.head("BREW", "/") + "\r\n").status == 400);
  check_alive(server);
}

TEST_CASE("heads without end, in length or in number, end") {
  Serving const server(small);
  std::string const many(3'000'000, 'a');
  CHECK(server.raw(server.head("GET", "/", "X: " + many + "\r\n") + "\r\n").status == 431);
  CHECK(server.raw("GET /" + many + " HTTP/1.1\r\n\r\n").status == 431);
  CHECK(server.raw(many).status == 431);
  std::string lines;
  for (int i = 0; i < 3000; ++i) lines += "X" + std::to_string(i) + ": 1\r\n";
  CHECK(server.raw(server.head("GET", "/", lines) + "\r\n").status == 431);
  CHECK(server.get("/" + std::string(9000, 'a')).status == 414);
  std::string const ranges = [] {
    std::string text = "Range: bytes=0-";
    for (int i = 0; i < 700; ++i) text += ",0-";
    return text + "\r\n";
  }();
  Reply const whole = server.get("/", ranges);
  CHECK((whole.status == 200 || whole.status == 416));
  CHECK(whole.body.size() < 20'000);
  for (std::string const& bytes :
       {std::string("\0\0\0\0\r\n\r\n", 8), std::string("\r\n\r\n"), std::string("GET\r\n\r\n"),
        std::string("GET / HTTP/9\r\n\r\n"), std::string("\x16\x03\x01\x02\r\n\r\n")}) {
    Reply const reply = server.raw(bytes);
    CHECK((reply.status == 400 || reply.status == 403));
  }
  check_alive(server);
}

TEST_CASE("bodies are what their heads say, or are not read") {
  Serving const server(with(small, {"--body", "1"}));
  auto const said = [&](std::string const& headers, std::string const& body) {
    return server.raw(server.head("POST", "/v1/pictures", "Content-Type: image/png\r\n" + headers) +
                      "\r\n" + body);
  };
  std::string const png = small_png();
  std::string const length = "Content-Length: " + std::to_string(png.size()) + "\r\n";
  CHECK(said(length, png).status == 200);
  CHECK(said(length, png + "more than was said").status == 200);
  CHECK(said("", png).status == 411);
  CHECK(said("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n").status == 411);
  CHECK(said(length + "Transfer-Encoding: chunked\r\n", png).status == 411);
  CHECK(said("Content-Length: 1048577\r\n", "").status == 413);
  CHECK(said("Content-Length: 18446744073709551616\r\n", "").status == 413);
  CHECK(said("Content-Length: -1\r\n", "").status == 400);
  CHECK(said(length + length, png).status == 400);
  CHECK(said("Content-Encoding: gzip\r\n" + length, png).status == 415);
  CHECK(server.post("/v1/pictures", "multipart/form-data; boundary=x", png).status == 415);
  CHECK(server.post("/v1/masks", "text/plain", "{}").status == 415);
  CHECK(said("Expect: 100-continue\r\nContent-Length: 1048577\r\n", "").status == 413);
  Reply const went_on = said("Expect: 100-continue\r\n" + length, png);
  CHECK(went_on.status == 100);
  CHECK(went_on.body.find("HTTP/1.1 200") != std::string::npos);
  {  // a client that ends its body early
    Client const client(server.port());
    client.send(server.head("POST", "/v1/pictures", "Content-Type: image/png\r\n" + length) +
                "\r\n" + png.substr(0, 9));
  }
  {  // and one whose body has no end: it is refused, and told so
    Client const client(server.port());
    client.send(server.head("POST", "/v1/pictures",
                            "Content-Type: image/png\r\nTransfer-Encoding: chunked\r\n") +
                "\r\n");
    std::string const chunk = "10000\r\n" + std::string(65536, 'x') + "\r\n";
    for (int i = 0; i < 2000 && client.send(chunk); ++i) {
    }
  }
  check_alive(server);
}

TEST_CASE("slow clients do not hold the server") {
  Serving const server(small);
  std::vector<std::unique_ptr<Client>> slow;
  for (int i = 0; i < 200; ++i) {  // more than there are connections
    slow.push_back(std::make_unique<Client>(server.port()));
    slow.back()->send(
        i % 2 ? "GET / HT"
              : server.head("POST", "/v1/masks",
                            "Content-Type: application/json\r\nContent-Length: 99\r\n") +
                    "\r\n{");
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  int answered = 0;
  for (int i = 0; i < 20; ++i) answered += server.get("/healthz").status == 200;
  CHECK(answered >= 19);
  // One that is let be gets its answer when its time is over.
  Client const late(server.port());
  late.send("GET / HTTP/1.1\r\nHost: ");
  CHECK(late.reply().status == 408);
}

TEST_CASE("clients that leave take nothing along") {
  Serving const server(small);
  std::string const id = server.picture(small_png());
  std::string const body =
      nlohmann::json{{"picture", id}, {"prompts", {"x"}}, {"size", {3000, 3000}}}.dump();
  for (int i = 0; i < 50; ++i) {
    Client const client(server.port());
    client.send(server.head("POST", "/v1/masks",
                            "Content-Type: application/json\r\nContent-Length: " +
                                std::to_string(body.size()) + "\r\n") +
                "\r\n" + body);
  }
  check_alive(server);
  CHECK(server.post("/v1/masks", nlohmann::json{{"picture", id}, {"prompts", {"x"}}}).status ==
        200);
}

TEST_CASE("a token is asked for where others reach the server") {
  Serving const server(with(small, {"--host", "0.0.0.0"}));
  std::size_t const at = server.address().find("/?token=");
  REQUIRE(at != std::string::npos);
  std::string const token = server.address().substr(at + 8);
  CHECK(token.size() == 32);
  int const port = server.port();
  CHECK(server.address().find("0.0.0.0") == std::string::npos);  // nobody can open that
  std::string const named = server.address().substr(7, at - 7);
  CHECK(server.raw("GET /healthz HTTP/1.1\r\nHost: " + named + "\r\n\r\n").status == 200);
  auto const get = [&](std::string const& path, std::string const& more = "") {
    Client const client(port);
    client.send("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n" +
                more + "\r\n");
    return client.reply();
  };
  CHECK(get("/healthz").status == 200);
  CHECK(get("/").status == 401);
  CHECK(get("/v1/model").status == 401);
  CHECK(get("/?token=" + std::string(32, '0')).status == 401);
  Reply const first = get("/?token=" + token);
  CHECK(first.status == 303);
  CHECK(first.headers.at("location") == "/");
  CHECK(first.headers.at("set-cookie") ==
        "vlsm_token_" + std::to_string(port) + "=" + token + "; Path=/; HttpOnly; SameSite=Lax");
  CHECK(get("/", "Cookie: vlsm_token_" + std::to_string(port) + "=" + token + "\r\n").status ==
        200);
  CHECK(get("/v1/model", "Authorization: Bearer " + token + "\r\n").status == 200);
  CHECK(get("/v1/model?token=" + token).status == 401);
  CHECK(get("/v1/model", "Authorization: Bearer " + token + "x\r\n").status == 401);

  // Whom a proxy lets through is not this machine alone.
  Serving const proxied(with(small, {"--origin", "https://clinic.example"}));
  CHECK(proxied.address().find("/?token=") != std::string::npos);
  CHECK(proxied.raw("GET / HTTP/1.1\r\nHost: clinic.example\r\n\r\n").status == 401);
  CHECK(proxied.raw("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").status == 403);
  check_failed(run_tool("serve --port 0 --model clipseg-tiny --weights random --origin clinic"), 1,
               "this is no origin");

  TempDir const folder;
  write_file(folder / "token", "a-token-of-my-own\n");
  Serving const own(with(small, {"--token-file", (folder / "token").string()}));
  CHECK(own.address().ends_with("/?token=a-token-of-my-own"));
  write_file(folder / "short", "short");
  check_failed(run_tool("serve --port 0 --model clipseg-tiny --weights random --token-file " +
                        as_word(folder / "short")),
               1, "this is no token");
  check_failed(run_tool("serve --port 0 --model clipseg-tiny --weights random --token-file " +
                        as_word(folder / "none")),
               1, "the token's file cannot be read");
  check_failed(run_tool("serve --port 0 --model clipseg-tiny --weights random --token-file ''"), 2,
               "--token-file");
}

TEST_CASE("it ends cleanly, and says what keeps it from starting") {
  for (int const signal : {SIGINT, SIGTERM}) {
    Serving server(small);
    std::string const id = server.picture(small_png());
    Client const open(server.port());  // one that says nothing
    CHECK(server.end(signal) == 0);
    CHECK(server.errors() == "");
  }
  Serving at_once(small);  // while the model may still be loaded
  CHECK(at_once.end(SIGINT) == 0);

  Serving const server(small);
  check_failed(run_tool("serve --model clipseg-tiny --weights random --port " +
                        std::to_string(server.port())),
               1, "the port is in use");
  check_failed(run_tool("serve --model clipseg-tiny --weights random --port 0 --host 192.0.2.1"), 1,
               "none of this machine's");
  check_failed(
      run_tool("serve --model clipseg-tiny --weights random --port 0 --host no.such.host.invalid"),
      1, "the address cannot be used");
  check_failed(run_tool("serve --model clipseg-tiny --weights /no/such/file --port 0"), 1,
               "/no/such/file");
  check_failed(run_tool("serve --model clipseg-tiny --weights random --port 70000"), 2, "--port");
  check_failed(
      run_tool("serve --model clipseg-tiny --weights random --port 0 --data /no/such/folder"), 1,
      "annotations");
  TempDir const folder;
  write_file(folder / "weights.safetensors", "no weights at all");
  check_failed(run_tool("serve --port 0 --model clipseg-tiny --weights " +
                        as_word(folder / "weights.safetensors")),
               1, "weights.safetensors");
}

TEST_CASE("a browser is opened without a shell") {
  TempDir const folder;
  write_file(folder / "xdg-open",
             "#!/bin/sh\nprintf %s \"$1\" > '" + (folder / "opened").string() + "'\n");
  std::filesystem::permissions(folder / "xdg-open", std::filesystem::perms::owner_all);
  std::string const path = folder.path().string() + ":" + std::getenv("PATH");
  Serving const server(with(small, {"--open"}), {{"PATH", path}});
  for (int i = 0; i < 200 && read_file(folder / "opened").empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK(read_file(folder / "opened") == server.address());
  Serving none(with(small, {"--open"}), {{"PATH", folder.path().string() + "/empty"}});
  check_alive(none);  // the page can be opened by hand
  CHECK(none.end(SIGINT) == 0);
  CHECK(none.errors().find("xdg-open is missing") != std::string::npos);
}
