// SPDX-License-Identifier: MIT
#include "serve/guard.hpp"
#include "serve/listener.hpp"
#include "support/doctest.hpp"

// Who may ask `vlsm serve` for what.
using namespace tool::serve;

namespace {

Route const routes[] = {{"GET", "/", Body::none, false, {}},
                        {"GET", "/healthz", Body::none, true, {}},
                        {"GET", "/v1/pictures/{picture}", Body::none, false, {}, {"most"}},
                        {"POST", "/v1/pictures", Body::picture, false, {}},
                        {"POST", "/v1/masks", Body::json, false, {}}};

Request asked(std::string method, std::string path,
              std::multimap<std::string, std::string> headers = {}) {
  if (!headers.contains("host")) headers.emplace("host", "127.0.0.1:8642");
  return {.method = std::move(method),
          .path = std::move(path),
          .headers = std::move(headers),
          .local_address = "127.0.0.1"};
}

/// The status with which a request is refused; 0: it is admitted.
int refusal(Request const& request, Gate const& gate) {
  try {
    admit(request, routes, gate);
    return 0;
  } catch (Refusal const& e) {
    CHECK(std::string(e.what()).find(": ") != std::string::npos);
    return e.status;
  }
}

Gate const home{.host = "127.0.0.1", .port = 8642, .token = "", .most_body = 1000};
Gate const open_gate{
    .host = "0.0.0.0", .port = 8642, .token = "0123456789abcdef", .most_body = 1000};

}  // namespace

TEST_CASE("only this server's names are answered") {
  for (char const* name : {"127.0.0.1:8642", "localhost:8642", "[::1]:8642", "LOCALHOST:8642"})
    CHECK(refusal(asked("GET", "/", {{"host", name}}), home) == 0);
  for (char const* name : {"evil.example:8642", "127.0.0.1", "localhost", "127.0.0.1:80", "",
                           "127.0.0.1:8642.evil.example", "evil.example", "127.0.0.1:8642 ",
                           "10.0.0.1:8642", "localhost.:8642"})
    CHECK_MESSAGE(refusal(asked("GET", "/", {{"host", name}}), home) == 403, name);
  CHECK(refusal(asked("GET", "/", {{"host", "127.0.0.1:8642"}, {"host", "127.0.0.1:8642"}}),
                home) == 403);
  Request nobody = asked("GET", "/");
  nobody.headers.clear();
  CHECK(refusal(nobody, home) == 403);
  // Bound to all addresses: the one that the client reached, and no name.
  Request far = asked("GET", "/healthz", {{"host", "10.0.0.7:8642"}});
  far.local_address = "10.0.0.7";
  CHECK(refusal(far, open_gate) == 0);
  far.headers = {{"host", "rebound.example:8642"}};
  CHECK(refusal(far, open_gate) == 403);
  far.headers = {{"host", "localhost:8642"}};
  CHECK(refusal(far, open_gate) == 403);
}

TEST_CASE("other sites' pages are refused") {
  auto const from = [](char const* name, char const* value) {
    return refusal(asked("GET", "/", {{name, value}}), home);
  };
  CHECK(from("origin", "http://127.0.0.1:8642") == 0);
  for (char const* origin :
       {"http://evil.example", "null", "http://localhost:8642", "", "https://127.0.0.1:8642",
        "http://127.0.0.1:3000", "http://127.0.0.1:86420"})
    CHECK_MESSAGE(from("origin", origin) == 403, origin);
  CHECK(from("sec-fetch-site", "same-origin") == 0);
  CHECK(from("sec-fetch-site", "none") == 0);
  for (char const* site : {"cross-site", "same-site", "", "SAME-ORIGIN"})
    CHECK_MESSAGE(from("sec-fetch-site", site) == 403, site);
}

TEST_CASE("a token opens all but healthz") {
  auto const with = [](std::multimap<std::string, std::string> headers,
                       std::string path = "/v1/pictures/x") {
    return refusal(asked("GET", std::move(path), std::move(headers)), open_gate);
  };
  CHECK(with({}) == 401);
  CHECK(with({}, "/healthz") == 0);
  CHECK(with({}, "/") == 401);
  CHECK(with({}, "/no/such/path") == 401);
  CHECK(with({{"authorization", "Bearer 0123456789abcdef"}}) == 0);
  CHECK(with({{"authorization", "bearer 0123456789abcdef"}}) == 0);
  CHECK(with({{"authorization", "Bearer 0123456789abcdef"}}, "/no/such/path") == 404);
  for (char const* wrong :
       {"Bearer ", "Bearer 0123456789abcde", "Bearer 0123456789abcdefg", "Bearer 0123456789abcdee",
        "0123456789abcdef", "Basic 0123456789abcdef", "Bearer 0123456789abcdef0123456789abcdef"})
    CHECK_MESSAGE(with({{"authorization", wrong}}) == 401, wrong);
  CHECK(with({{"cookie", "a=b; vlsm_token_8642=0123456789abcdef"}}) == 0);
  CHECK(with({{"cookie", "vlsm_token_8642="}}) == 401);
  CHECK(with({{"cookie", "xvlsm_token_8642=0123456789abcdef"}}) == 401);
  // Another program's port of this host gets the cookie, too: its name tells whose it is.
  CHECK(with({{"cookie", "vlsm_token=0123456789abcdef"}}) == 401);
  CHECK(with({{"cookie", "vlsm_token_8643=0123456789abcdef"}}) == 401);
  Request first = asked("GET", "/");
  first.query["token"] = "0123456789abcdef";
  CHECK(refusal(first, open_gate) == 0);
  first.path = "/v1/pictures/x";  // in an address it would go into logs and histories
  CHECK(refusal(first, open_gate) == 401);
}

TEST_CASE("paths and methods are those of the routes") {
  CHECK(refusal(asked("GET", "/v1/pictures/0a"), home) == 0);
  CHECK(refusal(asked("HEAD", "/"), home) == 0);
  for (char const* path :
       {"/../etc/passwd", "/v1/pictures/../x", "/v1/pictures/", "//", "/v1/pictures/a/b", "",
        "/index.html", "/HEALTHZ", "/healthz/", "/v1//pictures/x"})
    CHECK_MESSAGE(refusal(asked("GET", path), home) == 404, path);
  CHECK(refusal(asked("POST", "/"), home) == 405);
  CHECK(refusal(asked("DELETE", "/v1/pictures/0a"), home) == 405);
  CHECK(refusal(asked("OPTIONS", "/v1/masks"), home) == 405);
  try {
    find_route(routes, asked("PUT", "/v1/masks"));
    FAIL("a method that there is not");
  } catch (Refusal const& e) {
    CHECK(e.allow == "POST");
  }
}

TEST_CASE("what stands behind ? is what the path reads") {
  auto const ask = [](std::string const& path, std::string const& name) {
    Request request = asked("GET", path);
    request.query[name] = "3";
    return refusal(request, home);
  };
  CHECK(ask("/v1/pictures/0a", "most") == 0);
  for (char const* other : {"Most", "slice", "", "token"})
    CHECK_MESSAGE(ask("/v1/pictures/0a", other) == 400, other);
  CHECK(ask("/", "utm_source") == 0);
  CHECK(ask("/healthz", "now") == 0);
}

TEST_CASE("bodies are bounded before they are read") {
  auto const body = [](std::multimap<std::string, std::string> headers) {
    headers.emplace("content-type", "application/json");
    return refusal(asked("POST", "/v1/masks", std::move(headers)), home);
  };
  CHECK(body({{"content-length", "0"}}) == 0);
  CHECK(body({{"content-length", "1000"}}) == 0);
  CHECK(body({{"content-length", "1001"}}) == 413);
  CHECK(body({{"content-length", "99999999999999999999999999"}}) == 413);
  for (char const* lie : {"-1", "+1", "0x10", "", "1 ", "1,1", "1e3", "ten"})
    CHECK_MESSAGE(body({{"content-length", lie}}) == 400, lie);
  CHECK(body({{"content-length", "1"}, {"content-length", "2"}}) == 400);
  CHECK(body({}) == 411);
  CHECK(body({{"transfer-encoding", "chunked"}}) == 411);
  CHECK(body({{"transfer-encoding", "chunked"}, {"content-length", "5"}}) == 411);
  CHECK(body({{"content-length", "5"}, {"content-encoding", "gzip"}}) == 415);
  CHECK(refusal(asked("GET", "/", {{"content-length", "1"}}), home) == 413);
  auto const typed = [](char const* path, char const* type) {
    return refusal(asked("POST", path, {{"content-length", "5"}, {"content-type", type}}), home);
  };
  CHECK(typed("/v1/masks", "Application/JSON; charset=utf-8") == 0);
  for (char const* type :
       {"text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"})
    CHECK_MESSAGE(typed("/v1/masks", type) == 415, type);
  for (char const* type :
       {"image/png", "image/jpeg", "application/dicom", "application/octet-stream"})
    CHECK_MESSAGE(typed("/v1/pictures", type) == 0, type);
  for (char const* type : {"text/html", "multipart/form-data; boundary=x", ""})
    CHECK_MESSAGE(typed("/v1/pictures", type) == 415, type);
}

TEST_CASE("a link from anywhere opens the page, and nothing else") {
  std::multimap<std::string, std::string> const link{{"sec-fetch-site", "cross-site"},
                                                     {"sec-fetch-mode", "navigate"},
                                                     {"sec-fetch-dest", "document"}};
  CHECK(refusal(asked("GET", "/", link), home) == 0);
  Request far = asked("GET", "/", link);
  CHECK(refusal(far, open_gate) == 401);
  far.query["token"] = "0123456789abcdef";
  CHECK(refusal(far, open_gate) == 0);
  CHECK(refusal(asked("GET", "/v1/pictures/0a", link), home) == 403);
  CHECK(refusal(asked("POST", "/v1/masks", link), home) == 403);
  for (auto const& [name, value] : {std::pair{"sec-fetch-mode", "no-cors"},
                                    {"sec-fetch-dest", "iframe"},
                                    {"sec-fetch-dest", "image"}}) {
    auto other = link;
    other.erase(name);
    CHECK(refusal(asked("GET", "/", other), home) == 403);
    other.emplace(name, value);
    CHECK(refusal(asked("GET", "/", other), home) == 403);
  }
}

TEST_CASE("names are the same in capitals") {
  Gate const gate{.host = "VM.Ward", .port = 8642};
  Request request = asked("GET", "/", {{"host", "vm.ward:8642"}});
  request.local_address = "10.0.0.7";
  CHECK(refusal(request, gate) == 0);
  request.headers = {{"host", "VM.WARD:8642"}};
  CHECK(refusal(request, gate) == 0);
  request.headers = {{"host", "localhost:8642"}};
  CHECK(refusal(request, gate) == 403);
}

TEST_CASE("what is this machine's alone is told by addresses, not by names") {
  CHECK(is_loopback("127.0.0.1"));
  CHECK(is_loopback("127.9.8.7"));
  CHECK(is_loopback("::1"));
  for (char const* other : {"127.example.org", "10.0.0.1", "0.0.0.0", "::", "", "localhost.evil"})
    CHECK_MESSAGE(!is_loopback(other), other);
  Listener const here("localhost", 0), all("0.0.0.0", 0);
  CHECK(here.local());
  CHECK_FALSE(here.all());
  CHECK_FALSE(all.local());
  CHECK(all.all());
}

TEST_CASE("behind a proxy its name and its pages are the server's own") {
  Gate gate = home;
  gate.token = "0123456789abcdef";
  auto const post = [&](char const* host, char const* origin) {
    return refusal(asked("POST", "/v1/masks",
                         {{"host", host},
                          {"origin", origin},
                          {"authorization", "Bearer 0123456789abcdef"},
                          {"content-type", "application/json"},
                          {"content-length", "2"}}),
                   gate);
  };
  CHECK(post("clinic.example", "https://clinic.example") == 403);
  gate.origin = public_origin("https://Clinic.example/");
  CHECK(post("clinic.example", "https://clinic.example") == 0);  // the proxy keeps Host
  CHECK(post("127.0.0.1:8642", "https://clinic.example") == 0);  // or puts its own
  CHECK(post("127.0.0.1:8642", "http://127.0.0.1:8642") == 0);
  CHECK(post("clinic.example", "https://evil.example") == 403);
  CHECK(post("clinic.example:444", "https://clinic.example") == 403);
  CHECK(post("evil.example", "https://clinic.example") == 403);
  CHECK(public_origin("https://clinic.example:443") == "https://clinic.example");
  CHECK(public_origin("http://[::1]:81/") == "http://[::1]:81");
  for (char const* none : {"clinic.example", "ftp://clinic.example", "https://", "http:///", "",
                           "https://clinic.example/page", "https://a b", "https://user@host"})
    CHECK_THROWS_AS(public_origin(none), vlsm::Error);
}
