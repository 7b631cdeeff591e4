// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"

// What `vlsm serve` hears and says, whichever library speaks HTTP for it.
namespace tool::serve {

using Json = nlohmann::ordered_json;

/// A request, of which the body may still be to come.
struct Request {
  std::string method, path{};                  ///< the path without what follows `?`, decoded
  std::map<std::string, std::string> query{};  ///< decoded; of several values the last
  std::multimap<std::string, std::string> headers{};  ///< names in lower case
  std::string body{};
  std::string local_address{};                        ///< that the client reached
  std::function<bool()> gone = [] { return false; };  ///< whether the client has left

  /// The value of the only header of that name; nothing where there is none, or several.
  std::optional<std::string> header(std::string const& name) const {
    if (headers.count(name) != 1) return std::nullopt;
    return headers.find(name)->second;
  }
};

/// An answer.
struct Answer {
  int status = 200;
  std::string type = "application/json", body{};
  std::vector<std::pair<std::string, std::string>> headers{};
};

/// An answer of JSON; text that is no valid UTF-8 is mended.
inline Answer json_answer(Json const& json, int status = 200) {
  return {.status = status,
          .body = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"};
}

/// What was wrong with a request, thrown from wherever it is found.
struct Refusal : vlsm::Error {
  /// 400 and more, and the parts of its line as Error has them.
  Refusal(int number, std::string_view what, std::string_view where, std::string_view remedy,
          std::string allowed = {})
      : Error(what, where, remedy), status(number), allow(std::move(allowed)) {}
  int status;
  std::string allow;  ///< of 405: the methods that the path knows
};

/// The answer to a request that is refused: `{"error": LINE}`, which nobody keeps. 503 names a time
/// to come again.
inline Answer refusal_answer(int status, std::string const& line) {
  Answer answer = json_answer({{"error", line}}, status);
  answer.headers.emplace_back("Cache-Control", "no-store");
  if (status == 503) answer.headers.emplace_back("Retry-After", "1");
  return answer;
}

}  // namespace tool::serve
