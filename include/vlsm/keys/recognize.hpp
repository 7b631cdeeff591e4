// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/keys/schemes.hpp"
#include "vlsm/keys/wrappers.hpp"

namespace vlsm::io {

/// Keys of one file that belong together: those behind one prefix.
struct KeyGroup {
  std::string prefix{};   ///< without the parts that wrappers add; "" or with its last dot
  std::size_t known = 0;  ///< keys that the scheme explains
};

/// The scheme that explains most keys of a file, and where in the file its model is.
struct Recognized {
  KeyScheme scheme;
  std::string prefix{};            ///< what stands before each key, without the parts of wrappers
  std::string spelled{};           ///< the same as the file spells it, for messages
  std::size_t known = 0;           ///< keys that the scheme explains
  std::size_t keys = 0;            ///< of the whole file, without an optimizer's moments
  std::vector<KeyGroup> rivals{};  ///< the same model again, behind other prefixes
  bool tied = false;               ///< whether nothing tells which of these is meant

  /// Our place for a key of the file, or nothing where the scheme does not know it.
  std::optional<Place> place(std::string_view key) const {
    std::string const plain = without_parts(key, wrapper_parts);
    if (!plain.starts_with(prefix)) return std::nullopt;
    std::string_view const tail = std::string_view(plain).substr(prefix.size());
    if (auto found = place_of(scheme, tail)) return found;
    return place_of(scheme, without_parts(tail, holder_parts));
  }
  /// Our place for a key as the file spells it: a model's own part may have a wrapper's name, and
  /// under our names stand beside the slots.
  std::optional<Place> literal_place(std::string_view key) const {
    if (!key.starts_with(spelled)) return std::nullopt;
    std::string_view const tail = key.substr(spelled.size());
    return scheme.parts.empty() ? Place{std::string(tail), {}} : place_of(scheme, tail);
  }
  /// Whether it explains enough of the file to say what the file is.
  bool near() const { return 2 * known >= keys; }
};

/// The sources that can be read, for messages.
inline std::string titles() {
  std::string list;
  for (KeyScheme const& scheme : known_key_schemes())
    list += (list.empty() ? "" : ", ") + std::string(scheme.title);
  return list;
}

namespace detail {

/// The prefixes behind which `scheme` knows keys, in the order of the file.
inline std::vector<KeyGroup> key_groups(KeyScheme const& scheme,
                                        std::vector<std::string> const& plain) {
  constexpr int deepest = 8;  // a wrapper adds one part; keys of hostile files have thousands
  constexpr std::size_t most = 64;
  std::vector<KeyGroup> groups;
  for (std::string const& key : plain) {
    std::size_t cut = 0;
    for (int depth = 0; depth < deepest && cut != std::string::npos; ++depth) {
      if (place_of(scheme, std::string_view(key).substr(cut))) {
        std::string_view const prefix = std::string_view(key).substr(0, cut);
        auto const found = std::ranges::find(groups, prefix, &KeyGroup::prefix);
        if (found != groups.end())
          ++found->known;
        else if (groups.size() < most)
          groups.push_back({std::string(prefix), 1});
        break;
      }
      std::size_t const dot = key.find('.', cut);
      cut = dot == std::string::npos ? dot : dot + 1;
    }
  }
  return groups;
}

/// `all` schemes, those first that explain most of a few keys from all over the file; without those
/// that explain none where these are all keys.
inline std::vector<KeyScheme const*> likely_schemes(std::vector<KeyScheme> const& all,
                                                    std::vector<std::string> const& plain) {
  constexpr std::size_t samples = 16;
  std::vector<std::string> sample;
  for (std::size_t i = 0; i < samples && i < plain.size(); ++i)
    sample.push_back(plain[i * plain.size() / std::min(samples, plain.size())]);
  std::vector<std::pair<std::size_t, KeyScheme const*>> scored;
  for (KeyScheme const& scheme : all) {
    std::size_t score = 0;
    for (KeyGroup const& group : key_groups(scheme, sample)) score += group.known;
    if (score > 0 || plain.size() > samples) scored.emplace_back(score, &scheme);
  }
  std::ranges::stable_sort(scored, std::greater{},
                           &std::pair<std::size_t, KeyScheme const*>::first);
  std::vector<KeyScheme const*> order;
  for (auto const& [score, scheme] : scored) order.push_back(scheme);
  return order;
}

/// A prefix as the file spells it, wrappers and all.
inline std::string spelled_prefix(std::vector<std::string_view> const& keys,
                                  std::vector<std::string> const& plain, KeyScheme const& scheme,
                                  std::string const& prefix) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!plain[i].starts_with(prefix)) continue;
    std::string_view const tail = std::string_view(plain[i]).substr(prefix.size());
    if (keys[i].ends_with(tail) && place_of(scheme, tail))
      return std::string(keys[i].substr(0, keys[i].size() - tail.size()));
  }
  return prefix;
}

}  // namespace detail

/// The scheme that explains most of the keys of `file`. A file may hold one model several times (a
/// student and its teacher, weights and their average): the weights themselves come before an
/// average of them, else the prefix with most keys; where two have equally many, the result is
/// `tied`.
inline Recognized recognize(std::vector<std::string_view> const& file) {
  std::vector<std::string_view> keys;  // without an optimizer's moments
  std::vector<std::string> plain;      // these without the parts of wrappers
  for (std::string_view key : file) {
    std::string without = without_parts(key, wrapper_parts);
    if (means_moments(without)) continue;
    keys.push_back(key);
    plain.push_back(std::move(without));
  }
  std::vector<std::string> candidates = plain;  // no model begins at what goes with an optimizer
  std::erase_if(candidates, means_optimizer);
  Recognized best{.scheme = native, .keys = keys.size()};
  std::vector<KeyScheme> const all = known_key_schemes();
  KeyScheme const* chosen = nullptr;
  for (KeyScheme const* const candidate : detail::likely_schemes(all, candidates)) {
    if (best.known == keys.size()) break;
    KeyScheme const& scheme = *candidate;
    std::vector<KeyGroup> groups = detail::key_groups(scheme, candidates);
    if (groups.empty()) continue;
    std::size_t const most = std::ranges::max_element(groups, {}, &KeyGroup::known)->known;
    // An average may lack what is not averaged (counters of batch norms).
    std::erase_if(groups, [&](KeyGroup const& group) { return 10 * group.known < 7 * most; });
    std::ranges::stable_sort(groups, [](KeyGroup const& a, KeyGroup const& b) {
      bool const slow_a = means_average(a.prefix), slow_b = means_average(b.prefix);
      return slow_a != slow_b ? slow_b : a.known > b.known;
    });
    Recognized found{.scheme = scheme,
                     .prefix = groups[0].prefix,
                     .keys = keys.size(),
                     .rivals = {groups.begin() + 1, groups.end()}};
    for (std::string_view key : keys) found.known += found.place(key).has_value();
    bool const earlier = chosen == nullptr || candidate < chosen;  // in `all`
    if (found.known < best.known || (found.known == best.known && !earlier)) continue;
    chosen = candidate;
    found.tied = groups.size() > 1 && groups[1].known == groups[0].known &&
                 means_average(groups[0].prefix) == means_average(groups[1].prefix);
    best = std::move(found);
  }
  best.spelled = detail::spelled_prefix(keys, plain, best.scheme, best.prefix);
  return best;
}

}  // namespace vlsm::io
