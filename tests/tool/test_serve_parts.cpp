// SPDX-License-Identifier: MIT
#include <atomic>
#include <future>
#include <thread>

#include "serve/annotation_writer.hpp"
#include "serve/guard.hpp"
#include "serve/job_queue.hpp"
#include "support/doctest.hpp"
#include "support/fixtures.hpp"

// The parts of `vlsm serve` that need neither a model nor HTTP.
using namespace tool::serve;
using vlsm::test::TempDir;

namespace {

Route const routes[] = {{"GET", "/", Body::none, false, {}},
                        {"GET", "/healthz", Body::none, true, {}},
                        {"GET", "/v1/pictures/{picture}", Body::none, false, {}},
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
  CHECK(with({{"authorization", "Bearer 0123456789abcdef"}}, "/no/such/path") == 404);
  for (char const* wrong :
       {"Bearer ", "Bearer 0123456789abcde", "Bearer 0123456789abcdefg", "Bearer 0123456789abcdee",
        "0123456789abcdef", "Basic 0123456789abcdef", "Bearer 0123456789abcdef0123456789abcdef"})
    CHECK_MESSAGE(with({{"authorization", wrong}}) == 401, wrong);
  CHECK(with({{"cookie", "a=b; vlsm_token=0123456789abcdef"}}) == 0);
  CHECK(with({{"cookie", "vlsm_token="}}) == 401);
  CHECK(with({{"cookie", "xvlsm_token=0123456789abcdef"}}) == 401);
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

TEST_CASE("the queue is bounded, in order, and skips whose client has gone") {
  std::promise<void> loaded;
  JobQueue queue(2, [&] { loaded.get_future().wait(); });
  std::vector<int> done;
  auto const here = [] { return false; };
  auto first = std::async(std::launch::async, [&] { queue.run([&] { done.push_back(1); }, here); });
  while (queue.waiting() < 1) std::this_thread::yield();
  std::atomic<bool> gone = false;
  auto second = std::async(std::launch::async, [&] {
    queue.run([&] { done.push_back(2); }, [&] { return gone.load(); });
  });
  while (queue.waiting() < 2) std::this_thread::yield();
  try {
    queue.run([&] { done.push_back(3); }, here);
    FAIL("a third waits");
  } catch (Refusal const& e) {
    CHECK(e.status == 503);
  }
  gone = true;
  loaded.set_value();
  first.get();
  CHECK_THROWS_AS(second.get(), Refusal);
  CHECK(done == std::vector<int>{1});
  queue.run([&] { done.push_back(4); }, here);
  CHECK(done == std::vector<int>{1, 4});
  CHECK_THROWS_AS(queue.run([] { throw std::runtime_error("in a job"); }, here),
                  std::runtime_error);
  queue.run([&] { done.push_back(5); }, here);  // it goes on
  CHECK(done.size() == 3);
  queue.stop();
  CHECK_THROWS_AS(queue.run([] {}, here), Refusal);
}

TEST_CASE("whose client has gone makes room in a full queue") {
  std::promise<void> loaded;
  JobQueue queue(1, [&] { loaded.get_future().wait(); });
  std::atomic<bool> gone = false, done = false;
  auto left =
      std::async(std::launch::async, [&] { queue.run([] {}, [&] { return gone.load(); }); });
  while (queue.waiting() < 1) std::this_thread::yield();
  CHECK_THROWS_AS(queue.run([] {}, [] { return false; }), Refusal);
  gone = true;
  auto next = std::async(std::launch::async,
                         [&] { queue.run([&] { done = true; }, [] { return false; }); });
  CHECK_THROWS_AS(left.get(), Refusal);
  loaded.set_value();
  next.get();
  CHECK(done);
}

TEST_CASE("a model that fails to load fails all who wait for it") {
  std::promise<void> go;
  JobQueue queue(4, [&] {
    go.get_future().wait();
    throw vlsm::Error("no weights", "here", "bring some");
  });
  auto waiting = std::async(std::launch::async, [&] { queue.run([] {}, [] { return false; }); });
  while (queue.waiting() < 1) std::this_thread::yield();
  CHECK_FALSE(queue.failure());
  go.set_value();
  CHECK_THROWS_AS(waiting.get(), vlsm::Error);
  CHECK(queue.failure());
  CHECK_THROWS_AS(queue.run([] {}, [] { return false; }), vlsm::Error);
}

TEST_CASE("a stopped queue ends its job and none that waits") {
  std::atomic<bool> begun = false, finish = false, other = false;
  JobQueue queue(4, [] {});
  auto const here = [] { return false; };
  auto running = std::async(std::launch::async, [&] {
    queue.run(
        [&] {
          begun = true;
          while (!finish) std::this_thread::yield();
        },
        here);
  });
  while (!begun) std::this_thread::yield();
  auto waiting = std::async(std::launch::async, [&] { queue.run([&] { other = true; }, here); });
  while (queue.waiting() < 1) std::this_thread::yield();
  auto stopped = std::async(std::launch::async, [&] { queue.stop(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  finish = true;
  stopped.get();
  running.get();
  CHECK_THROWS_AS(waiting.get(), Refusal);
  CHECK_FALSE(other);
}

TEST_CASE("annotations are added, and nothing is overwritten") {
  using vlsm::test::read_file, vlsm::test::write_file;
  TempDir const folder;
  std::filesystem::create_directories(folder / "images");
  write_file(folder / "images/0a.png", "another picture");
  AnnotationWriter writer(folder.path());
  auto const one = writer.add("0a", ".png", "picture", "mask 1", "a \"small\" polyp");
  CHECK(one.image == "images/0a-2.png");
  CHECK(one.rows == 1);
  auto const two = writer.add("0a", ".png", "picture", "mask 2", "\xff");
  CHECK(two.image == one.image);  // the same bytes are kept once
  CHECK(two.file == one.file);
  CHECK(two.mask != one.mask);
  CHECK(two.rows == 2);
  CHECK(read_file(folder / "images/0a.png") == "another picture");
  CHECK(read_file(folder / one.image) == "picture");
  CHECK(read_file(folder / one.mask) == "mask 1");
  CHECK(read_file(folder / two.mask) == "mask 2");
  auto const rows = nlohmann::json::parse(read_file(folder / one.file));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].at("prompts").at("p1")[0] == "a \"small\" polyp");
  CHECK("masks/" + rows[1].at("mask_name").get<std::string>() == two.mask);

  AnnotationWriter later(folder.path());  // another start in the same second, perhaps
  std::string const before = read_file(folder / one.file);
  auto const three = later.add("0a", ".png", "picture", "mask 3", "");
  CHECK(three.file != one.file);
  CHECK(three.mask != two.mask);
  CHECK(read_file(folder / one.file) == before);
  CHECK(read_file(folder / three.mask) == "mask 3");
  for (auto const& entry : std::filesystem::recursive_directory_iterator(folder.path()))
    CHECK(entry.path().string().find("partial") == std::string::npos);
}

TEST_CASE("a folder that cannot be written is said, and the rows stay") {
  TempDir const folder;
  vlsm::test::write_file(folder / "a-file", "");
  AnnotationWriter writer(folder / "a-file");
  CHECK_THROWS_AS(writer.add("0a", ".png", "picture", "mask", ""), vlsm::Error);
}
