// SPDX-License-Identifier: MIT
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

#include "tool/run_tool.hpp"
#include "vlsm/base/text.hpp"

// `vlsm serve` as a process, and a client that says to it letter for letter what a test wants.
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
    auto const lines = detail::split_text(std::string_view(all).substr(0, end), "\r\n");
    for (std::size_t i = 1; i < lines.size(); ++i) {
      std::size_t const colon = std::min(lines[i].find(':'), lines[i].size() - 1);
      reply.headers[detail::lower_case(std::string(lines[i].substr(0, colon)))] =
          detail::trimmed(lines[i].substr(colon + 1));
    }
    return reply;
  }

 private:
  int socket_;
  bool connected_ = false;
};

/// The program, serving. Ended where it goes out of scope.
class Serving {
 public:
  /// `words` follow `serve --port 0`; in `folder`, so that what it writes lies there.
  explicit Serving(std::vector<std::string> words,
                   std::vector<std::pair<std::string, std::string>> const& environment = {}) {
    words.insert(words.begin(), {VLSM_TOOL, "serve", "--port", "0", "--threads", "1"});
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    int out[2];
    REQUIRE(::pipe2(out, O_CLOEXEC) == 0);
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(out[1], STDOUT_FILENO);
      int const errors = ::open((folder_ / "err").c_str(), O_WRONLY | O_CREAT, 0600);
      ::dup2(errors, STDERR_FILENO);
      for (auto const& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
      if (::chdir(folder_.path().c_str()) != 0) ::_exit(126);
      ::execv(VLSM_TOOL, arguments.data());
      ::_exit(127);
    }
    ::close(out[1]);
    char letter = 0;
    while (::read(out[0], &letter, 1) == 1 && letter != '\n') address_ += letter;
    ::close(out[0]);
    if (address_.starts_with("http://"))
      port_ = std::atoi(address_.c_str() + address_.rfind(':') + 1);
  }
  ~Serving() {
    if (child_ > 0) ::kill(child_, SIGKILL), ::waitpid(child_, nullptr, 0);
  }
  Serving(Serving const&) = delete;
  Serving& operator=(Serving const&) = delete;

  /// The line that it printed.
  std::string const& address() const { return address_; }
  int port() const { return port_; }
  pid_t process() const { return child_; }
  TempDir const& folder() const { return folder_; }
  std::string errors() const { return read_file(folder_ / "err"); }
  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }

  /// The head of a request, without the empty line at its end.
  std::string head(std::string const& method, std::string const& path,
                   std::string const& more = "") const {
    return method + " " + path + " HTTP/1.1\r\nHost: " + host() + "\r\n" + more;
  }
  Reply raw(std::string const& bytes) const {
    Client const client(port_);
    client.send(bytes);
    return client.reply();
  }
  Reply get(std::string const& path, std::string const& more = "") const {
    return raw(head("GET", path, more) + "\r\n");
  }
  Reply post(std::string const& path, std::string const& type, std::string const& body,
             std::string const& more = "") const {
    return raw(head("POST", path,
                    more + "Content-Type: " + type +
                        "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n") +
               "\r\n" + body);
  }
  Reply post(std::string const& path, nlohmann::json const& body) const {
    return post(path, "application/json", body.dump());
  }
  /// The identity of a picture that is posted.
  std::string picture(std::string const& bytes) const {
    Reply const reply = post("/v1/pictures", "image/png", bytes);
    INFO(reply.body);
    REQUIRE(reply.status == 200);
    return reply.json().at("picture");
  }

  /// Sends a signal and waits; the exit status, 128 and more: ended by a signal.
  int end(int signal) {
    ::kill(child_, signal);
    return wait();
  }
  int wait() {
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  TempDir folder_;
  std::string address_;
  int port_ = 0;
  pid_t child_ = -1;
};

}  // namespace vlsm::test
