// SPDX-License-Identifier: MIT
// Segments a picture by a sentence with the published CLIPSeg weights:
//   01_segment WEIGHTS_FOLDER PICTURE "a sentence" MASK.png
#include <ATen/core/grad_mode.h>

#include <iostream>

// [readme]
#include "vlsm/vlsm.hpp"

void segment(std::string weights, std::string picture, std::string sentence, std::string out) {
  vlsm::Segmenter<vlsm::ClipSeg> model;
  vlsm::io::load(model, weights);  // a hub's folder, safetensors, .bin, .ckpt
  auto const tokenizer = vlsm::tokenizer::ClipTokenizer::open(weights);
  auto const encode = [&](std::string const& text) { return tokenizer.encode(text); };

  at::NoGradGuard const no_grad;
  auto const& recipe = vlsm::ClipSeg::recipe;
  vlsm::Image const image = vlsm::read_image(picture);
  auto const seen = model.encode_image(vlsm::prepare_image(image, recipe).unsqueeze(0));
  auto const said =
      model.encode_text(vlsm::tokenize({sentence}, encode, vlsm::ClipSeg::Text::pad_to));
  at::Tensor const logits = model.segment(seen, said);  // [1, 1, 352, 352]
  vlsm::check_logits(logits, picture);
  vlsm::Mask const mask = vlsm::restore_mask(at::sigmoid(logits)[0][0], recipe.threshold,
                                             image.shape(0), image.shape(1), recipe);
  vlsm::write_png(out, mask);
}
// [readme]

int main(int count, char** words) {
  if (count != 5) {
    std::cerr << "usage: 01_segment WEIGHTS_FOLDER PICTURE \"a sentence\" MASK.png\n";
    return 2;
  }
  try {
    segment(words[1], words[2], words[3], words[4]);
  } catch (vlsm::Error const& e) {
    std::cerr << "error: " << e.what() << "\n";
    return 1;
  }
}
