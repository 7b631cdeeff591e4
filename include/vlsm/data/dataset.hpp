// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/image/image.hpp"

namespace vlsm {

/// What one training step learns from, or one evaluation is measured against.
struct Example {
  std::string name;  ///< for reports: the mask's name
  std::string prompt;
  at::Tensor image;  ///< [3, S, S], normalized, float32 on the CPU
  at::Tensor mask;   ///< [1, S, S], 0 to 1, likewise
};

/// The generator that everything random in training draws from. std::shuffle and the standard
/// distributions may differ between standard libraries; these do not.
using Random = std::mt19937;

/// Uniform in [0, count).
inline std::size_t uniform_index(Random& random, std::size_t count) { return random() % count; }

/// Shuffles values.
template <class Values>
void shuffle(Values& values, Random& random) {
  for (std::size_t i = values.size(); i > 1; --i)
    std::swap(values[i - 1], values[uniform_index(random, i)]);
}

/// The generator of the example that is the `position`-th of an epoch. Each example has one of its
/// own, so what it draws depends neither on the examples before it nor on who loads it.
inline Random example_random(std::uint64_t seed, std::uint64_t epoch, std::uint64_t position) {
  std::array<std::uint32_t, 6> words;
  for (std::size_t i = 0; std::uint64_t const value : {seed, epoch, position}) {
    words[i++] = static_cast<std::uint32_t>(value);
    words[i++] = static_cast<std::uint32_t>(value >> 32);
  }
  std::seed_seq mixed(words.begin(), words.end());
  return Random(mixed);
}

/// Prompt -> ids, start and end token included; what a tokenizer's `encode` is. A Loader asks it
/// once a sentence, from one thread at a time.
using Encode = std::function<std::vector<std::int64_t>(std::string const&)>;

/// Where examples come from: a data set on disk, or one of the user's own. A Loader's workers ask
/// several at once: `at` must allow that, or the Loader must have no workers.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual std::size_t size() const = 0;
  /// Example `index`; where a row has several equivalent prompts, `random` picks one.
  virtual Example at(std::size_t index, Random& random) const = 0;
  /// The mask of example `index` at its picture's size, from 128 on the object. Throws Error where
  /// the examples have no pictures of another size than the model's.
  virtual Mask mask(std::size_t /*index*/) const {
    throw Error("these examples have no masks at their pictures' size", "Dataset::mask",
                "score them at the model's size, or override it");
  }
};

}  // namespace vlsm
