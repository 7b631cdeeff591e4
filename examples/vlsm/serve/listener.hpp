// SPDX-License-Identifier: MIT
#pragma once

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include "vlsm/base/error.hpp"

namespace tool::serve {

/// A port at which clients arrive.
class Listener {
 public:
  /// Listens at an address of this machine; port 0: a free one. Throws Error where the address is
  /// none of this machine's and where the port is taken.
  Listener(std::string const& host, int port) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* list = nullptr;
    if (int const failed =
            ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &wanted, &list))
      throw vlsm::Error(std::string("the address cannot be used (") + ::gai_strerror(failed) + ")",
                        "--host " + host, "give an address of this machine, or 127.0.0.1");
    std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> const owner(list, &::freeaddrinfo);
    int why = 0;
    for (addrinfo const* one = list; one && socket_ < 0; one = one->ai_next) why = open(*one);
    if (socket_ < 0) fail(host, port, why);
    wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&name), &size);
    if (name.ss_family == AF_INET) {
      auto const& four = reinterpret_cast<sockaddr_in&>(name);
      port_ = ntohs(four.sin_port);
      local_ = (ntohl(four.sin_addr.s_addr) >> 24) == 127;
      all_ = four.sin_addr.s_addr == htonl(INADDR_ANY);
    } else {
      auto const& six = reinterpret_cast<sockaddr_in6&>(name);
      port_ = ntohs(six.sin6_port);
      local_ = IN6_IS_ADDR_LOOPBACK(&six.sin6_addr);
      all_ = IN6_IS_ADDR_UNSPECIFIED(&six.sin6_addr);
    }
  }
  ~Listener() {
    ::close(socket_);
    ::close(wake_);
  }
  Listener(Listener const&) = delete;
  Listener& operator=(Listener const&) = delete;

  int port() const { return port_; }
  /// Whether this machine alone reaches it, told by the address that was bound.
  bool local() const { return local_; }
  /// Whether it listens at all of the machine's addresses.
  bool all() const { return all_; }

  /// The socket of the next client, which does not block; -1: `wake` was called.
  int next() {
    for (;;) {
      pollfd look[2]{{socket_, POLLIN, 0}, {wake_, POLLIN, 0}};
      ::poll(look, 2, -1);
      if (look[1].revents) return -1;
      int const client = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (client >= 0) return client;
      // No handles or memory left: those who are served now give some back.
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        ::poll(&look[1], 1, 20);
    }
  }

  /// Ends `next`, in another thread, for good.
  void wake() {
    std::uint64_t const one = 1;
    [[maybe_unused]] ssize_t const written = ::write(wake_, &one, sizeof one);
  }

 private:
  /// Returns why it failed, or 0.
  int open(addrinfo const& at) {
    int const made =
        ::socket(at.ai_family, at.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, at.ai_protocol);
    if (made < 0) return errno;
    int const yes = 1;  // a port whose last connections are still being ended is free
    ::setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (::bind(made, at.ai_addr, at.ai_addrlen) == 0 && ::listen(made, 128) == 0) {
      socket_ = made;
      return 0;
    }
    int const why = errno;
    ::close(made);
    return why;
  }

  [[noreturn]] static void fail(std::string const& host, int port, int why) {
    std::string const where = host + ", port " + std::to_string(port);
    if (why == EADDRINUSE)
      throw vlsm::Error("the port is in use", where,
                        "end the program that listens there (another `vlsm serve`?), or choose "
                        "another --port (0: a free one)");
    if (why == EACCES)
      throw vlsm::Error("the port may not be used", where, "choose a --port of 1024 or more");
    if (why == EADDRNOTAVAIL)
      throw vlsm::Error("the address is none of this machine's", where,
                        "give one that is, or 127.0.0.1");
    throw vlsm::Error(std::string("nothing can listen there (") + std::strerror(why) + ")", where,
                      "choose another --host or --port");
  }

  int socket_ = -1, wake_ = -1, port_ = 0;
  bool local_ = false, all_ = false;
};

}  // namespace tool::serve
