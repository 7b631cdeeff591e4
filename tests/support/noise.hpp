// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/data/dataset.hpp"
#include "vlsm/segmenter/segmenter.hpp"

// A training of any model at a small size: what it learns from, and what of it has moved.
namespace vlsm::test {

/// Pictures of noise with a square to find, and a word each of two.
template <class A>
class Noise : public Dataset {
 public:
  explicit Noise(std::size_t count) : count_(count) {}
  std::size_t size() const override { return count_; }
  Example at(std::size_t index, Random& random) const override {
    constexpr std::int64_t side = A::recipe.image;
    at::Generator own = at::detail::createCPUGenerator(index);
    Example example{.name = std::to_string(index),
                    .prompt = uniform_index(random, 2) ? "left" : "right",
                    .image = at::randn({3, side, side}, own),
                    .mask = at::zeros({1, side, side})};
    example.mask.slice(1, side / 4, side / 2).slice(2, side / 4, side / 2).fill_(1);
    return example;
  }

 private:
  std::size_t count_;
};

/// Three ids, of which one depends on the prompt.
template <class A>
std::vector<std::int64_t> encode(std::string const& text) {
  if constexpr (requires { A::Text::settings.end; })
    return {1, static_cast<std::int64_t>(text.size()), A::Text::settings.end};
  else
    return {1, static_cast<std::int64_t>(text.size()), 3};
}

/// Parameters and buffers by name.
inline std::vector<std::pair<std::string, at::Tensor>> everything_of(
    torch::nn::Module const& model) {
  std::vector<std::pair<std::string, at::Tensor>> all;
  for (auto const& item : model.named_parameters()) all.emplace_back(item.key(), item.value());
  for (auto const& item : model.named_buffers()) all.emplace_back(item.key(), item.value());
  return all;
}

/// Names of the parameters and buffers that are not the same bits.
inline std::vector<std::string> differences(torch::nn::Module const& a,
                                            torch::nn::Module const& b) {
  auto const left = everything_of(a), right = everything_of(b);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < left.size(); ++i)
    if (!left[i].second.equal(right[i].second)) names.push_back(left[i].first);
  return names;
}

/// The same weights each time.
template <class A>
std::unique_ptr<Segmenter<A>> seeded() {
  at::manual_seed(1);
  return std::make_unique<Segmenter<A>>();
}

}  // namespace vlsm::test
