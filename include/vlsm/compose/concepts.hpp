// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>

#include "vlsm/compose/ports.hpp"
#include "vlsm/compose/recipe.hpp"

// What each slot must be able to say of itself before anything is built: its ports, its size and
// its work. Whether two blocks fit each other is another question, answered by fits.hpp.
namespace vlsm {

/// Says how many parameters it has and what work a load makes.
template <class B>
concept Block = requires(Workload load) {
  { B::parameter_count() } -> std::convertible_to<long long>;
  { B::flops(load) } -> std::convertible_to<long long>;
};

/// Reads an image, writes `out`.
template <class B>
concept VisionTower = Block<B> && requires {
  { B::out } -> std::convertible_to<FeatureSpec>;
};

/// Reads token ids, writes `out`.
template <class B>
concept TextTower = Block<B> && requires {
  { B::out } -> std::convertible_to<TextSpec>;
};

/// Reads the taps `image` and the words `text`, writes `out`.
template <class B>
concept FusionBlock = Block<B> && requires {
  { B::image } -> std::convertible_to<FeatureSpec>;
  { B::text } -> std::convertible_to<TextSpec>;
  { B::out } -> std::convertible_to<FeatureSpec>;
};

/// Reads `in`, writes the one map `out`.
template <class B>
concept DecoderBlock = Block<B> && requires {
  { B::in } -> std::convertible_to<FeatureSpec>;
  { B::out } -> std::convertible_to<FeatureSpec>;
};

/// Reads the one map `in`, writes logits `scale` times as large.
template <class B>
concept HeadBlock = Block<B> && requires {
  { B::in } -> std::convertible_to<FeatureSpec>;
  { B::scale } -> std::convertible_to<int>;
};

/// A struct that names its five slots and its recipe.
template <class A>
concept Architecture = requires {
  typename A::Vision;
  typename A::Text;
  typename A::Fusion;
  typename A::Decoder;
  typename A::Head;
  { A::recipe } -> std::convertible_to<Recipe>;
};

}  // namespace vlsm
