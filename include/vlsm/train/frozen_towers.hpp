// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/autocast_mode.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <typeinfo>
#include <vector>

#include "vlsm/base/content_hash.hpp"
#include "vlsm/data/batch.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/ops/tensor_bytes.hpp"
#include "vlsm/segmenter/any_segmenter.hpp"
#include "vlsm/train/batch.hpp"
#include "vlsm/train/feature_cache.hpp"
#include "vlsm/train/options.hpp"
#include "vlsm/train/prepared_towers.hpp"

namespace vlsm {

/// The towers of a model, of which those that are frozen run in the form in which they infer
/// fastest (PreparedTowers) and, as far as a cache keeps what they wrote, once a picture and once a
/// prompt. A tower is frozen where it has parameters, none takes a gradient, and it evaluates: what
/// trains, adapters included, runs each time, as it is.
///
/// On a CPU a frozen tower sees each picture and each prompt by itself. What it writes of one then
/// does not depend on the others of a batch, not in the last bit: a cache changes no bit of a
/// training, and a run that is resumed with an empty one goes on with the same features.
class FrozenTowers {
 public:
  /// Without a `cache` both towers run each time. The model's weights are those of now: make it
  /// before RoundedWeights.
  FrozenTowers(AnySegmenter const& model, Precision precision, std::shared_ptr<FeatureCache> cache)
      : model_(model),
        precision_(precision),
        cache_(std::move(cache)),
        prepared_(model, precision) {
    if (cache_) run_ = cache_->begin();
    vision_ = tower_of("vision");
    text_ = tower_of("text");
  }

  ~FrozenTowers() {
    if (cache_) cache_->end(run_);
  }
  FrozenTowers(FrozenTowers const&) = delete;
  FrozenTowers& operator=(FrozenTowers const&) = delete;

  /// In which frozen towers run that are prepared.
  Precision precision() const { return precision_; }
  /// Whether batches should bring Batch::pixels.
  bool keeps_pictures() const { return cache_ && vision_.frozen; }
  bool keeps_prompts() const { return cache_ && text_.frozen; }

  /// What the vision tower makes of `image` [B, 3, S, S]: the batch's, in the model's precision.
  ImageFeatures encode_image(Batch const& batch, at::Tensor const& image) const {
    bool const keeps = keeps_pictures() && !batch.pixels.empty();
    if (!vision_.frozen || (!keeps && !image.is_cpu())) return model_.encode_image(image);
    std::vector<KeptFeatures> rows(static_cast<std::size_t>(image.size(0)));
    std::vector<std::size_t> missing;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::optional<KeptFeatures> found;
      if (keeps) found = cache_->find(key_at(vision_, batch.pixels[i], image.device()), run_);
      if (found)
        rows[i] = std::move(*found);
      else
        missing.push_back(i);
    }
    for (auto const& some : encoded_together(missing, image.device())) {
      at::Tensor const which = at::tensor(std::vector<std::int64_t>(some.begin(), some.end()));
      at::Tensor const shown = image.index_select(0, which.to(image.device()));
      ImageFeatures const seen = encode(shown);
      bool const same = is_same(seen.image, shown);
      for (std::size_t i = 0; i < some.size(); ++i) {
        KeptFeatures row = row_of(seen, static_cast<std::int64_t>(i));
        if (!same) row.emplace_back("image", seen.image[static_cast<std::int64_t>(i)]);
        if (keeps)
          row = cache_->keep(key_at(vision_, batch.pixels[some[i]], image.device()), std::move(row),
                             run_);
        rows[some[i]] = std::move(row);
      }
    }
    // A tower may change some pictures that it hands on, and others not.
    auto const handed_on = std::ranges::find_if(
        rows, [](KeptFeatures const& row) { return part(row, "image").defined(); });
    if (handed_on != rows.end()) {
      auto const options = part(*handed_on, "image").options();
      for (std::size_t i = 0; i < rows.size(); ++i)
        if (!part(rows[i], "image").defined())
          rows[i].emplace_back("image", image[static_cast<std::int64_t>(i)].to(options));
    }
    return stacked(rows, image);
  }

  /// What the text tower makes of a batch's prompts, on the device of its pictures; a sentence that
  /// several share is read once.
  TextFeatures encode_text(Batch const& batch) const {
    std::map<std::vector<std::int64_t>, std::int64_t> position;
    std::vector<std::vector<std::int64_t>> distinct;
    std::vector<std::int64_t> which;
    for (auto const& ids : batch.ids) {
      auto const [entry, fresh] = position.emplace(ids, static_cast<std::int64_t>(distinct.size()));
      if (fresh) distinct.push_back(ids);
      which.push_back(entry->second);
    }
    at::Device const device = batch.image.device();
    bool const apart = text_.frozen && (cache_ || device.is_cpu());
    TextFeatures said = apart ? each(distinct, device) : read(distinct, device);
    at::Tensor const rows = at::tensor(which).to(device);
    for (at::Tensor* part : {&said.sentence, &said.words, &said.padding})
      if (part->defined()) *part = part->index_select(0, rows);
    return said;
  }

 private:
  struct Tower {
    bool frozen = false;
    bool prepared = false;  ///< runs in prepared_
    ContentHash key = {};   ///< of weights and code, where a cache needs it
  };

  Tower tower_of(char const* slot) {
    auto const& tower = *model_.module().named_children()[slot];
    // Of a prepared model no weights are left that would tell it from others.
    if (!is_frozen(tower) || tower.is_training() || is_prepared(tower)) return {};
    Tower found{.frozen = true, .prepared = prepared_.take(slot)};
    if (!cache_) return found;
    // The type's name holds the block's configuration, which weights do not tell. The number is to
    // be raised when a change of this library's code changes what towers write.
    found.key = content_hash(std::string("4 ") + typeid(tower).name() + " " +
                             (cache_->options().half ? "half " : "whole ") +
                             tower.parameters().front().device().str());
    for (auto const& item : tower.named_parameters())
      found.key = tensor_hash(item.key(), item.value(), found.key);
    for (auto const& item : tower.named_buffers())
      found.key = tensor_hash(item.key(), item.value(), found.key);
    return found;
  }

  /// Where a tower's features of `content` are kept: in the precision in which it runs now. One
  /// that is not prepared runs in that of what is around it, steps or validation.
  ContentHash key_at(Tower const& tower, ContentHash const& content, at::Device device) const {
    bool const rounded = tower.prepared ? precision_ == Precision::bf16
                                        : at::autocast::is_autocast_enabled(device.type());
    return content_hash(std::as_bytes(std::span(&content, 1)),
                        content_hash(rounded ? "bf16" : "fp32", tower.key));
  }

  /// Which pictures are encoded together: on a CPU each by itself, a GPU needs all at once.
  static std::vector<std::vector<std::size_t>> encoded_together(
      std::vector<std::size_t> const& missing, at::Device device) {
    if (missing.empty()) return {};
    if (!device.is_cpu()) return {missing};
    std::vector<std::vector<std::size_t>> each;
    for (std::size_t i : missing) each.push_back({i});
    return each;
  }

  ImageFeatures encode(at::Tensor const& image) const {
    at::NoGradGuard const no_grad;
    return vision_.prepared ? prepared_.encode_image(image) : model_.encode_image(image);
  }

  /// Whether a tower hands on the picture that it was shown, or no picture.
  static bool is_same(at::Tensor const& handed_on, at::Tensor const& shown) {
    return !handed_on.defined() || handed_on.is_same(shown) ||
           at::equal(handed_on, shown.to(handed_on.scalar_type()));
  }

  static KeptFeatures row_of(ImageFeatures const& seen, std::int64_t row) {
    KeptFeatures features;
    for (std::size_t i = 0; i < seen.taps.size(); ++i)
      features.emplace_back("tap" + std::to_string(i), seen.taps[i][row]);
    if (seen.pooled.defined()) features.emplace_back("pooled", seen.pooled[row]);
    return features;
  }

  static at::Tensor const& part(KeptFeatures const& features, std::string const& name) {
    static at::Tensor const none;
    for (auto const& [key, value] : features)
      if (key == name) return value;
    return none;
  }

  /// One tensor of all rows, as the tower wrote it.
  static at::Tensor stack(std::vector<KeptFeatures> const& rows, std::string const& name,
                          at::Device device) {
    std::vector<at::Tensor> parts;
    for (KeptFeatures const& row : rows) parts.push_back(part(row, name));
    if (!parts[0].defined()) return {};
    for (at::Tensor& one : parts)
      if (one.scalar_type() == at::kHalf) one = one.to(at::kFloat);  // no tower writes float16
    return at::stack(parts).to(device, /*non_blocking=*/true);
  }

  ImageFeatures stacked(std::vector<KeptFeatures> const& rows, at::Tensor const& image) const {
    ImageFeatures seen{.taps = {}, .pooled = {}, .image = stack(rows, "image", image.device())};
    if (!seen.image.defined()) seen.image = image;
    for (int i = 0; i < model_.info.vision.count; ++i)
      seen.taps.push_back(stack(rows, "tap" + std::to_string(i), image.device()));
    seen.pooled = stack(rows, "pooled", image.device());
    return seen;
  }

  TextFeatures read(std::vector<std::vector<std::int64_t>> const& rows, at::Device device) const {
    Tokens const tokens{pad_ids(rows, model_.info.pad_to).ids.to(device)};
    return text_.prepared ? prepared_.encode_text(tokens) : model_.encode_text(tokens);
  }

  /// The same, where each prompt is read by itself or comes out of the cache.
  TextFeatures each(std::vector<std::vector<std::int64_t>> const& prompts,
                    at::Device device) const {
    std::vector<KeptFeatures> rows;
    std::int64_t longest = 0;
    for (auto const& ids : prompts) {
      ContentHash const key = key_at(text_, content_hash(std::as_bytes(std::span(ids))), device);
      std::optional<KeptFeatures> row;
      if (cache_) row = cache_->find(key, run_);
      if (!row) {
        at::NoGradGuard const no_grad;
        TextFeatures const said = read({ids}, device);
        KeptFeatures fresh;
        if (said.sentence.defined()) fresh.emplace_back("sentence", said.sentence[0]);
        if (said.words.defined()) fresh.emplace_back("words", said.words[0]);
        if (said.padding.defined()) fresh.emplace_back("padding", said.padding[0]);
        row = cache_ ? cache_->keep(key, std::move(fresh), run_) : std::move(fresh);
      }
      if (at::Tensor const& words = part(*row, "words"); words.defined())
        longest = std::max(longest, words.size(0));
      rows.push_back(std::move(*row));
    }
    pad_words(rows, longest);
    return {.sentence = stack(rows, "sentence", device),
            .words = stack(rows, "words", device),
            .padding = stack(rows, "padding", device)};
  }

  /// Prompts of one length: nobody reads what is marked as padding.
  static void pad_words(std::vector<KeptFeatures>& rows, std::int64_t longest) {
    auto const marked = [](KeptFeatures const& row) { return part(row, "padding").defined(); };
    auto const shorter = [&](KeptFeatures const& row) {
      at::Tensor const& words = part(row, "words");
      return words.defined() && words.size(0) < longest;
    };
    // A tower may mark none where each token is a word: beside others, and beside what fills a row
    // up, that has to be said.
    if (std::ranges::any_of(rows, marked) || std::ranges::any_of(rows, shorter))
      for (KeptFeatures& row : rows)
        if (at::Tensor const words = part(row, "words"); words.defined() && !marked(row))
          row.emplace_back("padding", at::zeros({words.size(0)}, words.options().dtype(at::kBool)));
    for (KeptFeatures& row : rows)
      for (auto& [name, value] : row) {
        if (name == "sentence" || value.size(0) == longest) continue;
        std::vector<std::int64_t> shape(value.sizes().begin(), value.sizes().end());
        shape[0] = longest - shape[0];
        at::Tensor const rest = name == "padding" ? at::ones(shape, value.options())
                                                  : at::zeros(shape, value.options());
        value = at::cat({value, rest});
      }
  }

  AnySegmenter const& model_;
  Precision precision_;
  std::shared_ptr<FeatureCache> cache_;
  std::size_t run_ = 0;
  PreparedTowers prepared_;
  Tower vision_, text_;
};

}  // namespace vlsm
