// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "serve/http_server.hpp"
#include "serve/open_picture.hpp"
#include "support/fixtures.hpp"
#include "tool/client.hpp"
#include "volume/builders.hpp"

// What a client of `vlsm serve` may take of it: small files with much in them, answers left lying.
using namespace tool::serve;
using namespace vlsm::test;

namespace {

/// Answers all with many bytes.
struct LargeSite final : Site {
  static constexpr std::size_t size = 64u << 20;  // more than the buffers of a socket grow to
  std::size_t admit(Request const&) const override { return 0; }
  Answer answer(Request const&) const override {
    return {.type = "text/plain", .body = std::string(size, 'x')};
  }
};

std::string const ask = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

/// The first reply of that status, of some that are asked for one after the other.
Reply reply_of(int port, int status) {
  Reply reply;
  for (int i = 0; i < 200 && reply.status != status; ++i) {
    Client const client(port);
    client.send(ask);
    reply = client.reply();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return reply;
}

bool reads_nifti() {
  auto const formats = formats_read();
  return std::ranges::find(formats, "nifti") != formats.end();
}

/// A NIfTI file of so many frames of one voxel.
std::string frames_of_one(int one, int other) {
  NiftiSpec const spec{.sides = {1, 1, one, other}};
  return spec.header() +
         std::string(static_cast<std::size_t>(one) * static_cast<std::size_t>(other), '\7');
}

}  // namespace

TEST_CASE("answers that nobody takes are bounded") {
  Listener listener("127.0.0.1", 0);
  LargeSite const site;
  HttpServer const server(listener, site, {.answers = 2 * LargeSite::size + 1000});
  {
    std::vector<std::unique_ptr<Client>> lazy;  // more than sockets hold waits for each
    for (int i = 0; i < 2; ++i) {
      lazy.push_back(std::make_unique<Client>(listener.port()));
      lazy.back()->send(ask);
      REQUIRE(lazy.back()->begins());
    }
    Reply const refused = reply_of(listener.port(), 503);
    CHECK(refused.status == 503);
    CHECK(refused.headers.at("retry-after") == "1");
    CHECK(refused.json().at("error").get<std::string>().find("answers") != std::string::npos);
    CHECK(lazy[0]->reply().body.size() == LargeSite::size);  // what was begun comes whole
  }
  Reply const taken = reply_of(listener.port(), 200);
  CHECK(taken.body.size() == LargeSite::size);
  CHECK(taken.headers.at("content-type") == "text/plain");
}

TEST_CASE("a small file of very many frames is refused before they are read") {
  if (!reads_nifti()) VLSM_SKIP("needs libnifti");
  int looked = 0;
  auto const look = [&looked] { ++looked; };
  Opened const most = open_picture(frames_of_one(256, 256), 65'535, look);
  CHECK(most.slices == 65'536);
  CHECK(looked == 65'537);  // all for the window, and the one that is shown
  looked = 0;
  try {
    open_picture(frames_of_one(257, 256), 0, look);
    FAIL("more than there may be");
  } catch (vlsm::Error const& e) {
    CHECK(std::string(e.what()).find("65792 frames") != std::string::npos);
  }
  CHECK(looked == 0);
}

TEST_CASE("a volume is let be once nobody waits for it") {
  if (!reads_nifti()) VLSM_SKIP("needs libnifti");
  int looked = 0;
  auto const gone = [&looked] {
    if (++looked == 3) throw Refusal(503, "the client has gone", "connection", "come again");
  };
  CHECK_THROWS_AS(open_picture(frames_of_one(256, 256), 0, gone), Refusal);
  CHECK(looked == 3);
}

TEST_CASE("every frame of a large volume is looked at for what is black and white") {
  auto const frame = [](std::size_t k) {
    return vlsm::Frame{.height = 1024,
                       .width = 1024,
                       .values = std::vector<float>(1 << 20, k == 7   ? 300.0f
                                                             : k < 10 ? 5
                                                                      : 200)};
  };
  vlsm::Window const window = vlsm::window_of(20, frame, "a volume");
  CHECK(window.low == 5);
  CHECK(window.high == 300);  // 5 % of the numbers
}

TEST_CASE("a window is told by all columns, however narrow the frames") {
  auto const frame = [](std::size_t) {
    return vlsm::Frame{.height = 1, .width = 4, .values = {0, 300, 300, 300}};
  };
  vlsm::Window const window = vlsm::window_of(std::size_t{1} << 22, frame, "a volume");
  CHECK(window.low == 0);
  CHECK(window.high == 300);
}
