// SPDX-License-Identifier: MIT
#pragma once

#include <torch/autograd.h>

#include <string>
#include <vector>

#include "vlsm/nn/shape_text.hpp"
#include "vlsm/segmenter.hpp"

namespace vlsm {

namespace detail {

inline void expect_shape(std::vector<std::string>& found, std::string const& what,
                         at::Tensor const& actual, std::vector<std::int64_t> const& expected) {
  if (actual.sizes() != at::IntArrayRef(expected))
    found.push_back(what + " has shape " + shape_text(actual.sizes()) + " where its port says " +
                    shape_text(expected));
}

/// The shape that a port promises for tap `i` of a batch of 2.
inline std::vector<std::int64_t> promised(Taps const& port, int i, std::int64_t side) {
  std::int64_t const cells = side / port.stride[i];
  if (port.layout == Layout::tokens) return {2, port.class_tokens + cells * cells, port.width[i]};
  return {2, port.width[i], cells, cells};
}

}  // namespace detail

/// Builds the architecture from random weights and tries what the compiler cannot see: that every
/// block writes the shapes its port promises, that every parameter gets a finite gradient, that
/// evaluation is deterministic and that float64 agrees with float32. Returns what is wrong, a line
/// each; nothing, if nothing is. For the tests of one's own blocks.
template <class A>
std::vector<std::string> check() {
  std::vector<std::string> found;
  at::manual_seed(1);
  Segmenter<A> model;
  std::int64_t const side = A::recipe.image;
  at::Tensor const image = at::randn({2, 3, side, side});
  Tokens const tokens{at::randint(1, 50, {2, 4}, at::kLong)};

  Features const seen = model.vision->forward(image);
  Said const said = model.text->forward(tokens);
  if (static_cast<int>(seen.taps.size()) != A::Vision::out.count)
    return {"Vision writes " + std::to_string(seen.taps.size()) + " taps, its port says " +
            std::to_string(A::Vision::out.count)};
  for (int i = 0; i < A::Vision::out.count; ++i)
    detail::expect_shape(found, "Vision's tap " + std::to_string(i),
                         seen.taps[static_cast<std::size_t>(i)],
                         detail::promised(A::Vision::out, i, side));
  if (A::Vision::out.pooled)
    detail::expect_shape(found, "Vision's pooled image", seen.pooled, {2, A::Vision::out.pooled});
  if (A::Text::out.sentence)
    detail::expect_shape(found, "Text's sentence", said.sentence, {2, A::Text::out.sentence});
  if (A::Text::out.words)
    detail::expect_shape(found, "Text's words", said.words,
                         {2, said.words.size(1), A::Text::out.words});
  Features const joint = model.fusion->forward(seen, said);
  if (static_cast<int>(joint.taps.size()) != A::Fusion::out.count)
    return {"Fusion writes " + std::to_string(joint.taps.size()) + " maps, its port says " +
            std::to_string(A::Fusion::out.count)};
  for (int i = 0; i < A::Fusion::out.count; ++i)
    detail::expect_shape(found, "Fusion's map " + std::to_string(i),
                         joint.taps[static_cast<std::size_t>(i)],
                         detail::promised(A::Fusion::out, i, side));
  Features const read = model.decoder->forward(joint, said);
  detail::expect_shape(found, "Decoder's map", read.taps[0], detail::promised(A::Decoder::out, 0, side));
  at::Tensor const logits = model.head->forward(read, said);
  detail::expect_shape(found, "Head's logits", logits, {2, 1, side, side});
  if (!found.empty()) return found;

  at::Tensor loss = logits.square().mean();
  if (seen.pooled.defined())
    loss = loss + seen.pooled.square().mean();  // read by image prompts alone
  loss.backward();
  for (auto const& item : model.named_parameters()) {
    at::Tensor const gradient = item.value().grad();
    if (!gradient.defined())
      found.push_back(item.key() + " gets no gradient");
    else if (!gradient.isfinite().all().template item<bool>())
      found.push_back(item.key() + " gets a gradient that is not finite");
  }

  at::NoGradGuard const no_grad;
  model.eval();
  at::Tensor const once = model.forward(image, tokens);
  if (!once.equal(model.forward(image, tokens)))
    found.push_back("two evaluations of the same input differ");
  model.to(at::kDouble);
  at::Tensor const exact = model.forward(image.to(at::kDouble), tokens);
  double const error = (once - exact).abs().max().template item<double>(),
               scale = exact.std().template item<double>();
  if (!(error <= 1e-3 * scale))
    found.push_back("float32 differs from float64 by " + std::to_string(error / scale) +
                    " of the logits' deviation");
  return found;
}

}  // namespace vlsm
