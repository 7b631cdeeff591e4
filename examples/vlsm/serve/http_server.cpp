// SPDX-License-Identifier: MIT
#include "serve/http_server.hpp"

#include "vlsm/base/error.hpp"

#ifdef VLSM_HTTPLIB

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "serve/answers.hpp"
#include "serve/connection.hpp"
#include "vlsm/base/strings.hpp"

namespace tool::serve {
namespace {

/// Bytes that many take from one budget.
class Share {
 public:
  Share(std::atomic<std::size_t>& taken, std::size_t most) : taken_(taken), most_(most) {}
  ~Share() { taken_ -= mine_; }
  Share(Share const&) = delete;
  Share& operator=(Share const&) = delete;
  bool take(std::size_t bytes) {
    mine_ += bytes;
    return (taken_ += bytes) <= most_;
  }
  /// Of those taken last.
  void give_back(std::size_t bytes) {
    mine_ -= bytes;
    taken_ -= bytes;
  }

 private:
  std::atomic<std::size_t>& taken_;
  std::size_t most_, mine_ = 0;
};

/// Where httplib itself found a request wrong, or reading ended.
Answer answer_to(Connection const& client, int status) {
  using enum Connection::Trouble;
  if (client.trouble() == late)
    return refusal_answer(408, "the request did not come in time: connection: send it again");
  if (client.trouble() == long_head)
    return refusal_answer(431, "the request's head is too long: head: send fewer headers");
  if (status == 414)
    return refusal_answer(414, "the path is too long: request line: send a shorter one");
  if (status == 416) return refusal_answer(416, "parts are not served: Range: ask for the whole");
  return refusal_answer(400, "this is no HTTP/1.1 request: head: send one");
}

void put(httplib::Response& out, Answer answer) {
  out.status = answer.status;
  out.headers.erase("Content-Type");
  out.set_header("Content-Type", answer.type);
  out.set_header("Accept-Ranges", "none");
  out.body = std::move(answer.body);
  for (auto const& [name, value] : answer.headers) {
    out.headers.erase(name);
    out.set_header(name, value);
  }
}

// Of the request that this thread answers.
thread_local Connection* client = nullptr;
thread_local Share* held = nullptr;  // of the budget for answers, until the client has its own

}  // namespace

/// httplib with our sockets and threads.
class HttpServer::Parts : public httplib::Server {
 public:
  Parts(Listener& listener, Site const& site, HttpLimits const& limits)
      : listener_(listener), site_(site), limits_(limits) {
    httplib::Headers headers;
    for (auto const& [name, value] : every_answer) headers.emplace(name, value);
    set_default_headers(headers);
    set_expect_100_continue_handler([this](auto const& in, auto& out) {
      return refused(request_of(in), out) ? out.status : 100;
    });
    set_pre_routing_handler([this](auto const& in, auto& out) {
      Request const request = request_of(in);
      bool const done =
          refused(request, out) || (in.method != "POST" && (answer(request, out), true));
      return done ? HandlerResponse::Handled : HandlerResponse::Unhandled;
    });
    Post("/v1/.*", [this](auto const& in, auto& out, auto const& body) { post(in, out, body); });
    set_error_handler([this](httplib::Request const&, httplib::Response& out) {
      if (out.body.empty()) say(out, answer_to(*client, out.status));
    });
    for (std::size_t i = 0; i < limits.connections; ++i) threads_.emplace_back([this] { work(); });
    threads_.emplace_back([this] { receive(); });
  }

  ~Parts() override {
    listener_.wake();
    {
      std::lock_guard const lock(mutex_);
      ended_ = true;
      for (int const socket : arrived_) ::close(socket);
      arrived_.clear();
      for (Connection* one : open_) {
        one->hurry();
        if (one->state() != Connection::State::working) one->drop();
      }
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  static Request request_of(httplib::Request const& in) {
    Request request{.method = in.method, .path = in.path, .local_address = in.local_addr};
    for (auto const& [name, value] : in.params) request.query.insert_or_assign(name, value);
    for (auto const& [name, value] : in.headers)
      request.headers.emplace(vlsm::strings::lower_case(name), value);
    request.gone = [one = client] { return one->gone(); };
    return request;
  }

  bool refused(Request const& request, httplib::Response& out) const {
    try {
      client->begin_body(site_.admit(request), limits_.body_time);
      return false;
    } catch (...) {
      say(out, answer_to(std::current_exception()));
      return true;
    }
  }

  void answer(Request const& request, httplib::Response& out) const {
    client->begin_work();
    try {
      say(out, site_.answer(request));
    } catch (...) {
      say(out, answer_to(std::current_exception()));
    }
  }

  void say(httplib::Response& out, Answer answer) const {
    client->begin_answer(limits_.answer_time);
    if (std::size_t const size = answer.body.size(); !held->take(size)) {
      held->give_back(size);
      answer = refusal_answer(
          503, "too many answers wait for their clients: the server: send the request again");
    }
    put(out, std::move(answer));
  }

  void post(httplib::Request const& in, httplib::Response& out,
            httplib::ContentReader const& read) {
    Request request = request_of(in);
    Share share(bodies_, limits_.bodies);
    std::size_t const size = client->unread();
    bool fits = true;
    request.body.reserve(size);
    auto const take = [&](char const* bytes, std::size_t count) {
      fits = share.take(count) && request.body.size() + count <= size;
      if (fits) request.body.append(bytes, count);
      return fits;
    };
    if (size == 0 || read(take)) return answer(request, out);
    say(out, fits ? client->trouble() == Connection::Trouble::late
                        ? answer_to(*client, 408)
                        : refusal_answer(400, "the body is cut off: body: send all of it")
                  : refusal_answer(503, "too many bodies come at once: body: send it again"));
  }

  /// Hands clients on as they arrive.
  void receive() {
    for (int socket; (socket = listener_.next()) >= 0;) {
      std::unique_lock lock(mutex_);
      if (busy() >= limits_.connections) make_room();
      if (!changed_.wait_for(lock, std::chrono::milliseconds(20),
                             [&] { return ended_ || busy() < limits_.connections; }) ||
          ended_) {
        turn_away(socket);
        continue;
      }
      arrived_.push_back(socket);
      lock.unlock();
      changed_.notify_all();
    }
  }
  std::size_t busy() const { return arrived_.size() + open_.size(); }

  /// Drops the client that is longest about sending or reading, if that is long.
  void make_room() {
    Connection* slowest = nullptr;
    for (Connection* one : open_)
      if (one->state() != Connection::State::working &&
          (!slowest || one->since() < slowest->since()))
        slowest = one;
    if (slowest && Connection::Clock::now() - slowest->since() > limits_.patience) slowest->drop();
  }

  static void turn_away(int socket) {
    std::string const line =
        text_of(refusal_answer(503, "too many clients at once: the server: come again later"));
    [[maybe_unused]] ssize_t const sent = ::send(socket, line.data(), line.size(), MSG_NOSIGNAL);
    ::shutdown(socket, SHUT_WR);
    ::close(socket);
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return ended_ || !arrived_.empty(); });
      if (ended_) return;
      Connection one(arrived_.front(), limits_.head, limits_.head_time);
      arrived_.pop_front();
      open_.insert(&one);
      lock.unlock();
      serve(one);
      lock.lock();
      open_.erase(&one);
      changed_.notify_all();
    }
  }

  void serve(Connection& one) {
    Share answers(answers_, limits_.answers);
    client = &one;
    held = &answers;
    try {
      bool closed = true;
      auto const plain = [](httplib::Request& request) {
        request.ranges.clear();  // of many parts one answer could be made a thousand times as long
        request.headers.erase("Accept-Encoding");  // what is large is packed already
      };
      process_request(one, true, closed, plain);
      if (!one.answered() && one.trouble() != Connection::Trouble::closed)
        write_plain(one, answer_to(one, 400));
    } catch (...) {  // httplib throws outside of what it guards: memory ran out
    }
    if (one.unread() > 0 || one.trouble() != Connection::Trouble::none)
      one.finish(std::chrono::seconds(1));
    client = nullptr;
    held = nullptr;
  }

  /// An answer to what httplib reads no further.
  void write_plain(Connection& one, Answer const& answer) const {
    one.begin_answer(limits_.answer_time);
    std::string const text = text_of(answer);
    one.write(text.data(), text.size());
  }

  /// An answer as it is sent, made without httplib.
  static std::string text_of(Answer const& answer) {
    std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " Refused\r\n";
    for (auto const& [name, value] : every_answer)
      text += std::string(name) + ": " + value + "\r\n";
    for (auto const& [name, value] : answer.headers) text += name + ": " + value + "\r\n";
    return text + "Connection: close\r\nContent-Type: " + answer.type +
           "\r\nContent-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n" + answer.body;
  }

  Listener& listener_;
  Site const& site_;
  HttpLimits const limits_;
  std::atomic<std::size_t> bodies_ = 0, answers_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<int> arrived_;
  std::set<Connection*> open_;
  bool ended_ = false;
  std::vector<std::thread> threads_;
};

HttpServer::HttpServer(Listener& listener, Site const& site, HttpLimits const& limits)
    : parts_(std::make_unique<Parts>(listener, site, limits)) {}
HttpServer::~HttpServer() = default;
void check_http() {}

}  // namespace tool::serve

#else

namespace tool::serve {

class HttpServer::Parts {};
HttpServer::HttpServer(Listener&, Site const&, HttpLimits const&) { check_http(); }
HttpServer::~HttpServer() = default;
void check_http() {
  throw vlsm::Error("this build speaks no HTTP", "vlsm serve",
                    "install cpp-httplib 0.11 (Debian: libcpp-httplib-dev) and build again");
}

}  // namespace tool::serve

#endif
