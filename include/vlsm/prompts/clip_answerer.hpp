// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/grad_mode.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/compose/recipe.hpp"
#include "vlsm/image/box.hpp"
#include "vlsm/image/resize.hpp"
#include "vlsm/image/to_tensor.hpp"
#include "vlsm/prompts/answerer.hpp"
#include "vlsm/tokenizer/tokenizer.hpp"
#include "vlsm/train/batch.hpp"

namespace vlsm {

/// How a ClipAnswerer asks.
struct ClipAnswererOptions {
  std::vector<AnswerChoices> choices{};     ///< the words that it knows, for each kind of question
  std::string sentence = "a {word} polyp";  ///< what a word is put into
  Recipe recipe{};  ///< of the towers: the square's side, the normalization, the prompt's length
};

/// Answers without a question's help (Radford et al. 2021, zero-shot classification): of the words
/// for a kind of question, the one whose sentence is nearest to the picture's part by the cosine of
/// their embeddings.
///
/// The part is the square around the object's box, so that the object keeps its proportions,
/// resized by PIL's bicubic filter as CLIP does. `Vision` and `Text` are towers of one CLIP:
/// `embed_prompt(image [B, 3, S, S]) -> [B, width]`, as VisionTransformer has it where `.pooled` is
/// set, and `forward(Tokens).sentence`, [B, width].
template <class Vision, class Text>
class ClipAnswerer {
 public:
  /// Towers with their weights, on any device; sentences are read once, here. Throws Error for a
  /// sentence without "{word}", for choices without words, and where the text tower refuses one.
  ClipAnswerer(std::shared_ptr<Vision const> vision, std::shared_ptr<Text const> text,
               tokenizer::AnyTokenizer const& tokenizer, ClipAnswererOptions options)
      : vision_(std::move(vision)), options_(std::move(options)) {
    at::NoGradGuard const no_grad;
    if (options_.choices.empty())
      throw Error("there is no word to choose from", "ClipAnswerer", "give choices");
    for (AnswerChoices const& choice : options_.choices) {
      if (choice.words.empty())
        throw Error("there is no word to choose from", "choices for " + choice.asked, "give words");
      std::vector<std::string> sentences;
      for (std::string const& word : choice.words) sentences.push_back(sentence_of(word));
      Tokens tokens = tokenize(
          sentences,
          [&](std::string const& one) {
            return tokenizer.encode(one, static_cast<std::size_t>(options_.recipe.tokens));
          },
          Text::pad_to);
      tokens.ids = tokens.ids.to(device_of(*text));
      said_.push_back(unit(text->forward(tokens).sentence));
    }
  }

  /// The word for what lies in `box`, by the choices that the question asks about. Throws Error
  /// where there are none for it, and where no pixel lies in the box.
  std::string operator()(Image const& picture, Box box, std::string const& question) const {
    AnswerChoices const* const choice = choices_for(options_.choices, question);
    if (choice == nullptr)
      throw Error("no words are known for this question", question.substr(0, 200),
                  "give choices whose kind (\"shape\", \"color\") the question names");
    auto const which = static_cast<std::size_t>(choice - options_.choices.data());
    at::Tensor const cosines = at::mv(said_[which], embed(picture, box));  // [words]
    return choice->words[static_cast<std::size_t>(cosines.argmax().template item<std::int64_t>())];
  }

  /// The embedding of the square around a box, of length 1: [width]. Throws Error where no pixel
  /// lies in the box.
  at::Tensor embed(Image const& picture, Box box) const {
    at::NoGradGuard const no_grad;
    auto const side = static_cast<std::size_t>(options_.recipe.image);
    Image const part = crop(picture, square_around(box, picture.shape(0), picture.shape(1)));
    at::Tensor const pixels =
        to_tensor(resize_bicubic(part, side, side), options_.recipe.normalize).unsqueeze(0);
    return unit(vision_->embed_prompt(pixels.to(said_[0].device())))[0];
  }

 private:
  std::string sentence_of(std::string const& word) const {
    constexpr std::string_view place = "{word}";
    std::string sentence = options_.sentence;
    auto const at = sentence.find(place);
    if (at == std::string::npos)
      throw Error("the sentence has no place for a word", sentence.substr(0, 200),
                  "write {word} where it belongs");
    return sentence.replace(at, place.size(), word);
  }
  static at::Device device_of(Text const& text) {
    auto const parameters = text.parameters();
    return parameters.empty() ? at::Device(at::kCPU) : parameters[0].device();
  }
  static at::Tensor unit(at::Tensor const& x) {
    return x / x.norm(2, {-1}, /*keepdim=*/true).clamp_min(1e-12);
  }

  std::shared_ptr<Vision const> vision_;
  ClipAnswererOptions options_;
  std::vector<at::Tensor> said_;  // for each of the choices, its words' embeddings [words, width]
};

}  // namespace vlsm
