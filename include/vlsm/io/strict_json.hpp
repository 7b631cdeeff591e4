// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/core/error.hpp"
#include "vlsm/io/bytes.hpp"

namespace vlsm::io {

/// Parses a JSON object; stricter than nlohmann::json::parse, which keeps the last of two equal
/// keys and takes a zero byte for the end of the text. Throws Error with `where` and `remedy`.
inline nlohmann::json parse_strict_json(std::string_view text, std::string const& where,
                                        std::string_view remedy) {
  using Json = nlohmann::json;
  constexpr int deepest = 16;
  if (text.empty() || text.front() != '{')
    throw Error("the JSON text does not start with an object", where, remedy);
  if (text.find('\0') != std::string_view::npos)
    throw Error("the JSON text holds a zero byte", where, remedy);

  std::vector<std::set<std::string>> keys;  // of the objects that are open
  auto const check = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > deepest) throw Error("the JSON text is nested too deeply", where, remedy);
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end && !keys.empty()) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.empty()) {
      auto const& key = parsed.get_ref<std::string const&>();
      if (!keys.back().insert(key).second)
        throw Error("the key " + shown(key) + " occurs twice", where, remedy);
    }
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), check);
  } catch (Json::exception const& e) {
    // The library's message repeats the last token, however long it is.
    throw Error("the JSON text is damaged (" + std::string(e.what()).substr(0, 100) + ")", where,
                remedy);
  }
}

}  // namespace vlsm::io
