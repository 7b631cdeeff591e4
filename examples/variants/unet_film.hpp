// SPDX-License-Identifier: MIT
#pragma once

#include "vlsm/fusion/film_skips.hpp"
#include "vlsm/models/unet.hpp"
#include "vlsm/text/clip_text.hpp"

namespace vlsm::variants {

// [variant]
/// An image-only U-Net conditioned on a sentence, which scales and shifts the channels of every
/// skip.
template <class Base, class Tower>
struct WithFilmSkips : Base {
  using Text = Tower;
  using Fusion = FilmSkips<>;
};
using UnetFilm = WithFilmSkips<Unet, ClipText<clip_text>>;
static_assert(fits<UnetFilm>());
// [variant]

}  // namespace vlsm::variants
