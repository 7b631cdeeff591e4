// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "vlsm/base/error.hpp"
#include "vlsm/base/json.hpp"
#include "vlsm/tokenizer/vocabulary/pieces.hpp"

namespace vlsm::tokenizer {

/// What to do about a file whose text is no JSON.
inline constexpr std::string_view fetch_json = "the file is damaged or cut off; fetch it again";

/// The member of this name; null if there is none, or if `object` is something else.
inline nlohmann::json const& json_member(nlohmann::json const& object, char const* name) {
  static nlohmann::json const nothing;
  if (!object.is_object()) return nothing;
  auto const found = object.find(name);
  return found != object.end() ? *found : nothing;
}

/// The id of a piece. Throws vlsm::Error unless it is a whole number that fits (see checked_id).
inline std::int32_t json_id(nlohmann::json const& id, std::string_view piece,
                            std::string const& where) {
  if (!id.is_number_integer())
    throw Error("the id of " + in_quotes(piece) + " is not a whole number", where,
                "the file is damaged or no vocabulary; fetch it again");
  bool const huge = id.is_number_unsigned() && id.get<std::uint64_t>() > (std::uint64_t{1} << 62);
  return checked_id(huge ? std::numeric_limits<std::int64_t>::max() : id.get<std::int64_t>(), piece,
                    where);
}

}  // namespace vlsm::tokenizer
