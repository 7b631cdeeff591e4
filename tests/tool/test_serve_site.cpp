// SPDX-License-Identifier: MIT
#include <atomic>
#include <future>
#include <set>
#include <thread>

#include "serve/page_files.hpp"
#include "serve/site.hpp"
#include "support/doctest.hpp"
#include "support/fixtures.hpp"
#include "support/pictures.hpp"
#include "vlsm/models/small.hpp"
#include "vlsm/train/batch.hpp"
#include "vlsm/weights/model_tokenizer.hpp"

// What `vlsm serve` answers, asked without HTTP: where a test must hold the model still.
VLSM_REGISTER_MODEL("tiny", vlsm::ClipSegTiny);

using namespace tool::serve;

namespace {

LoadedModel load() {
  vlsm::RegisteredModel const& info = vlsm::find_model("tiny");
  auto const encode = vlsm::io::open_encode(info, {.weights = "random"});
  LoadedModel loaded{.model = info.make(), .encode = [encode](std::string const& prompt, bool&) {
                       return encode(prompt);
                     }};
  loaded.model->module().eval();
  return loaded;
}

struct Served : vlsm::test::TempDir {
  explicit Served(std::size_t waiting)
      : host(vlsm::find_model("tiny"), waiting,
             [this] {
               held.get_future().wait();
               return load();
             }),
        service(host, {}, nullptr, std::make_unique<AnnotationWriter>(path())),
        site(service, {.host = "127.0.0.1", .port = 1, .most_body = 1 << 20}) {}

  Answer post(
      std::string path, std::string body, std::function<bool()> gone = [] { return false; }) const {
    return site.answer({.method = "POST",
                        .path = std::move(path),
                        .body = std::move(body),
                        .gone = std::move(gone)});
  }
  /// The status of a posted picture.
  int picture(
      std::string const& bytes, std::function<bool()> gone = [] { return false; }) const {
    try {
      return post("/v1/pictures", bytes, std::move(gone)).status;
    } catch (Refusal const& e) {
      return e.status;
    }
  }

  std::promise<void> held;
  ModelHost host;
  Service service;
  VlsmSite site;
};

}  // namespace

TEST_CASE("the interface's file and the routes are the same list") {
  Served served(1);
  served.held.set_value();
  std::set<std::pair<std::string, std::string>> routes, operations;
  std::set<std::string> page;
  for (PageFile const& file : page_files())
    if (file.name != "index.html" && file.name != "openapi.json")
      page.insert("/" + std::string(file.name));
  for (Route const& route : served.site.routes())
    if (!page.contains(std::string(route.path))) routes.emplace(route.method, route.path);
  auto const file =
      nlohmann::json::parse(served.site.answer({.method = "GET", .path = "/v1/openapi.json"}).body);
  for (auto const& [path, item] : file.at("paths").items())
    for (auto const& [method, operation] : item.items())
      operations.emplace(method == "get" ? "GET" : "POST", path);
  CHECK(routes == operations);
  CHECK(routes.size() == 14);
}

TEST_CASE("where too many wait for the model the next is told to come again") {
  Served served(2);  // which is not loaded yet
  std::vector<std::future<int>> waiting;
  for (char value : {'\1', '\2'}) {
    std::size_t const before = served.host.queue().waiting();
    waiting.push_back(std::async(std::launch::async, [&served, value] {
      return served.picture(vlsm::test::plain_png(9, 9, value));
    }));
    while (served.host.queue().waiting() == before) std::this_thread::yield();
  }
  CHECK(served.picture(vlsm::test::plain_png(9, 9, '\3')) == 503);
  Answer const answer = refusal_answer(503, "busy");
  CHECK(answer.headers == std::vector<std::pair<std::string, std::string>>{
                              {"Cache-Control", "no-store"}, {"Retry-After", "1"}});
  CHECK(served.site.answer({.method = "GET", .path = "/healthz"}).status ==
        200);  // it waits for nothing
  CHECK(served.site.answer({.method = "GET", .path = "/v1/model"}).status == 200);
  served.held.set_value();
  for (auto& one : waiting) CHECK(one.get() == 200);
  CHECK(served.picture(vlsm::test::plain_png(9, 9, '\3')) == 200);
}

TEST_CASE("of a client that has gone nothing is computed") {
  Served served(4);
  std::atomic<bool> gone = false;
  auto left = std::async(std::launch::async, [&] {
    return served.picture(vlsm::test::plain_png(9, 9, '\1'), [&] { return gone.load(); });
  });
  while (served.host.queue().waiting() == 0) std::this_thread::yield();
  gone = true;
  served.held.set_value();
  CHECK(left.get() == 503);
  CHECK(served.service.pictures.size() == 0);
}

TEST_CASE("an evicted picture stays whole for who uses it") {
  Served served(4);
  served.held.set_value();
  CHECK(served.picture(vlsm::test::small_png()) == 200);
  CHECK(served.service.pictures.size() == 1);
  CHECK(served.service.pictures.bytes() > 0);
  CHECK(served.service.pictures.bytes() <=
        vlsm::test::small_png().size() + served.host.most_bytes());
}
