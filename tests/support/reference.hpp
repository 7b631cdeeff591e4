// SPDX-License-Identifier: MIT
#pragma once

#include <torch/nn/module.h>

#include <map>
#include <nlohmann/json.hpp>

#include "support/doctest.hpp"
#include "support/fixtures.hpp"
#include "support/recipe.hpp"
#include "vlsm/io/safetensors/safetensors.hpp"
#include "vlsm/keys/schemes.hpp"
#include "vlsm/weights/reshape.hpp"
#include "vlsm/weights/tensor.hpp"

namespace vlsm::test {

/// The stored outputs of a reference implementation: NAME.safetensors and NAME.json.
class Reference {
 public:
  explicit Reference(std::filesystem::path const& safetensors)
      : info_(nlohmann::json::parse(
            read_file(std::filesystem::path(safetensors).replace_extension("json")))) {
    for (io::NamedArray const& tensor : io::read_safetensors(safetensors).tensors)
      tensors_.emplace(tensor.name, io::to_tensor(tensor.array));
  }

  nlohmann::json const& info() const { return info_; }
  bool has(std::string const& name) const { return tensors_.contains(name); }
  at::Tensor operator[](std::string const& name) const {
    REQUIRE_MESSAGE(has(name), "the fixture holds no tensor ", name);
    return tensors_.at(name);
  }
  auto const& all() const { return tensors_; }

  /// An input that is made by recipe, checked against the stored first and last elements.
  at::Tensor input(std::string const& name) const {
    auto const& recipe = info_.at("recipe_inputs").at(name);
    std::string const kind = recipe.at("kind"), key = recipe.at("key");
    auto const shape = recipe.at("shape").get<std::vector<std::int64_t>>();
    at::Tensor value = recipe_image(key, shape);
    if (kind == "image > 0.3") return (value > 0.3).to(at::kFloat);
    REQUIRE(kind == "image");
    REQUIRE(value.flatten().slice(0, 0, 64).equal((*this)[name + ".first64"]));
    REQUIRE(value.flatten().slice(0, -64).equal((*this)[name + ".last64"]));
    return value;
  }

  /// Checks `actual` against the stored output (or the stored part of it) and prints the largest
  /// difference, in standard deviations of the stored values.
  void check(std::string const& name, at::Tensor actual, double tolerance) const {
    at::Tensor expected;
    if (has(name)) {
      expected = (*this)[name];
    } else {
      expected = (*this)[name + ".sub"];
      auto const strides =
          info_.at("subsampled").at(name).at("strides").get<std::vector<std::int64_t>>();
      for (std::size_t d = 0; d < strides.size(); ++d)
        actual = actual.slice(static_cast<std::int64_t>(d), 0, std::nullopt, strides[d]);
    }
    check_values(name, actual, expected, tolerance);
  }

  static void check_values(std::string const& name, at::Tensor const& actual,
                           at::Tensor const& expected, double tolerance) {
    REQUIRE_MESSAGE(actual.sizes() == expected.sizes(), name,
                    ": another shape than the reference's");
    at::Tensor const exact = expected.to(at::kDouble);
    double const scale = exact.std().item<double>();
    double const error = (actual.to(at::kDouble) - exact).abs().max().item<double>() / scale;
    std::printf("%s: largest error %.2g of std (allowed %.0e)\n", name.c_str(), error, tolerance);
    CHECK_MESSAGE(error <= tolerance, name, " differs by ", error, " of std");
  }

 private:
  nlohmann::json info_;
  std::map<std::string, at::Tensor> tensors_;
};

/// Recipe weights for every tensor that `model` would take from a file of `scheme`, whose keys are
/// seeded behind `prefix`.
inline std::vector<io::NamedArray> recipe_state(torch::nn::Module const& model,
                                                io::KeyScheme const& scheme,
                                                std::string const& prefix = "") {
  std::vector<io::NamedArray> state;
  auto const add = [&](std::string const& ours, at::Tensor const& parameter) {
    for (io::Origin const& origin : io::origins_of(scheme, ours)) {
      at::Tensor const theirs = io::to_theirs(origin.rule, parameter);
      state.push_back(
          {origin.theirs, io::to_array(theirs.is_floating_point()
                                           ? recipe_weight(prefix + origin.theirs, theirs.sizes())
                                           : theirs)});
    }
  };
  for (auto const& item : model.named_parameters()) add(item.key(), item.value());
  for (auto const& item : model.named_buffers()) add(item.key(), item.value());
  return state;
}

}  // namespace vlsm::test
