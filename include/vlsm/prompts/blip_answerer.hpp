// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/grad_mode.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/image/box.hpp"
#include "vlsm/image/resize.hpp"
#include "vlsm/image/to_tensor.hpp"
#include "vlsm/models/blip_vqa.hpp"
#include "vlsm/prompts/answerer.hpp"
#include "vlsm/tokenizer/wordpiece.hpp"
#include "vlsm/weights/load_blip.hpp"

namespace vlsm {

/// How a BlipAnswerer asks.
struct BlipAnswererOptions {
  BoxStyle box{};           ///< what is drawn around the object
  int max_new_tokens = 10;  ///< of a free answer, its end included
  /// Words to choose from; a question that none of these is for is answered freely.
  std::vector<AnswerChoices> choices{};
};

/// Asks BLIP about the whole picture with a green box around the object, as the study asked OFA
/// (Poudel et al. 2024). Pictures and questions are prepared as Hugging Face's BlipProcessor does:
/// PIL's bicubic resize to the model's square, CLIP's mean and deviation, BERT's uncased WordPiece
/// with [CLS] first (the authors' own code puts an [ENC] in its place).
template <BlipVqaConfig config = blip_vqa_base>
class BlipAnswerer {
 public:
  using Model = BlipVqa<config>;

  /// A model with its weights, on any device, and its vocabulary. Throws Error where the tokenizer
  /// is another model's, and for words to choose from that leave no token.
  BlipAnswerer(std::shared_ptr<Model const> model, tokenizer::WordPieceTokenizer tokenizer,
               BlipAnswererOptions options = {})
      : model_(std::move(model)), tokenizer_(std::move(tokenizer)), options_(std::move(options)) {
    if (tokenizer_.vocabulary_size() > config.text.vocabulary ||
        tokenizer_.end() != config.frame.end)
      throw Error(
          "the tokenizer is not this model's: it has " +
              std::to_string(tokenizer_.vocabulary_size()) + " ids, and " +
              std::to_string(tokenizer_.end()) + " ends a text",
          "BlipAnswerer",
          "give the vocab.txt of the model, whose end is " + std::to_string(config.frame.end));
    for (AnswerChoices const& choice : options_.choices) words_.push_back(ids_of(choice));
  }

  /// A folder as downloaded from a hub (Salesforce/blip-vqa-base): weights, config.json, vocab.txt.
  /// Throws Error where one of them is missing or does not fit.
  static BlipAnswerer open(std::filesystem::path const& folder, BlipAnswererOptions options = {},
                           at::Device device = at::kCPU) {
    auto tokenizer = tokenizer::WordPieceTokenizer::open(folder);
    WithoutInitialization const from_file;
    auto model = std::make_shared<Model>();
    io::load(*model, folder);
    model->to(device);
    return {std::move(model), std::move(tokenizer), std::move(options)};
  }

  /// The answer to one question about what lies in `box`: a word of the choices for it, else what
  /// the model says, in lower case; that may be nothing. Throws Error where no pixel lies in the
  /// box.
  std::string operator()(Image const& picture, Box box, std::string const& question) const {
    return ask(see(picture, box), question);
  }

  /// What the model sees of a picture with its box, [1, N, C]: for several questions about it.
  /// Throws Error where no pixel lies in the box.
  at::Tensor see(Image const& picture, Box box) const {
    at::NoGradGuard const no_grad;
    constexpr Recipe recipe = config.recipe();
    constexpr auto side = static_cast<std::size_t>(recipe.image);
    Image const square = resize_bicubic(draw_box(picture, box, options_.box), side, side);
    return model_->encode_image(on_device(to_tensor(square, recipe.normalize).unsqueeze(0)));
  }

  /// The answer to a question about what was seen, [1, N, C].
  std::string ask(at::Tensor const& image, std::string const& question) const {
    at::NoGradGuard const no_grad;
    auto const positions = static_cast<std::size_t>(config.text.positions);
    at::Tensor const ids =
        on_device(at::tensor(tokenizer_.encode(question, positions), at::kLong).unsqueeze(0));
    if (AnswerChoices const* const choice = choices_for(options_.choices, question)) {
      auto const which = static_cast<std::size_t>(choice - options_.choices.data());
      at::Tensor const scores =
          model_->score_answers(model_->encode_question(ids, {}, image), words_[which]);
      return choice->words[static_cast<std::size_t>(scores.argmax().template item<std::int64_t>())];
    }
    at::Tensor const answer =
        model_->generate(ids, {}, image, {.max_new_tokens = options_.max_new_tokens})[0].cpu();
    auto const* const first = answer.const_data_ptr<std::int64_t>();
    return tokenizer_.decode({first + 1, first + answer.size(0)});  // behind the start token
  }

  Model const& model() const { return *model_; }

 private:
  /// Token ids of each word, without the tokenizer's start and end. Throws Error for a word without
  /// any, and where there is no word.
  std::vector<tokenizer::Ids> ids_of(AnswerChoices const& choice) const {
    std::vector<tokenizer::Ids> rows;
    for (std::string const& word : choice.words) {
      tokenizer::Ids const framed = tokenizer_.encode(word);
      rows.emplace_back(framed.begin() + 1, framed.end() - 1);
      if (rows.back().empty())
        throw Error("a word to choose from has no letters", "choices for " + choice.asked,
                    "leave it out");
    }
    if (rows.empty())
      throw Error("there is no word to choose from", "choices for " + choice.asked,
                  "give words, or no such choices for a free answer");
    return rows;
  }

  at::Tensor on_device(at::Tensor const& x) const {
    return x.to(model_->decoder->words().device());
  }

  std::shared_ptr<Model const> model_;
  tokenizer::WordPieceTokenizer tokenizer_;
  BlipAnswererOptions options_;
  std::vector<std::vector<tokenizer::Ids>> words_;  // for each of the choices, its words' tokens
};

static_assert(AttributeAnswerer<BlipAnswerer<>>);

}  // namespace vlsm
