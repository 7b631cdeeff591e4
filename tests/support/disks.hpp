// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include "vlsm/data/dataset.hpp"
#include "vlsm/models/clipseg.hpp"

// A task that a model of a few thousand parameters learns in a second: a bright disk and a dark
// one, and the prompt says which.
namespace vlsm::test {

class Disks : public Dataset {
 public:
  explicit Disks(std::size_t count, unsigned seed = 0) : count_(count), seed_(seed) {}
  std::size_t size() const override { return count_; }
  Example at(std::size_t index, Random& /*random*/) const override {
    Random place(seed_ + static_cast<unsigned>(index / 2));
    bool const bright = index % 2 == 0;
    std::int64_t const y = 8 * static_cast<std::int64_t>(uniform_index(place, 4)),
                       shift = static_cast<std::int64_t>(uniform_index(place, 2));
    Example example{.name = std::to_string(index),
                    .prompt = bright ? "bright" : "dark",
                    .image = at::zeros({3, 32, 32}),
                    .mask = at::zeros({1, 32, 32})};
    for (bool const disk : {true, false}) {
      std::int64_t const x = (disk ? 0 : 16) + 8 * shift;
      example.image.slice(1, y, y + 8).slice(2, x, x + 8).fill_(disk ? 2 : -2);
      if (disk == bright) example.mask.slice(1, y, y + 8).slice(2, x, x + 8).fill_(1);
    }
    return example;
  }

 private:
  std::size_t count_;
  unsigned seed_;
};

inline constexpr VitConfig disk_vit{.layer = {.width = 32, .heads = 2, .ffn = 64},
                                    .blocks = 2,
                                    .patch = 8,
                                    .grid = 4,
                                    .taps = {0, 1},
                                    .count = 2};
inline constexpr ClipTextConfig disk_text{.layer = {.width = 32, .heads = 2, .ffn = 64},
                                          .blocks = 1,
                                          .vocabulary = 258,
                                          .end = 257,
                                          .sentence = 32};

struct DiskSeg {
  using Vision = VisionTransformer<disk_vit>;
  using Text = ClipText<disk_text>;
  using Fusion = Film<FilmConfig{.width = 16}>;
  using Decoder = TransformerDecoder<DecoderConfig{.heads = 2, .ffn = 32}>;
  using Head = TransposedHead<>;
  static constexpr Recipe recipe{.image = 32, .normalize = imagenet_normalization};
};

/// Bytes as ids, between 256 and 257.
inline std::vector<std::int64_t> encode_bytes(std::string const& text) {
  std::vector<std::int64_t> ids{256};
  for (unsigned char byte : text) ids.push_back(byte);
  ids.push_back(257);
  return ids;
}

}  // namespace vlsm::test
