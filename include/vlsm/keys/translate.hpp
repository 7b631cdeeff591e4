// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/keys/schemes.hpp"

namespace vlsm::io {

/// Where a source's tensor belongs among ours.
struct Place {
  std::string ours;  ///< our name; empty for a tensor to drop
  KeyRule rule;
};

/// Our place for a source's key, or nothing where the scheme does not know the key.
inline std::optional<Place> place_of(KeyScheme const& scheme, std::string_view key) {
  if (scheme.parts.empty()) {
    for (std::string_view slot : {"vision.", "text.", "fusion.", "decoder.", "head.", "unused."})
      if (key.starts_with(slot)) return Place{std::string(key), {}};
    return std::nullopt;
  }
  for (KeyPart const& part : scheme.parts) {
    if (!key.starts_with(part.prefix)) continue;
    std::string_view const tail = key.substr(part.prefix.size());
    for (KeyRule const& rule : part.rules)
      if (auto const match = match_key(rule.theirs, tail))
        return Place{rule.change == Change::drop ? "" : fill_key(rule.ours, *match), rule};
  }
  return std::nullopt;
}

/// One of a source's tensors that our tensor is made of.
struct Origin {
  std::string theirs;
  KeyRule rule;
};

/// The source's keys for one of our names, in the order of their parts; empty where it has none.
inline std::vector<Origin> origins_of(KeyScheme const& scheme, std::string_view ours) {
  if (scheme.parts.empty()) return {{std::string(ours), {}}};
  std::vector<Origin> origins;
  for (KeyPart const& part : scheme.parts)
    for (KeyRule const& rule : part.rules)
      if (rule.change != Change::drop)
        if (auto const match = match_key(rule.ours, ours))
          origins.push_back({std::string(part.prefix) + fill_key(rule.theirs, *match), rule});
  std::ranges::sort(origins, {}, [](Origin const& o) { return o.rule.part; });
  return origins;
}

}  // namespace vlsm::io
