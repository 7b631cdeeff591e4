// SPDX-License-Identifier: MIT
// Composes a variant of CLIPSeg, checks it, trains it on synthetic pictures: the whole way of a new
// idea.
#include <filesystem>
#include <iostream>

#include "vlsm/data/synthetic_dataset.hpp"
#include "vlsm/segmenter/check.hpp"
#include "vlsm/vlsm.hpp"

// [variant]
/// Wider than the small CLIPSeg behind its towers. What Decoder and Head read follows from it.
struct WideDecoder : vlsm::ClipSegTiny {
  using Fusion = vlsm::Film<vlsm::FilmConfig{.width = 64}>;
  using Decoder = vlsm::TransformerDecoder<vlsm::DecoderConfig{.heads = 4, .ffn = 256}>;
};
static_assert(vlsm::fits<WideDecoder>());
// [variant]

int main(int count, char** words) {
  int const epochs = count > 1 ? std::atoi(words[1]) : 2;
  for (std::string const& finding : vlsm::check_architecture<WideDecoder>())
    std::cout << finding << "\n";

  auto const folder = std::filesystem::temp_directory_path() / "vlsm-compose";
  auto const& recipe = WideDecoder::recipe;
  vlsm::write_synthetic(folder, {.side = recipe.image}, {.train = 60, .val = 10, .test = 10}, 0);
  // [train]
  vlsm::tokenizer::ByteTokenizer const bytes;
  auto const encode = [&](std::string const& text) { return bytes.encode(text, recipe.tokens); };
  vlsm::FolderDataset const train(folder, "train", "p2", recipe), val(folder, "val", "p2", recipe);
  vlsm::Segmenter<WideDecoder> model;
  auto const history = vlsm::fit(model, train, val, encode,
                                 {.epochs = epochs, .loss = vlsm::SegmentationLoss::dice_ce});
  // [train]
  std::cout << vlsm::parameter_count<WideDecoder>() << " parameters, validation Dice "
            << history.back().val_dice << "\n";
  std::filesystem::remove_all(folder);
}
