// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/recipe.hpp"
#include "vlsm/core/error.hpp"
#include "vlsm/io/safetensors.hpp"
#include "vlsm/io/tensor.hpp"
#include "vlsm/nn/shape_text.hpp"

// What results are checked against before they are timed.
namespace vlsm::bench {

/// "" where `actual` equals `expected`, else one line: how far off it is.
///
/// @param tolerance the largest error allowed, in standard deviations of `expected`
inline std::string difference(std::string const& name, at::Tensor const& actual,
                              at::Tensor const& expected, double tolerance = 1e-4) {
  if (actual.sizes() != expected.sizes())
    return name + " has shape " + shape_text(actual.sizes()) + ", expected " +
           shape_text(expected.sizes());
  at::Tensor const exact = expected.to(at::kDouble);
  double const error = (actual.to(at::kDouble) - exact).abs().max().item<double>();
  double const scale = exact.numel() > 1 ? exact.std().item<double>() : exact.abs().item<double>();
  if (error <= tolerance * scale) return {};  // false for NaN, too
  char line[160];
  std::snprintf(line, sizeof line, " is wrong: largest error %.2g of std, allowed %.0e",
                error / scale, tolerance);
  return name + line;
}

/// The first of several findings.
inline std::string first_of(std::vector<std::string> const& findings) {
  for (std::string const& finding : findings)
    if (!finding.empty()) return finding;
  return {};
}

inline std::filesystem::path fixture(std::string const& name) {
  std::filesystem::path const path = std::filesystem::path(VLSM_TEST_DATA) / name;
  if (!std::filesystem::exists(path))
    throw Error("a fixture is missing", path.string(), "run from a complete source tree");
  return path;
}

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
    return rows(made, batch);
  }
  at::Tensor ids(std::int64_t batch) const { return rows(tensors_.at("input_ids"), batch); }

  /// Compares all rows of `actual` with the stored output (or the stored part of it).
  std::string differs(std::string const& name, at::Tensor actual) const {
    std::int64_t const batch = actual.size(0);
    if (tensors_.contains(name)) return difference(name, actual, rows(tensors_.at(name), batch));
    std::int64_t dimension = 0;
    for (auto const& stride : info_.at("subsampled").at(name).at("strides"))
      actual = actual.slice(dimension++, 0, std::nullopt, stride.get<std::int64_t>());
    return difference(name, actual, rows(tensors_.at(name + ".sub"), batch));
  }

 private:
  static at::Tensor rows(at::Tensor const& stored, std::int64_t batch) {
    return stored.index({at::arange(batch, at::kLong).remainder(stored.size(0))});
  }

  nlohmann::json info_;
  std::map<std::string, at::Tensor> tensors_;
};

}  // namespace vlsm::bench
