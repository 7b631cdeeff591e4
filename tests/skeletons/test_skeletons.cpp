// SPDX-License-Identifier: MIT
#include <torch/csrc/autograd/autograd.h>

#include <array>
#include <map>

#include "skeletons/key_scheme.hpp"
#include "skeletons/loss.hpp"
#include "skeletons/tokenizer.hpp"
#include "skeletons/variant.hpp"
#include "support/doctest.hpp"
#include "vlsm/ops/segmentation_loss/dice.hpp"
#include "vlsm/segmenter/check.hpp"
#include "vlsm/train/options.hpp"
#include "vlsm/weights/convert.hpp"
#include "vlsm/weights/load.hpp"
#include "vlsm/weights/save.hpp"

// The skeletons that docs/extending.md quotes are sound.
namespace {

using namespace vlsm;

// [checked]
TEST_CASE("skeleton: a fusion in a variant") { CHECK(check_architecture<mine::Variant>().empty()); }
// [checked]

TEST_CASE("skeleton: a tokenizer") {
  // [words]
  mine::WordTokenizer const words({"one", "large", "polyp"});
  CHECK(words.encode("one large  red polyp") == tokenizer::Ids{1, 4, 5, 3, 6, 2});
  CHECK(words.encode("one large red polyp", 4) == tokenizer::Ids{1, 4, 5, 2});
  CHECK(words.vocabulary_size() == 7);
  tokenizer::AnyTokenizer const any = words;  // chosen when a program runs
  // [words]
  CHECK(any.encode("polyp") == words.encode("polyp"));
  CHECK(words.encode("") == tokenizer::Ids{1, 2});
  CHECK_THROWS_AS(words.encode("one", 1), Error);
}

/// As small as a model with such parameters can be.
struct Layer : Module {
  std::shared_ptr<Linear> qkv = child<Linear>("qkv", 2, 6);
};
struct Encoder : Module {
  std::vector<std::shared_ptr<Layer>> layers =
      children_of<Layer>("layers", 2, [](int) { return std::make_shared<Layer>(); });
  std::shared_ptr<Linear> project = child<Linear>("project", 2, 3, /*bias=*/false);
};
struct Scorer : Module {
  std::shared_ptr<Linear> score = child<Linear>("score", 3, 1);
};
struct Tiny : Module {
  std::shared_ptr<Encoder> vision = child<Encoder>("vision");
  std::shared_ptr<Scorer> head = child<Scorer>("head");
};

std::vector<io::NamedArray> lab_tensors(std::string const& prefix = "") {
  std::vector<io::NamedArray> tensors;
  auto const add = [&](std::string const& name, at::IntArrayRef shape) {
    tensors.push_back({prefix + name, io::to_array(at::randn(shape))});
  };
  for (std::string block : {"image_encoder.block0.", "image_encoder.block1."})
    for (std::string part : {"query", "key", "value"}) {
      add(block + part + ".weight", {2, 2});
      add(block + part + ".bias", {2});
    }
  add("image_encoder.projection", {2, 3});
  add("image_encoder.mask", {4, 4});
  add("segmenter.weight", {1, 3});
  add("segmenter.bias", {1});
  add("temperature", {});
  return tensors;
}

at::Tensor tensor_of(std::vector<io::NamedArray> const& tensors, std::string const& name) {
  for (io::NamedArray const& one : tensors)
    if (one.name == name) return io::to_tensor(one.array);
  return {};
}

constexpr auto omits = [](std::string_view name) { return name.starts_with("unused."); };

TEST_CASE("skeleton: a key scheme is recognized beside the library's") {
  at::manual_seed(1);
  for (std::string prefix : {"", "module.", "net."}) {
    auto const tensors = lab_tensors(prefix);
    Tiny model;
    auto const report = io::load_tensors(model, tensors, "FILE", omits);
    CHECK(report.scheme == "lab");
    CHECK(report.skipped.empty());
    auto const parameters = model.named_parameters();
    at::Tensor const& qkv = parameters["vision.layers.1.qkv.weight"];
    std::string const block = prefix + "image_encoder.block1.";
    CHECK(qkv.slice(0, 0, 2).equal(tensor_of(tensors, block + "query.weight")));
    CHECK(qkv.slice(0, 4, 6).equal(tensor_of(tensors, block + "value.weight")));
    CHECK(parameters["vision.project.weight"].equal(
        tensor_of(tensors, prefix + "image_encoder.projection").t()));
  }
}

TEST_CASE("skeleton: what is missing is said in the scheme's names; our own files are still ours") {
  Tiny model;
  auto tensors = lab_tensors();
  std::erase_if(tensors, [](auto const& one) { return one.name == "segmenter.bias"; });
  CHECK_THROWS_WITH_AS(io::load_tensors(model, tensors, "FILE", omits),
                       doctest::Contains("missing (segmenter.bias"), Error);
  CHECK(io::load_tensors(model, io::state_of(model), "FILE", omits).scheme == "native");
  CHECK(io::titles().find("our laboratory's archive") != std::string::npos);
}

TEST_CASE("skeleton: a model is written under the scheme's keys") {
  Tiny first, second;
  std::map<std::string, at::Tensor> ours;
  for (auto const& one : first.named_parameters()) ours.emplace(one.key(), one.value().detach());
  // [write]
  auto const written = io::to_scheme(ours, std::array{mine::scheme});
  // [write]
  CHECK(tensor_of(written.tensors, "image_encoder.projection").sizes() == at::IntArrayRef({2, 3}));
  CHECK(io::load_tensors(second, written.tensors, "FILE", omits).scheme == "lab");
  for (auto const& one : first.named_parameters())
    CHECK(second.named_parameters()[one.key()].equal(one.value()));
}

TEST_CASE(
    "key schemes: a name that was registered is given to the newcomer; ties go to what was added") {
  std::size_t const before = io::registered_key_schemes().size();
  CHECK(io::register_key_scheme({"again", "first", io::resnet_parts}));
  CHECK(io::register_key_scheme({"again", "second", io::resnet_parts}));
  CHECK(io::registered_key_schemes().size() == before + 1);
  std::vector<std::string_view> const keys{"conv1.weight", "layer1.0.conv1.weight"};
  CHECK(io::recognize(keys).scheme.title == "second");
  io::registered_key_schemes().pop_back();
  CHECK(io::recognize(keys).scheme.name == "resnet");
}

// [own_loss]
at::Tensor own_loss(at::Tensor const& logits, at::Tensor const& target) {
  return ops::fused_loss(
      logits, target,
      ops::RegionLossOf<mine::LogDice, mine::SquaredError>{.region_weight = 1, .term_weight = 0.5});
}
FitOptions const options{.own_loss = own_loss};
// [own_loss]

TEST_CASE("skeleton: a loss is its formula, in value and gradient") {
  at::manual_seed(2);
  at::Tensor const target = (at::rand({3, 1, 9, 11}) > 0.6).to(at::kFloat);
  at::Tensor const logits = at::randn({3, 1, 9, 11}).requires_grad_(true),
                   exact = logits.detach().to(at::kDouble).requires_grad_(true);
  at::Tensor const p = exact.sigmoid(), t = target.to(at::kDouble);
  std::vector<std::int64_t> const plane{1, 2, 3};
  at::Tensor const dice = (2 * (p * t).sum(plane) + 1e-5) / (p.sum(plane) + t.sum(plane) + 1e-5);
  at::Tensor const wanted = -dice.log().mean() + 0.5 * (p - t).square().mean();
  at::Tensor const got = options.own_loss(logits, target);
  CHECK(std::abs(got.item<double>() - wanted.item<double>()) < 1e-6);
  auto const by_logits = torch::autograd::grad({got}, {logits}),
             by_exact = torch::autograd::grad({wanted}, {exact});
  CHECK((by_logits[0] - by_exact[0]).abs().max().item<double>() < 1e-7);
}

}  // namespace
