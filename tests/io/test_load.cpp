// SPDX-License-Identifier: MIT
#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "support/tiny_clipseg.hpp"
#include "vlsm/io/load.hpp"
#include "vlsm/io/save.hpp"

using namespace vlsm::test;
using vlsm::io::NamedArray;

namespace {

using Model = vlsm::Segmenter<TinyA>;

struct TinySimple : TinyA {
  using Head = vlsm::TransposedHead<vlsm::UpsampleConfig{.in = Decoder::out}>;
};

constexpr auto omits = [](std::string_view) { return false; };

std::map<std::string, at::Tensor> copy_of(torch::nn::Module const& model) {
  std::map<std::string, at::Tensor> copy;
  for (auto const& item : model.named_parameters())
    copy.emplace(item.key(), item.value().detach().clone());
  return copy;
}

bool same(torch::nn::Module const& model, std::map<std::string, at::Tensor> const& copy) {
  for (auto const& item : model.named_parameters())
    if (!item.value().equal(copy.at(item.key()))) return false;
  return true;
}

void replace(std::vector<NamedArray>& state, std::string const& name, at::Tensor const& value) {
  for (NamedArray& tensor : state)
    if (tensor.name == name) tensor.array = vlsm::io::to_array(value);
}

std::string error_of(auto&& action) {
  try {
    action();
  } catch (vlsm::Error const& error) {
    return error.what();
  }
  return {};
}

#define CHECK_SAYS(message, words) CHECK_MESSAGE(message.find(words) != std::string::npos, message)

}  // namespace

TEST_CASE("load: a native file gives back what was saved") {
  TempDir const folder;
  Model const first;
  vlsm::io::save(first, folder / "weights.safetensors", {{"note", "x"}});
  Model second;
  REQUIRE(!same(second, copy_of(first)));
  vlsm::io::LoadReport const report = vlsm::io::load(second, folder / "weights.safetensors");
  CHECK(same(second, copy_of(first)));
  CHECK(report.format == "safetensors");
  CHECK(report.scheme == "native");
  CHECK(report.loaded == first.named_parameters().size());
  CHECK(report.dropped == 0);
  for (auto const& parameter : second.parameters()) CHECK(parameter.requires_grad());
  Model third;
  std::filesystem::create_directory(folder / "hub");
  std::filesystem::copy_file(folder / "weights.safetensors", folder / "hub/model.safetensors");
  vlsm::io::load(third, folder / "hub");
  CHECK(same(third, copy_of(first)));
}

TEST_CASE("load: changing a loaded model leaves its file as it is") {
  TempDir const folder;
  Model model;
  vlsm::io::save(model, folder / "weights.safetensors");
  std::string const bytes = read_file(folder / "weights.safetensors");
  vlsm::io::load(model, folder / "weights.safetensors");
  {
    at::NoGradGuard const no_grad;
    for (at::Tensor& parameter : model.parameters()) parameter.add_(1);
  }
  CHECK(read_file(folder / "weights.safetensors") == bytes);
}

TEST_CASE("load: every problem is told at once and the model stays as it was") {
  Model model;
  auto const before = copy_of(model);
  auto state = vlsm::io::state_of(model);
  for (NamedArray& tensor : state)
    if (tensor.name == "text.project.weight") tensor.name = "text.other";
  replace(state, "vision.class_token", at::zeros({3}));
  replace(state, "decoder.reduce.0.bias", at::full_like(before.begin()->second, 1));
  replace(state, "text.norm_after.bias", at::full({48}, std::nan("")));
  replace(state, "text.norm_after.weight", at::ones({48}, at::kLong));
  replace(state, "head.up2.bias", at::full({1}, HUGE_VAL));
  state.push_back(state.back());
  state.push_back({"surprise", state.back().array});
  std::string const message =
      error_of([&] { vlsm::io::load_tensors(model, state, "FILE", omits); });
  CHECK_SAYS(message, "this checkpoint does not fit the model: ");
  CHECK_SAYS(message, "1 missing (text.project.weight)");
  CHECK_SAYS(message, "2 unused (text.other, surprise)");
  CHECK_SAYS(message, "wrongly shaped (");
  CHECK_SAYS(message, "vision.class_token is [3] where the model has [64]");
  CHECK_SAYS(message, "2 not finite (");
  CHECK_SAYS(message, "text.norm_after.bias");
  CHECK_SAYS(message, "head.up2.bias");
  CHECK_SAYS(message, "1 of the wrong type (text.norm_after.weight");
  CHECK_SAYS(message, "1 duplicate (" + state[state.size() - 2].name);
  CHECK_SAYS(message, "FILE");
  CHECK(message.find('\n') == std::string::npos);
  CHECK(same(model, before));
}

TEST_CASE("load: of many problems the first few are named and all are counted") {
  Model model;
  std::vector<NamedArray> const state{vlsm::io::state_of(model).front()};
  std::string const message =
      error_of([&] { vlsm::io::load_tensors(model, state, "FILE", omits); });
  CHECK_SAYS(message, std::to_string(model.named_parameters().size() - 1) + " missing (");
  CHECK_SAYS(message, ", …)");
  CHECK(message.size() < 1000);
}

TEST_CASE("load: a file without a known key is told so") {
  Model model;
  auto const one = vlsm::io::to_array(at::zeros({1}));
  CHECK_SAYS(
      error_of([&] {
        vlsm::io::load_tensors(model, {{"mixer.weight", one}, {"mixer.bias", one}}, "FILE", omits);
      }),
      "first key 'mixer.weight'");
  // What an ImageNet ResNet is, and that this model is none.
  CHECK_SAYS(
      error_of([&] {
        vlsm::io::load_tensors(model, {{"conv1.weight", one}, {"fc.bias", one}}, "FILE", omits);
      }),
      "an ImageNet ResNet");
  CHECK_SAYS(error_of([&] { vlsm::io::load_tensors(model, {}, "FILE", omits); }),
             "holds no tensors");
}

TEST_CASE("load: prefixes of DataParallel and Lightning are stripped") {
  Model const first;
  for (std::string prefix :
       {"module.", "net.", "model.", "net.clipseg.", "_orig_mod.", "module.net."}) {
    auto state = vlsm::io::state_of(first, prefix);
    Model second;
    vlsm::io::load_tensors(second, state, "FILE", omits);
    CHECK(same(second, copy_of(first)));
    state.pop_back();
    CHECK_SAYS(error_of([&] { vlsm::io::load_tensors(second, state, "FILE", omits); }),
               "missing (" + prefix);
  }
}

TEST_CASE("load: a position table of another size is taken and saved and loaded again") {
  TempDir const folder;
  Model model;
  auto state = vlsm::io::state_of(model);
  at::Tensor const table = at::rand({1 + 7 * 7, 64});
  replace(state, "vision.positions", table);
  vlsm::io::write_safetensors(folder / "other.safetensors", state, {});
  std::string const refused =
      error_of([&] { vlsm::io::load(model, folder / "other.safetensors"); });
  CHECK_MESSAGE(refused.empty(), refused);
  CHECK(model.named_parameters()["vision.positions"].equal(table));
  vlsm::io::save(model, folder / "again.safetensors");
  Model again;
  std::string const second = error_of([&] { vlsm::io::load(again, folder / "again.safetensors"); });
  CHECK_MESSAGE(second.empty(), second);
  at::NoGradGuard const no_grad;
  CHECK(again.vision->forward(at::zeros({1, 3, 64, 64})).taps[0].size(1) == 17);
  replace(state, "vision.positions", at::rand({1 + 7 * 8, 64}));
  CHECK_SAYS(error_of([&] { vlsm::io::load_tensors(model, state, "FILE", omits); }),
             "vision.positions is [57, 64]");
}

TEST_CASE("load: other float types are converted and whole numbers are refused") {
  Model const first;
  for (at::ScalarType type : {at::kHalf, at::kBFloat16, at::kDouble}) {
    auto state = vlsm::io::state_of(first);
    for (NamedArray& tensor : state)
      tensor.array = vlsm::io::to_array(vlsm::io::to_tensor(tensor.array).to(type));
    Model second;
    vlsm::io::load_tensors(second, state, "FILE", omits);
    for (auto const& item : second.named_parameters()) {
      CHECK((item.value().scalar_type() == at::kFloat));
      CHECK(item.value().equal(first.named_parameters()[item.key()].to(type).to(at::kFloat)));
    }
  }
  auto state = vlsm::io::state_of(first);
  replace(state, "vision.class_token", at::full({64}, 1e300, at::kDouble));
  Model second;
  CHECK_SAYS(error_of([&] { vlsm::io::load_tensors(second, state, "FILE", omits); }),
             "1 not finite (vision.class_token)");
}

TEST_CASE(
    "load: a file of the plain head in the refined model says what is missing and what is unused") {
  TempDir const folder;
  vlsm::Segmenter<TinySimple> const simple;
  vlsm::io::save(simple, folder / "simple.safetensors");
  Model refined;
  auto const before = copy_of(refined);
  std::string const message =
      error_of([&] { vlsm::io::load(refined, folder / "simple.safetensors"); });
  CHECK_SAYS(message, "6 missing (");
  for (char const* name : {"head.smooth.weight", "head.smooth.bias", "head.up1.weight",
                           "head.up1.bias", "head.up2.weight", "head.up2.bias"})
    CHECK_SAYS(message, name);
  CHECK_SAYS(message, "2 unused (");
  CHECK_SAYS(message, "head.up.weight");
  CHECK_SAYS(message, "simple.safetensors");
  CHECK(same(refined, before));
}

TEST_CASE("load: a Hugging Face file of the plain head in the refined model says what is missing") {
  auto const file = fixture("clipseg/tiny_b_simple/model.safetensors");
  VLSM_NEEDS(file, "clipseg/tiny_b_simple");
  Model refined;
  auto const before = copy_of(refined);
  std::string const message = error_of([&] { vlsm::io::load(refined, *file); });
  CHECK_SAYS(message, "missing (");
  CHECK_SAYS(message, "decoder.transposed_convolution");
  CHECK_SAYS(message, "Hugging Face's CLIPSeg");
  CHECK(same(refined, before));
}
