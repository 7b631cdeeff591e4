// SPDX-License-Identifier: MIT
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "support/doctest.hpp"
#include "vlsm/base/strings.hpp"

// A client that says to a server letter for letter what a test wants.
namespace vlsm::test {

/// An answer as it came.
struct Reply {
  int status = 0;                                   ///< 0: none came
  std::map<std::string, std::string> headers = {};  ///< names in lower case
  std::string body = {};

  nlohmann::json json() const {
    INFO(status, " ", body.substr(0, 300));
    REQUIRE(nlohmann::json::accept(body));
    return nlohmann::json::parse(body);
  }
};

/// A connection to a port of this machine.
class Client {
 public:
  explicit Client(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
    timeval const patience{60, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  ~Client() { ::close(socket_); }
  Client(Client const&) = delete;
  Client& operator=(Client const&) = delete;

  bool connected() const { return connected_; }

  /// False where the other side takes no more.
  bool send(std::string const& bytes) const {
    for (std::size_t at = 0; at < bytes.size();) {
      ssize_t const sent = ::send(socket_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
      if (sent <= 0) return false;
      at += static_cast<std::size_t>(sent);
    }
    return true;
  }

  /// Waits for the first byte of a reply, and leaves it there.
  bool begins() const {
    char one;
    return ::recv(socket_, &one, 1, MSG_PEEK) == 1;
  }

  /// All that comes until the other side ends.
  Reply reply() const {
    std::string all;
    char buffer[65536];
    for (ssize_t count; (count = ::recv(socket_, buffer, sizeof buffer, 0)) > 0;)
      all.append(buffer, static_cast<std::size_t>(count));
    Reply reply;
    std::size_t const end = all.find("\r\n\r\n");
    if (end == std::string::npos || !all.starts_with("HTTP/1.1 ")) return reply;
    reply.status = std::atoi(all.c_str() + 9);
    reply.body = all.substr(end + 4);
    auto const lines = strings::split_text(std::string_view(all).substr(0, end), "\r\n");
    for (std::size_t i = 1; i < lines.size(); ++i) {
      std::size_t const colon = std::min(lines[i].find(':'), lines[i].size() - 1);
      reply.headers[strings::lower_case(std::string(lines[i].substr(0, colon)))] =
          strings::trimmed(lines[i].substr(colon + 1));
    }
    return reply;
  }

 private:
  int socket_;
  bool connected_ = false;
};

}  // namespace vlsm::test
