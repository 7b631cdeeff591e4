// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "vlsm/compose/recipe.hpp"
#include "vlsm/text/cross_bert.hpp"
#include "vlsm/vision/vit.hpp"
#include "vlsm/vqa/decoding.hpp"
#include "vlsm/vqa/word_head.hpp"

namespace vlsm {

/// The sizes of a BLIP for visual question answering.
struct BlipVqaConfig {
  VitConfig vision;
  CrossBertConfig text;    ///< of the question encoder, and of the answer decoder
  AnswerFrame frame = {};  ///< ids around an answer

  /// What pictures are made: pixels a side of their square, and the normalization.
  constexpr Recipe recipe() const {
    return {.image = vision.patch * vision.grid, .normalize = clip_normalization};
  }
};

/// Salesforce/blip-vqa-base, and -capfilt-large, which differs in what it was trained on.
inline constexpr BlipVqaConfig blip_vqa_base{
    .vision = {.layer = {.width = 768, .heads = 12, .ffn = 3072, .activation = Activation::gelu},
               .blocks = 12,
               .patch = 16,
               .grid = 24,
               .taps = {11},
               .count = 1,
               .norm_before = false,
               .patch_bias = true,
               .norm_taps = true},
    .text = {.layer = {.width = 768,
                       .heads = 12,
                       .ffn = 3072,
                       .activation = Activation::gelu,
                       .eps = 12},
             .blocks = 12,
             .vocabulary = 30524},
    .frame = {.start = 30522, .end = 102, .pad = 0}};

/// How an answer is made.
struct AnswerOptions {
  int max_new_tokens = 10;  ///< of a free answer, its end included
  /// Token ids of the answers that are possible, without frame; empty: the answer is free.
  std::vector<std::vector<std::int64_t>> answers{};
};

/// BLIP for visual question answering (Li et al. 2022, figure 5 a), as Hugging Face's
/// BlipForQuestionAnswering computes it:
///
///     picture [B, 3, H, W] ──> vision ──image──┐
///     question [B, L] ────────────────────────text──states──┐
///     answer so far [B, T] ───────────────────────────────decoder ──> head ──> logits [B, T, V]
///
/// `text` reads the question and looks at the picture, `decoder` reads the answer and looks at the
/// question. Parameters are named after the four parts. For one picture `encode_image` is called
/// once, whatever number of questions it meets.
template <BlipVqaConfig config = blip_vqa_base>
class BlipVqa : public Module {
  static_assert(config.vision.layer.width == config.text.layer.width,
                "BlipVqaConfig: picture and text differ in width");
  static_assert(config.vision.norm_taps && config.vision.count == 1,
                "BlipVqaConfig: .vision has one tap, after the final norm (.norm_taps)");

 public:
  using Vision = VisionTransformer<config.vision>;
  using Text = CrossBert<config.text>;
  static constexpr BlipVqaConfig settings = config;

  /// picture [B, 3, H, W], normalized -> its tokens [B, 1 + (H/patch)(W/patch), C]
  at::Tensor encode_image(at::Tensor const& picture) const {
    return vision->forward(picture).taps[0];
  }

  /// ids [B, L] and the picture's tokens [B or 1, N, C] -> the question's states [B, L, C]. Tokens
  /// where `padding` (bool [B, L], or undefined) is true are not looked at. Throws Error for ids
  /// and shapes that do not fit.
  at::Tensor encode_question(at::Tensor const& ids, at::Tensor const& padding,
                             at::Tensor const& image) const {
    return text->forward(ids, {.states = image, .padding = {}}, AttentionMask::none, padding);
  }

  /// The answer so far [B, T], start token first, and the question's states [B or 1, L, C] ->
  /// logits of the token behind each, [B, T, V]. Where `padding` (bool [B or 1, L], or undefined)
  /// is true the question is not looked at. Throws Error for ids and shapes that do not fit.
  at::Tensor decode(at::Tensor const& answer, at::Tensor const& question,
                    at::Tensor const& padding = {}) const {
    at::Tensor const states =
        decoder->forward(answer, {.states = question, .padding = padding}, AttentionMask::causal);
    return head->forward(states, decoder->words());
  }

  /// Answers questions [B, L] about pictures that are encoded already, [B or 1, N, C] -> int64
  /// [B, 1 + T]: the start token, the answer, its end, padding. A free answer is made of the
  /// likeliest token at each step; with `.answers` it is the one that `score_answers` finds
  /// likeliest.
  ///
  /// As in the reference, the decoder looks at a question's padding, too: ask questions of one
  /// length, or one at a time, where that must not matter. Nothing of an answer is kept between
  /// steps, since answers are a few tokens. Throws Error for ids and shapes that do not fit, and
  /// for an answer that is longer than the decoder's positions.
  at::Tensor generate(at::Tensor const& ids, at::Tensor const& padding, at::Tensor const& image,
                      AnswerOptions const& options = {}) const {
    at::Tensor const question = encode_question(ids, padding, image);
    if (options.answers.empty()) {
      check_positions(options.max_new_tokens, config.text.positions);
      return decode_greedily(
          ids.size(0), config.frame, options.max_new_tokens,
          [&](at::Tensor const& answer) { return decode(answer, question); }, ids.options());
    }
    at::Tensor const best = score_answers(question, options.answers).argmax(1).cpu();
    std::vector<std::vector<std::int64_t>> rows;
    for (std::int64_t row = 0; row < best.size(0); ++row)
      rows.push_back(
          options.answers[static_cast<std::size_t>(best[row].template item<std::int64_t>())]);
    return framed_rows(rows, config.frame, /*with_start=*/true, /*with_end=*/true).to(ids.device());
  }

  /// How likely each of n answers (token ids without frame) is to questions whose states are
  /// [B, L, C] -> log-probabilities [B, n], as vlsm::score_answers says. Throws Error for an empty
  /// list or answer and for ids outside the vocabulary.
  at::Tensor score_answers(at::Tensor const& question,
                           std::vector<std::vector<std::int64_t>> const& answers) const {
    std::vector<at::Tensor> scores;
    for (std::int64_t row = 0; row < question.size(0); ++row)
      scores.push_back(vlsm::score_answers(
          answers, config.frame,
          [&](at::Tensor const& said) { return decode(said, question.slice(0, row, row + 1)); },
          question.options()));
    return at::stack(scores);
  }

  static constexpr long long parameter_count() {
    return Vision::parameter_count() + 2 * Text::parameter_count() +
           WordHead::parameter_count(config.text.layer, config.text.vocabulary);
  }

  std::shared_ptr<Vision> vision = child<Vision>("vision");
  std::shared_ptr<Text> text = child<Text>("text");
  std::shared_ptr<Text> decoder = child<Text>("decoder");
  std::shared_ptr<WordHead> head =
      child<WordHead>("head", config.text.layer, config.text.vocabulary);
};

}  // namespace vlsm
