// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/keys/schemes.hpp"

// A key scheme to copy.
namespace mine {

// [scheme]
using vlsm::io::Change;

inline constexpr vlsm::io::KeyRule encoder_rules[] = {
    {"vision.layers.*.qkv.", "block*.query.", Change::part, 0, 3},
    {"vision.layers.*.qkv.", "block*.key.", Change::part, 1, 3},
    {"vision.layers.*.qkv.", "block*.value.", Change::part, 2, 3},
    {"vision.project.weight", "projection", Change::transpose},
    {"", "mask", Change::drop},  // a constant
};
static_assert(vlsm::io::unambiguous(encoder_rules));
inline constexpr vlsm::io::KeyRule beside_rules[] = {{"head.score.", "segmenter."},
                                                     {"unused.temperature", "temperature"}};
static_assert(vlsm::io::unambiguous(beside_rules));

inline constexpr vlsm::io::KeyPart parts[] = {{"image_encoder.", encoder_rules},
                                              {"", beside_rules}};
inline constexpr vlsm::io::KeyScheme scheme{"lab", "our laboratory's archive", parts, "mine"};

inline bool const scheme_is_known = vlsm::io::register_key_scheme(scheme);
// [scheme]

}  // namespace mine
