// SPDX-License-Identifier: MIT
#pragma once

#include <arpa/inet.h>
#include <httplib.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <string>

namespace tool::serve {

/// One client, as httplib reads and writes it. Whatever the client does, a head and a body each end
/// within their time and size: the library's own timeouts are of single reads, and its lines have
/// no end.
class Connection final : public httplib::Stream {
 public:
  using Clock = std::chrono::steady_clock;
  /// Why reading ended.
  enum class Trouble { none, closed, late, long_head };
  /// What the client is waited for in.
  enum class State { reading, working, writing };

  /// Takes the socket over, which does not block. The head may take so many bytes and so long.
  Connection(int socket, std::size_t most_head, Clock::duration time)
      : socket_(socket), left_(most_head), deadline_(Clock::now() + time) {}
  ~Connection() override { ::close(socket_); }
  Connection(Connection const&) = delete;
  Connection& operator=(Connection const&) = delete;

  /// From here on a body of `size` bytes is read.
  void begin_body(std::size_t size, Clock::duration time) {
    left_ = size;
    deadline_ = Clock::now() + time;
    since_ = Clock::now();
  }
  /// What is read is worked on.
  void begin_work() { state_ = State::working; }
  /// The answer may take so long to be taken.
  void begin_answer(Clock::duration time) {
    since_ = Clock::now();
    state_ = State::writing;
    deadline_ = since_.load() + (hurries_ ? std::min<Clock::duration>(time, last_time) : time);
  }
  /// The server ends: an answer that is not begun has a second to be taken.
  void hurry() { hurries_ = true; }

  State state() const { return state_; }
  Trouble trouble() const { return trouble_; }
  bool answered() const { return answered_; }
  /// Since when the client is waited for: it reads, or sends its head or its body.
  Clock::time_point since() const { return since_; }
  /// Bytes of the body that were not read.
  std::size_t unread() const { return left_; }

  /// Ends what another thread reads or writes here.
  void drop() { ::shutdown(socket_, SHUT_RDWR); }

  /// Whether the client has closed its side.
  bool gone() const {
    pollfd look{socket_, POLLRDHUP, 0};
    return ::poll(&look, 1, 0) > 0 && (look.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
  }

  /// Says that no more comes, and lets the client read it: a socket that is closed over what it has
  /// not read takes the answer back.
  void finish(Clock::duration time) {
    state_ = State::reading;
    ::shutdown(socket_, SHUT_WR);
    deadline_ = Clock::now() + time;
    while (wait_for(POLLIN) && ::recv(socket_, buffer_.data(), buffer_.size(), 0) > 0) {
    }
  }

  ssize_t read(char* out, std::size_t size) override {
    if (size == 0) return 0;
    if (left_ == 0) return fail(Trouble::long_head);
    if (at_ == end_ && !fill()) return -1;
    std::size_t const count = std::min({size, end_ - at_, left_});
    std::memcpy(out, buffer_.data() + at_, count);
    at_ += count;
    left_ -= count;
    return static_cast<ssize_t>(count);
  }

  ssize_t write(char const* bytes, std::size_t size) override {
    answered_ = true;
    for (std::size_t sent = 0; sent < size;) {
      ssize_t const some = ::send(socket_, bytes + sent, size - sent, MSG_NOSIGNAL);
      if (some > 0)
        sent += static_cast<std::size_t>(some);
      else if (some < 0 && errno != EINTR && errno != EAGAIN)
        return fail(Trouble::closed);
      else if (errno != EINTR && !wait_for(POLLOUT))
        return fail(Trouble::late);
    }
    return static_cast<ssize_t>(size);
  }

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    address(&::getpeername, ip, port);
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    address(&::getsockname, ip, port);
  }
  socket_t socket() const override { return socket_; }

 private:
  ssize_t fail(Trouble trouble) {
    if (trouble_ == Trouble::none) trouble_ = trouble;
    return -1;
  }

  bool fill() {
    for (;;) {
      ssize_t const count = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
      if (count > 0) {
        at_ = 0;
        end_ = static_cast<std::size_t>(count);
        return true;
      }
      if (count == 0 || (errno != EINTR && errno != EAGAIN)) return fail(Trouble::closed) == 0;
      if (!wait_for(POLLIN)) return fail(Trouble::late) == 0;
    }
  }

  /// Waits for the socket, until the deadline at most.
  bool wait_for(short what) const {
    for (;;) {
      auto const left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
      if (left <= 0) return false;
      pollfd look{socket_, what, 0};
      int const ready = ::poll(&look, 1, static_cast<int>(std::min<long long>(left, 60'000)));
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) return false;
    }
  }

  template <class Ask>
  void address(Ask ask, std::string& ip, int& port) const {
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    if (ask(socket_, reinterpret_cast<sockaddr*>(&name), &size) != 0) return;
    char text[INET6_ADDRSTRLEN] = "";
    if (name.ss_family == AF_INET) {
      auto const& four = reinterpret_cast<sockaddr_in const&>(name);
      ::inet_ntop(AF_INET, &four.sin_addr, text, sizeof text);
      port = ntohs(four.sin_port);
    } else {
      auto const& six = reinterpret_cast<sockaddr_in6 const&>(name);
      ::inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof text);
      port = ntohs(six.sin6_port);
    }
    ip = text;
    if (ip.starts_with("::ffff:")) ip.erase(0, 7);
  }

  int const socket_;
  std::size_t left_;  // bytes that may still be read
  Clock::time_point deadline_;
  static constexpr std::chrono::seconds last_time{1};
  std::atomic<Clock::time_point> since_ = Clock::now();
  std::atomic<bool> hurries_ = false;
  std::atomic<State> state_ = State::reading;
  Trouble trouble_ = Trouble::none;
  bool answered_ = false;
  std::array<char, 16384> buffer_;
  std::size_t at_ = 0, end_ = 0;
};

}  // namespace tool::serve
