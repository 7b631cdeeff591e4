// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/strings.hpp"

namespace vlsm {

/// What a JSON text must be, beyond valid.
struct JsonRules {
  int deepest = 64;     ///< levels of objects and lists; copying a tree recurses
  bool object = false;  ///< it starts with `{`, and holds no zero byte, which nlohmann takes for
                        ///< the end of the text
  bool unique_keys = false;  ///< nlohmann keeps the last of two
  bool blank = false;        ///< white space and a byte order mark may stand before the object
};

/// As headers of weights are read.
inline constexpr JsonRules strict_json{.deepest = 16, .object = true, .unique_keys = true};

namespace detail {

/// Whether objects and lists are nested more than `deepest` levels.
inline bool nests_deeper(std::string_view text, int deepest) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > deepest) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace detail

/// Parses JSON that came from outside: every way in which it can be wrong (syntax, UTF-8, numbers
/// that overflow, depth) is an Error with `where` and `remedy`, and nothing else is thrown.
inline nlohmann::json parse_json(std::string_view text, std::string const& where,
                                 std::string_view remedy, JsonRules rules = {}) {
  using Json = nlohmann::json;
  std::size_t start = 0;  // of the object
  if (rules.blank)
    start = text.find_first_not_of(" \t\r\n", text.starts_with("\xef\xbb\xbf") ? 3 : 0);
  if (rules.object && (start >= text.size() || text[start] != '{'))
    throw Error("the JSON text does not start with an object", where, remedy);
  if (rules.object && text.find('\0') != std::string_view::npos)
    throw Error("the JSON text holds a zero byte", where, remedy);
  if (detail::nests_deeper(text, rules.deepest))
    throw Error("the JSON text is nested too deeply", where, remedy);

  std::vector<std::set<std::string>> keys;  // of the objects that are open
  auto const check = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end && !keys.empty()) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.empty()) {
      auto const& key = parsed.get_ref<std::string const&>();
      if (!keys.back().insert(key).second)
        throw Error("the key '" + strings::brief(key, 80) + "' occurs twice", where, remedy);
    }
    return true;
  };
  try {
    if (rules.unique_keys) return Json::parse(text.begin(), text.end(), check);
    return Json::parse(text.begin(), text.end());
  } catch (Json::parse_error const& e) {
    throw Error("this is not valid JSON (at byte " + std::to_string(e.byte) + ")", where, remedy);
  } catch (Json::exception const& e) {
    // The library's message repeats the last token, however long it is.
    throw Error("the JSON text cannot be read (" + strings::brief(e.what(), 100) + ")", where,
                remedy);
  }
}

}  // namespace vlsm
