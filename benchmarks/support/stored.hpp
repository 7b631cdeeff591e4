// SPDX-License-Identifier: MIT
#pragma once

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "benchmarks/support/check.hpp"
#include "benchmarks/support/fixture.hpp"
#include "tests/support/recipe.hpp"
#include "vlsm/io/safetensors/safetensors.hpp"
#include "vlsm/weights/tensor.hpp"

namespace vlsm::bench {

/// The stored outputs of transformers' CLIPSeg at full size: two pictures, two prompts, recipe
/// weights (tests/data/README.md).
class Stored {
 public:
  Stored() {
    std::ifstream in(fixture("clipseg/refined_352.json"));
    info_ = nlohmann::json::parse(in);
    auto const file = io::read_safetensors(fixture("clipseg/refined_352.safetensors"));
    for (io::NamedArray const& tensor : file.tensors)
      tensors_.emplace(tensor.name, io::to_tensor(tensor.array));
  }

  /// [2, 3, 352, 352], or its rows repeated to `batch`.
  at::Tensor image(std::int64_t batch) const {
    auto const& recipe = info_.at("recipe_inputs").at("pixel_values");
    at::Tensor const made = test::recipe_image(recipe.at("key").get<std::string>(),
                                               recipe.at("shape").get<std::vector<std::int64_t>>());
    return repeated(made, batch);
  }
  at::Tensor ids(std::int64_t batch) const { return repeated(tensors_.at("input_ids"), batch); }

  /// Compares all rows of `actual` with the stored output (or the stored part of it).
  std::string differs(std::string const& name, at::Tensor actual) const {
    std::int64_t const batch = actual.size(0);
    if (tensors_.contains(name))
      return difference(name, actual, repeated(tensors_.at(name), batch));
    std::int64_t dimension = 0;
    for (auto const& stride : info_.at("subsampled").at(name).at("strides"))
      actual = actual.slice(dimension++, 0, std::nullopt, stride.get<std::int64_t>());
    return difference(name, actual, repeated(tensors_.at(name + ".sub"), batch));
  }

 private:
  nlohmann::json info_;
  std::map<std::string, at::Tensor> tensors_;
};

}  // namespace vlsm::bench
