// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <vector>

#include "vlsm/keys/clipseg_authors.hpp"
#include "vlsm/keys/cris.hpp"
#include "vlsm/keys/hf_clipseg.hpp"
#include "vlsm/keys/open_clip.hpp"
#include "vlsm/keys/smp.hpp"

namespace vlsm::io {

/// Our own names; it has no parts because nothing is renamed.
inline constexpr KeyScheme native{"native", "vlsm", {}};

/// The library's own schemes; ours, which knows any key below a slot, comes last.
inline constexpr std::array schemes{hf_clipseg,        hf_clip, openai_clip, openai_vit,
                                    open_clip_vit,     cris,    open_clip,   biomedclipseg,
                                    clipseg_authors,   resnet,  smp_unet,    smp_unetpp,
                                    smp_deeplabv3plus, native};

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

}  // namespace vlsm::io
