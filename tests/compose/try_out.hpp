// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/Parallel.h>

#include <cstdio>
#include <string>
#include <vector>

#include "support/doctest.hpp"
#include "support/fixtures.hpp"
#include "vlsm/segmenter/check.hpp"
#include "vlsm/weights/load.hpp"
#include "vlsm/weights/save.hpp"

namespace vlsm::test {

/// An architecture that can be built.
struct Candidate {
  std::string name;
  std::unique_ptr<AnySegmenter> (*build)();
};

/// Shapes, gradients, determinism, float64: nothing may be wrong.
inline void try_check(Candidate const& candidate) {
  std::string all;
  for (std::string const& found : check_architecture(*candidate.build())) all += found + "; ";
  CHECK(all == "");
}

/// A second model draws other weights; the first one's file must make it the same.
inline void try_save_and_load(Candidate const& candidate, std::filesystem::path const& file) {
  at::NoGradGuard const no_grad;
  auto const trained = candidate.build(), restored = candidate.build();
  ModelInfo const& ports = trained->info;
  at::Tensor const image = at::randn({2, 3, ports.recipe.image, ports.recipe.image});
  Tokens const tokens = detail::random_prompts(ports);
  trained->forward(image, tokens);  // moves the batch norms' buffers
  io::save(trained->module(), file);
  trained->module().eval();
  restored->module().eval();
  at::Tensor const logits = trained->forward(image, tokens);
  CHECK_FALSE(restored->forward(image, tokens).equal(logits));
  auto const everything = [](std::string_view) { return false; };  // is to be in the file
  io::load_tensors(restored->module(), io::open_checkpoint(file).tensors, file.string(),
                   everything);
  CHECK(restored->forward(image, tokens).equal(logits));
}

inline void try_out(std::vector<Candidate> const& candidates) {
  TempDir const folder;
  at::manual_seed(1);
  at::set_num_threads(1);  // the tensors are so small that threads would only wait for each other
  for (Candidate const& candidate : candidates) {
    INFO(candidate.name);
    try_check(candidate);
    try_save_and_load(candidate, folder / "model.safetensors");
  }
  std::printf("%zu combinations ran\n", candidates.size());
}

}  // namespace vlsm::test
