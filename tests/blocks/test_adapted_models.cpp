// SPDX-License-Identifier: MIT
#include <map>

#include "blocks/adapted.hpp"
#include "support/doctest.hpp"
#include "support/error.hpp"
#include "support/fixtures.hpp"
#include "support/tiny_clipseg.hpp"
#include "vlsm/train/freeze.hpp"
#include "vlsm/train/optimizer.hpp"
#include "vlsm/weights/load.hpp"
#include "vlsm/weights/save.hpp"

// Models with adapters: where their weights come from and go to, and which of them train.
namespace {

using namespace vlsm;
using test::Dense, test::LowRanks, test::of, test::Shallow;

/// Writes the model to a file, then reads it into `other`.
io::LoadReport hand_over(torch::nn::Module const& model, auto& other,
                         io::LoadOptions const& options = {}) {
  test::TempDir const folder;
  io::save(model, folder / "weights.safetensors");
  return io::load(other, folder / "weights.safetensors", options);
}

TEST_CASE("lora: a wrapped model starts as the plain one") {
  Segmenter<test::DiskSeg> plain;
  Segmenter<LowRanks> wrapped;
  io::LoadReport const report = hand_over(plain, wrapped, {.partial = true});
  CHECK(report.loaded == plain.parameters().size());
  CHECK(report.fresh == wrapped.parameters().size() - plain.parameters().size());
  at::Tensor const image = at::randn({2, 3, 32, 32});
  Tokens const tokens{at::randint(1, 250, {2, 4}, at::kLong)};
  CHECK(wrapped.forward(image, tokens).equal(plain.forward(image, tokens)));
}

TEST_CASE("adapters: files of the plain model start them, files with them are read strictly") {
  Segmenter<test::DiskSeg> plain;
  struct DenseVision : test::DiskSeg {
    using Vision = Dense::Vision;
  };
  Segmenter<DenseVision> wrapped, again;
  CHECK(test::error_of([&] { hand_over(plain, wrapped); }).find("has no vision: 8 parameters") !=
        std::string::npos);
  CHECK(hand_over(plain, wrapped, {.partial = true}).fresh == 8);
  for (auto const& item : plain.named_parameters())
    CHECK(of(wrapped, item.key()).equal(item.value()));

  CHECK(hand_over(wrapped, again).loaded == wrapped.parameters().size());
  for (auto const& item : again.named_parameters())
    CHECK(of(wrapped, item.key()).equal(item.value()));
  CHECK(test::error_of([&] { hand_over(wrapped, plain, {.partial = true}); }).find("8 unused") !=
        std::string::npos);

  // What a file of the plain model does hold must still be there.
  auto state = io::state_of(plain);
  std::erase_if(state, [](auto const& tensor) { return tensor.name == "text.tokens"; });
  CHECK(test::error_of([&] {
          io::load_tensors(wrapped, state, "FILE", [](std::string_view) { return false; },
                           {.partial = true});
        }).find("1 missing (text.tokens)") != std::string::npos);
}

TEST_CASE("adapters: a published checkpoint goes into a wrapped model") {
  auto const path = test::fixture("clipseg/tiny_a");
  VLSM_NEEDS(path, "clipseg/tiny_a");
  struct Wrapped : test::TinyA {
    using Vision = Lora<test::TinyA::Vision>;
  };
  Segmenter<test::TinyA> plain;
  Segmenter<Wrapped> wrapped;
  io::LoadReport const first = io::load(plain, *path),
                       second = io::load(wrapped, *path, {.partial = true});
  CHECK(second.scheme == "hf_clipseg");
  CHECK(second.loaded == first.loaded);
  CHECK(second.fresh == 5 * 4);
  at::Tensor const image = at::randn({1, 3, 64, 64});
  Tokens const tokens{at::tensor({3, 4, 639}, at::kLong).view({1, 3})};
  CHECK(wrapped.forward(image, tokens).equal(plain.forward(image, tokens)));
}

TEST_CASE("adapters: only they train") {
  at::manual_seed(6);
  struct Both : Shallow {
    using Vision = Lora<Dense::Vision>;
  };
  Segmenter<Both> model;
  train_adapters_only(model);
  std::map<std::string, at::Tensor> before;
  for (auto const& item : model.named_parameters())
    before.emplace(item.key(), item.value().detach().clone());
  Optimizer optimizer(model, {.learning_rate = 1e-2, .weight_decay = 0.1});
  at::Tensor const image = at::randn({2, 3, 32, 32});
  Tokens const tokens{at::randint(1, 250, {2, 4}, at::kLong)};
  optimizer.backward_and_step(model.forward(image, tokens).square().mean());
  std::size_t changed = 0;
  for (auto const& item : model.named_parameters()) {
    std::string const& name = item.key();
    bool const added =
        name.find("adapter") != std::string::npos || name.find("lora") != std::string::npos ||
        name.find("shallow") != std::string::npos || name.find("condition") != std::string::npos;
    CHECK_MESSAGE(item.value().equal(before[name]) == !added, name);
    changed += added;
  }
  CHECK(changed == optimizer.parameters().size());

  Segmenter<test::DiskSeg> plain;
  CHECK(test::error_of([&] { train_adapters_only(plain); }).find("has no adapters") !=
        std::string::npos);
}

}  // namespace
