// SPDX-License-Identifier: MIT
#pragma once

#include <torch/autograd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/segmenter/any_segmenter.hpp"

namespace vlsm {

namespace detail {

inline void expect_shape(std::vector<std::string>& found, std::string const& what,
                         at::Tensor const& actual, std::vector<std::int64_t> const& expected) {
  if (!actual.defined())
    found.push_back(what + " is undefined where its port says " + shape_text(expected));
  else if (actual.sizes() != at::IntArrayRef(expected))
    found.push_back(what + " has shape " + shape_text(actual.sizes()) + " where its port says " +
                    shape_text(expected));
}

/// The shape that a port promises for tap `i` of a batch of 2.
inline std::vector<std::int64_t> promised(FeatureSpec const& port, int i, std::int64_t side) {
  std::int64_t const cells = side / port.stride[i];
  if (port.layout == Layout::tokens) return {2, port.class_tokens + cells * cells, port.width[i]};
  return {2, port.width[i], cells, cells};
}

inline void expect_taps(std::vector<std::string>& found, std::string const& slot,
                        ImageFeatures const& features, FeatureSpec const& port, std::int64_t side) {
  expect_shape(found, slot + "'s image", features.image, {2, 3, side, side});
  if (static_cast<int>(features.taps.size()) != port.count) {
    found.push_back(slot + " writes " + std::to_string(features.taps.size()) +
                    " taps, its port says " + std::to_string(port.count));
    return;
  }
  for (int i = 0; i < port.count; ++i)
    expect_shape(found, slot + "'s tap " + std::to_string(i),
                 features.taps[static_cast<std::size_t>(i)], promised(port, i, side));
}

/// Two prompts of random tokens, one shorter than the other where the padding is known.
inline Tokens random_prompts(ModelInfo const& info) {
  int const ids = info.vocabulary > 0 ? std::clamp(info.vocabulary, 2, 50) : 50;
  Tokens const tokens{at::randint(1, ids, {2, 4}, at::kLong)};
  if (info.pads) {
    tokens.ids.select(1, 3).fill_(info.pad_to.id);
    tokens.ids[1][2].fill_(info.pad_to.id);
  }
  return tokens;
}

inline void expect_gradients(std::vector<std::string>& found, torch::nn::Module const& model) {
  for (auto const& item : model.named_parameters()) {
    at::Tensor const gradient = item.value().grad();
    if (!gradient.defined())
      found.push_back(item.key() + " gets no gradient");
    else if (!gradient.isfinite().all().item<bool>())
      found.push_back(item.key() + " gets a gradient that is not finite");
  }
}

/// Whether a gradient of `loss` reaches the sentence or the words, as far as the tower learns.
inline bool depends_on(at::Tensor const& loss, TextFeatures const& said) {
  torch::autograd::variable_list heard;
  for (at::Tensor const& part : {said.sentence, said.words})
    if (part.defined() && part.requires_grad()) heard.push_back(part);
  if (heard.empty()) return true;
  auto const gradients = torch::autograd::grad({loss}, heard, {}, /*retain_graph=*/true,
                                               /*create_graph=*/false, /*allow_unused=*/true);
  return std::ranges::any_of(gradients, [](at::Tensor const& one) { return one.defined(); });
}

}  // namespace detail

/// What is wrong with a model that was built, a line each; empty where nothing is. The check
/// changes its gradients, its mode and its type: it is made for a model that serves nothing else.
inline std::vector<std::string> check_architecture(AnySegmenter& built) {
  at::AutoGradMode const with_gradients(true);
  std::vector<std::string> found;
  ModelInfo const& ports = built.info;
  torch::nn::Module& model = built.module();
  std::int64_t const side = ports.recipe.image;
  at::Tensor const image = at::randn({2, 3, side, side});
  Tokens const tokens = detail::random_prompts(ports);

  ImageFeatures const seen = built.encode_image(image);
  TextFeatures const said = built.encode_text(tokens);
  detail::expect_taps(found, "Vision", seen, ports.vision, side);
  if (ports.vision.pooled)
    detail::expect_shape(found, "Vision's pooled image", seen.pooled, {2, ports.vision.pooled});
  if (ports.text.sentence)
    detail::expect_shape(found, "Text's sentence", said.sentence, {2, ports.text.sentence});
  if (ports.text.words)
    detail::expect_shape(found, "Text's words", said.words,
                         {2, said.words.defined() ? said.words.size(1) : -1, ports.text.words});
  if (!found.empty()) return found;  // later slots would trip over them
  ImageFeatures const joint = built.fuse(seen, said);
  detail::expect_taps(found, "Fusion", joint, ports.fusion, side);
  if (!found.empty()) return found;
  ImageFeatures const read = built.decode(joint, said);
  detail::expect_taps(found, "Decoder", read, ports.decoder, side);
  if (!found.empty()) return found;
  at::Tensor const logits = built.predict(read, said);
  detail::expect_shape(found, "Head's logits", logits, {2, 1, side, side});
  if (!found.empty()) return found;

  at::Tensor loss = logits.square().mean();
  if (!detail::depends_on(loss, said))
    found.push_back("the logits do not depend on the prompt: no slot reads what Text writes");
  // Image prompts alone read the one, and readers of words leave the other.
  if (seen.pooled.defined()) loss = loss + seen.pooled.square().mean();
  if (said.sentence.defined()) loss = loss + said.sentence.square().mean();
  model.zero_grad();  // of an earlier training
  loss.backward();
  detail::expect_gradients(found, model);
  long long parameters = 0;
  for (at::Tensor const& parameter : distinct_parameters(model)) parameters += parameter.numel();
  if (parameters != ports.parameters)
    found.push_back("parameter_count() says " + std::to_string(ports.parameters) +
                    ", the model has " + std::to_string(parameters));

  at::NoGradGuard const no_grad;
  model.eval();
  at::Tensor const once = built.forward(image, tokens);
  if (!once.equal(built.forward(image, tokens)))
    found.push_back("two evaluations of the same input differ");
  model.to(at::kDouble);
  at::Tensor const exact = built.forward(image.to(at::kDouble), tokens);
  double const error = (once - exact).abs().max().item<double>(),
               scale = exact.std().item<double>();
  if (!(error <= 1e-3 * scale))
    found.push_back("float32 differs from float64 by " + std::to_string(error / scale) +
                    " of the logits' deviation");
  return found;
}

/// Builds the architecture from random weights and tries what the compiler cannot see: that every
/// block writes the shapes its port promises, that every parameter gets a finite gradient and is
/// counted, that the logits depend on the prompt, that evaluation is deterministic and that float64
/// agrees with float32. Returns what is wrong, a line each; nothing, if nothing is. For the tests
/// of one's own blocks.
template <class A>
std::vector<std::string> check_architecture() {
  at::manual_seed(1);
  return check_architecture(*any_segmenter<A>());
}

}  // namespace vlsm
