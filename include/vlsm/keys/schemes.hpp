// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/keys/blip.hpp"
#include "vlsm/keys/clipseg.hpp"
#include "vlsm/keys/cris.hpp"
#include "vlsm/keys/open_clip.hpp"
#include "vlsm/keys/smp.hpp"

namespace vlsm::io {

/// Our own names; it has no parts because nothing is renamed.
inline constexpr KeyScheme native{"native", "vlsm", {}};

/// The library's own schemes; ours, which knows any key below a slot, comes last.
inline constexpr std::array schemes{hf_clipseg,        hf_clip,     openai_clip, openai_vit,
                                    open_clip_vit,     cris,        open_clip,   biomedclipseg,
                                    clipseg_authors,   resnet,      smp_unet,    smp_unetpp,
                                    smp_deeplabv3plus, hf_blip_vqa, native};

/// The schemes that a program has added, in that order.
inline std::vector<KeyScheme>& registered_key_schemes() {
  static std::vector<KeyScheme> added;
  return added;
}

/// Adds a scheme, by which files are recognized from now on; one that was added under the same name
/// gives way to it. Not while another thread loads weights.
///
/// @param scheme  its names and tables must live as long as the program: constants, as those here
/// @returns true, so that a header may say
/// `inline bool const registered = vlsm::io::register_key_scheme(mine);`
inline bool register_key_scheme(KeyScheme const& scheme) {
  std::vector<KeyScheme>& added = registered_key_schemes();
  std::erase_if(added, [&](KeyScheme const& older) { return older.name == scheme.name; });
  added.push_back(scheme);
  return true;
}

/// Every scheme that files are recognized by: those that were added, then the library's. Of those
/// that know equally many keys of a file the first is taken.
inline std::vector<KeyScheme> known_key_schemes() {
  std::vector<KeyScheme> all = registered_key_schemes();
  all.insert(all.end(), schemes.begin(), schemes.end());
  return all;
}

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
        return Place{
            rule.change == Change::drop ? "" : std::string(part.slot) + fill_key(rule.ours, *match),
            rule};
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
  for (KeyPart const& part : scheme.parts) {
    if (!ours.starts_with(part.slot)) continue;
    for (KeyRule const& rule : part.rules)
      if (rule.change != Change::drop)
        if (auto const match = match_key(rule.ours, ours.substr(part.slot.size())))
          origins.push_back({std::string(part.prefix) + fill_key(rule.theirs, *match), rule});
  }
  std::ranges::sort(origins, {}, [](Origin const& o) { return o.rule.part; });
  return origins;
}

}  // namespace vlsm::io
