// SPDX-License-Identifier: MIT
#pragma once

#include <fcntl.h>
#include <poll.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <utility>

#include "tool/client.hpp"
#include "tool/run_tool.hpp"

// `vlsm serve` as a process, and what a client says to it.
namespace vlsm::test {

/// The words of a command line, and more of them.
inline std::vector<std::string> with(std::vector<std::string> words,
                                     std::vector<std::string> const& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

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
