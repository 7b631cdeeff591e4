// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "serve/http.hpp"
#include "serve/listener.hpp"

namespace tool::serve {

/// What a server answers with. Any number of threads ask at once.
class Site {
 public:
  virtual ~Site() = default;
  /// Whether a request is answered, told by its head; how many bytes of body follow. Throws
  /// Refusal.
  virtual std::size_t admit(Request const& head) const = 0;
  /// The answer to a request that was admitted. Throws Error; of these a Refusal names its status.
  virtual Answer answer(Request const& request) const = 0;
};

/// What clients may take.
struct HttpLimits {
  std::size_t connections = 64;      ///< at a time, each in a thread
  std::size_t head = 16 << 10;       ///< bytes
  std::size_t bodies = 512u << 20;   ///< bytes of all bodies that are held at a time
  std::size_t answers = 512u << 20;  ///< of all answers: a client may be slow to take its own
  std::chrono::milliseconds head_time{10'000}, body_time{60'000}, answer_time{60'000};
  std::chrono::milliseconds patience{500};  ///< before a slow client makes room for another one
};

/// HTTP/1.1, a request a connection. Heads and bodies have deadlines as a whole; where all
/// connections are taken, the client that is longest about sending or reading makes room, and where
/// none is slow the new one gets 503. httplib reads and writes what HTTP says; who may hold what,
/// and for how long, is decided here.
class HttpServer {
 public:
  /// Answers from now on. Both must outlive it. Throws Error in a build without httplib.
  HttpServer(Listener& listener, Site const& site, HttpLimits const& limits);
  /// Takes no more, drops who sends and reads, and waits for what is worked on.
  ~HttpServer();
  HttpServer(HttpServer const&) = delete;
  HttpServer& operator=(HttpServer const&) = delete;

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

/// Throws Error, which names the package, in a build without httplib.
void check_http();

}  // namespace tool::serve
