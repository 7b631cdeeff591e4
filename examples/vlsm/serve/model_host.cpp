// SPDX-License-Identifier: MIT
#include "serve/model_host.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "vlsm/image/to_tensor.hpp"
#include "vlsm/segmenter/join_texts.hpp"
#include "vlsm/train/batch.hpp"
#include "vlsm/train/feature_cache.hpp"

namespace tool::serve {
namespace {

std::size_t bytes_of(at::Tensor const& tensor) { return tensor.defined() ? tensor.nbytes() : 0; }

}  // namespace

ModelHost::ModelHost(vlsm::RegisteredModel const& info, std::size_t waiting,
                     std::function<LoadedModel()> load)
    : info_(info), queue_(waiting, [this, load = std::move(load)] { loaded_ = load(); }) {}

Seen ModelHost::see(at::Tensor const& pixels, std::function<bool()> const& gone) {
  Seen seen;
  auto const asked = Clock::now();
  queue_.run(
      [&] {
        at::InferenceMode const inference;
        seen.wait = milliseconds_since(asked);
        auto const begun = Clock::now();
        seen.features = loaded_.model->encode_image(pixels.to(loaded_.device));
        for (at::Tensor const& tap : seen.features.taps) seen.bytes += bytes_of(tap);
        seen.bytes += bytes_of(seen.features.pooled) + bytes_of(seen.features.image);
        seen.encode = milliseconds_since(begun);
      },
      gone);
  return seen;
}

std::shared_ptr<ModelHost::Sentence const> ModelHost::read(std::string const& prompt) {
  if (auto const kept = sentences_.find(prompt)) return *kept;
  auto const sentence = std::make_shared<Sentence>();
  auto const ids = loaded_.encode(prompt, sentence->cut);
  sentence->tokens = ids.size();
  sentence->said =
      loaded_.model->encode_text({vlsm::pad_ids({ids}, info_.pad_to).ids.to(loaded_.device)});
  std::size_t const bytes = prompt.size() + sizeof(Sentence) + bytes_of(sentence->said.sentence) +
                            bytes_of(sentence->said.words) + bytes_of(sentence->said.padding);
  sentences_.keep(prompt, sentence, bytes);
  return sentence;
}

FoundMaps ModelHost::find(vlsm::ImageFeatures const& seen, std::vector<std::string> const& prompts,
                          std::function<bool()> const& gone) {
  FoundMaps found;
  auto const asked = Clock::now();
  queue_.run(
      [&] {
        at::InferenceMode const inference;
        found.wait = milliseconds_since(asked);
        auto begun = Clock::now();
        std::vector<vlsm::TextFeatures> said;
        for (std::string const& prompt : prompts) {
          auto const sentence = read(prompt);
          said.push_back(sentence->said);
          found.tokens.push_back(sentence->tokens);
          found.cut.push_back(sentence->cut);
        }
        if (info_.vocabulary == 0) said.emplace_back();
        found.sentences = milliseconds_since(begun);
        begun = Clock::now();
        at::Tensor const logits = loaded_.model->segment(seen, vlsm::join_texts(said));
        vlsm::check_logits(logits, "the picture");
        found.probability = at::sigmoid(logits.to(at::kCPU, at::kFloat)).squeeze(1);
        found.decode = milliseconds_since(begun);
      },
      gone);
  return found;
}

std::size_t ModelHost::most_bytes() const {
  auto const side = static_cast<std::size_t>(info_.recipe.image);
  return vlsm::feature_bytes(info_) + 3 * side * side * sizeof(float);
}

}  // namespace tool::serve
