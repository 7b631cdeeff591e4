// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include "vlsm/segmenter/segmenter.hpp"

namespace vlsm::test {

/// A model whose norms have moved and whose parameters that start at 0 do not lie there.
template <class A>
std::unique_ptr<Segmenter<A>> used() {
  at::manual_seed(1);
  at::NoGradGuard const no_grad;
  auto model = std::make_unique<Segmenter<A>>();
  for (auto const& item : model->named_buffers()) {
    if (item.key().ends_with("running_mean")) item.value().uniform_(-0.5, 0.5);
    if (item.key().ends_with("running_var")) item.value().uniform_(0.5, 2);
  }
  for (auto const& item : model->named_parameters())
    if (item.key().ends_with("bias") || item.key().ends_with(".up"))
      item.value().uniform_(-0.2, 0.2);
  model->eval();
  return model;
}

struct Input {
  at::Tensor image;
  Tokens tokens;
};

template <class A>
Input input(std::int64_t batch, std::int64_t height, std::int64_t width) {
  at::manual_seed(2);
  Input made{at::randn({batch, 3, height, width}), {}};
  if constexpr (Segmenter<A>::Text::out.sentence > 0) {
    made.tokens.ids = at::randint(4, 200, {batch, 6}, at::kLong);
    if constexpr (requires { A::Text::settings.end; })
      made.tokens.ids.select(1, 5).fill_(A::Text::settings.end);
  }
  return made;
}

}  // namespace vlsm::test
