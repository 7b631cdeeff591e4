// SPDX-License-Identifier: MIT
#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "support/error.hpp"
#include "support/tiny_clipseg.hpp"
#include "vlsm/weights/convert.hpp"
#include "vlsm/weights/load.hpp"
#include "vlsm/weights/save.hpp"

using namespace vlsm::test;
using vlsm::io::NamedArray;

namespace {

using Model = vlsm::Segmenter<TinyA>;

struct TinySimple : TinyA {
  using Head = vlsm::TransposedHead<>;
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
      vlsm::test::error_of([&] { vlsm::io::load_tensors(model, state, "FILE", omits); });
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
      vlsm::test::error_of([&] { vlsm::io::load_tensors(model, state, "FILE", omits); });
  CHECK_SAYS(message, std::to_string(model.named_parameters().size() - 1) + " missing (");
  CHECK_SAYS(message, ", …)");
  CHECK(message.size() < 1000);
}

TEST_CASE("load: a file without a known key is told so") {
  Model model;
  auto const one = vlsm::io::to_array(at::zeros({1}));
  CHECK_SAYS(
      vlsm::test::error_of([&] {
        vlsm::io::load_tensors(model, {{"mixer.weight", one}, {"mixer.bias", one}}, "FILE", omits);
      }),
      "first key 'mixer.weight'");
  // What an ImageNet ResNet is, and that this model is none.
  CHECK_SAYS(
      vlsm::test::error_of([&] {
        vlsm::io::load_tensors(model, {{"conv1.weight", one}, {"fc.bias", one}}, "FILE", omits);
      }),
      "an ImageNet ResNet");
  CHECK_SAYS(vlsm::test::error_of([&] { vlsm::io::load_tensors(model, {}, "FILE", omits); }),
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
    CHECK_SAYS(vlsm::test::error_of([&] { vlsm::io::load_tensors(second, state, "FILE", omits); }),
               "missing (" + prefix);
  }
}

TEST_CASE("load: parts that wrappers add to keys are passed over wherever they stand") {
  Model const first;
  auto const with = [&](auto&& rename) {
    auto state = vlsm::io::state_of(first);
    for (NamedArray& tensor : state) tensor.name = rename(tensor.name);
    Model second;
    vlsm::io::load_tensors(second, state, "FILE", omits);
    CHECK(same(second, copy_of(first)));
  };
  for (std::string prefix : {"model._orig_mod.module.", "_orig_mod.module.", "module._orig_mod.",
                             "module.module.", "net.module.model.", "trainer.net._orig_mod."})
    with([&](std::string const& name) { return prefix + name; });
  auto const inside = [](std::string name, std::string const& behind, std::string const& part) {
    if (name.starts_with(behind)) name.insert(behind.size(), part);
    return name;
  };
  with([&](std::string const& name) { return inside(name, "vision.", "_orig_mod."); });
  with([&](std::string const& name) { return inside(name, "vision.blocks.", "module."); });
  with([&](std::string const& name) {
    return "net." + inside(inside(name, "text.", "_fsdp_wrapped_module."), "head.", "module.");
  });
}

TEST_CASE(
    "load: what is left over is a notice, with .strict an error; what is missing always one") {
  Model const first;
  auto state = vlsm::io::state_of(first, "model.");
  auto const one = vlsm::io::to_array(at::ones({3}));
  state.insert(state.begin(), {"std", one});
  state.insert(state.begin(), {"mean", one});
  state.push_back({"loss.perceptual.weight", one});
  Model second;
  vlsm::io::LoadReport const report = vlsm::io::load_tensors(second, state, "FILE", omits);
  CHECK(same(second, copy_of(first)));
  CHECK(report.skipped == std::vector<std::string>{"mean", "std", "loss.perceptual.weight"});
  CHECK(to_line(report) == "loaded " + std::to_string(report.loaded) +
                               " tensors (keys of vlsm); skipped 3: mean, std, "
                               "loss.perceptual.weight");
  CHECK_SAYS(vlsm::test::error_of(
                 [&] { vlsm::io::load_tensors(second, state, "FILE", omits, {.strict = true}); }),
             "3 unused (mean, std, loss.perceptual.weight)");
  std::erase_if(state, [](auto const& tensor) { return tensor.name == "model.head.up2.bias"; });
  CHECK_SAYS(vlsm::test::error_of([&] { vlsm::io::load_tensors(second, state, "FILE", omits); }),
             "1 missing (model.head.up2.bias)");
}

TEST_CASE("load: a deeper model of the same kind is another one, though all is found in it") {
  Model const first;
  auto state = vlsm::io::state_of(first);
  auto const extra = vlsm::io::to_array(at::ones({48}));
  state.push_back({"text.blocks.3.norm1.weight", extra});
  Model second;
  auto const before = copy_of(second);
  CHECK_SAYS(vlsm::test::error_of([&] { vlsm::io::load_tensors(second, state, "FILE", omits); }),
             "1 unused (text.blocks.3.norm1.weight)");
  CHECK(same(second, before));
}

TEST_CASE("load: a student beside its teacher is taken, said, and the other can be asked for") {
  TempDir const folder;
  Model const student, teacher;
  auto state = vlsm::io::state_of(teacher, "teacher.module.");
  for (auto& tensor : vlsm::io::state_of(student, "student.")) state.push_back(tensor);
  vlsm::io::write_safetensors(folder / "both.safetensors", state);
  Model model;
  auto const report = vlsm::io::load(model, folder / "both.safetensors");
  CHECK(same(model, copy_of(student)));
  CHECK_SAYS(to_line(report), "took 'student.', not 'teacher.'");
  vlsm::io::load(model, folder / "both.safetensors", {.section = "teacher"});
  CHECK(same(model, copy_of(teacher)));
  for (auto& tensor : state)
    if (tensor.name.starts_with("teacher.module.")) tensor.name = "other." + tensor.name.substr(15);
  CHECK_SAYS(vlsm::test::error_of([&] { vlsm::io::load_tensors(model, state, "FILE", omits); }),
             "several models (vlsm) behind the prefixes");
}

TEST_CASE("load: moments of an optimizer beside the weights are no second model") {
  Model const first;
  auto state = vlsm::io::state_of(first, "model.");
  for (NamedArray const& tensor : vlsm::io::state_of(first))
    for (char const* part : {".mean", ".square", ".step"})
      state.insert(state.begin(), {"adamw." + tensor.name + part, tensor.array});
  Model second;
  vlsm::io::load_tensors(second, state, "FILE", omits);
  CHECK(same(second, copy_of(first)));
}

TEST_CASE("load: weights tied in a file are parameters of their own, as are those of two models") {
  TempDir const folder;
  // Two layer norms of one storage, and two that overlap by half.
  std::vector<std::pair<std::string, std::string>> items;
  std::string data;
  Model const first;
  auto const names = first.named_parameters();
  for (auto const& item : names) {
    at::Tensor const value = item.value().detach().contiguous();
    std::int64_t at = static_cast<std::int64_t>(data.size() / 4);
    if (item.key() == "text.blocks.1.norm1.weight") at = 0;  // tied with the one before it
    if (item.key() == "text.blocks.1.norm2.weight") at = 24;
    std::string const bytes(static_cast<char const*>(value.const_data_ptr()), value.nbytes());
    items.emplace_back(item.key(), pickle_tensor(pickle_storage("FloatStorage", "0", 1 << 24), at,
                                                 value.sizes().vec(), value.strides().vec()));
    if (at * 4 == static_cast<std::int64_t>(data.size())) data += bytes;
  }
  std::string object = pickle_dict(items);
  std::string const count = pickle_int(1 << 24),
                    real = pickle_int(static_cast<std::int64_t>(data.size() / 4));
  for (std::size_t at = 0; (at = object.find(count, at)) != std::string::npos; at += count.size())
    object.replace(at, count.size(), real);
  write_file(folder / "tied.pt", torch_zip(pickle(object), {data}));
  Model model;
  vlsm::io::load(model, folder / "tied.pt");
  at::NoGradGuard const no_grad;
  std::map<std::string, at::Tensor> const before = copy_of(model);
  for (auto const& item : model.named_parameters()) {
    item.value().add_(1);
    for (auto const& other : model.named_parameters()) {
      at::Tensor const expected = before.at(other.key()) + (other.key() == item.key() ? 1.0 : 0.0);
      if (!other.value().equal(expected)) FAIL_CHECK(item.key(), " changes ", other.key());
    }
    item.value().copy_(before.at(item.key()));
  }
  // Two models of the same tensors.
  auto const tensors = vlsm::io::open_checkpoint(folder / "tied.pt").tensors;
  Model second;
  vlsm::io::load_tensors(model, tensors, "FILE", omits);
  vlsm::io::load_tensors(second, tensors, "FILE", omits);
  for (at::Tensor& parameter : model.parameters()) parameter.add_(1);
  CHECK(same(second, before));
}

TEST_CASE("load: a partial load of a model without initialization leaves nothing unset") {
  Model const first;
  std::vector<NamedArray> towers;
  for (NamedArray const& tensor : vlsm::io::state_of(first))
    if (tensor.name.starts_with("vision.") || tensor.name.starts_with("text."))
      towers.push_back({"clip." + tensor.name, tensor.array});
  // Under a scheme that has no decoder: Hugging Face's CLIP.
  std::map<std::string, at::Tensor> native;
  for (NamedArray const& tensor : towers)
    native.emplace(tensor.name.substr(5), vlsm::io::to_tensor(tensor.array));
  auto const file = vlsm::io::to_scheme(native, std::span(&vlsm::io::hf_clip, 1)).tensors;
  vlsm::WithoutInitialization const fast;
  Model model;
  {
    at::NoGradGuard const no_grad;
    for (auto const& item : model.named_parameters())
      if (item.key().ends_with("weight") && item.value().dim() > 1)
        item.value().fill_(std::nan(""));
  }
  vlsm::io::load_tensors(model, file, "FILE", omits, {.partial = true});
  for (auto const& item : model.named_parameters()) {
    CHECK_MESSAGE(item.value().isfinite().all().item<bool>(), item.key());
    if (item.value().dim() > 1) CHECK_MESSAGE(item.value().std().item<double>() > 0, item.key());
  }
  // What a second file gives stays as it gives it.
  vlsm::io::load_tensors(model, vlsm::io::state_of(first), "FILE", omits,
                         {.slots = {"fusion", "decoder", "head"}});
  CHECK(same(model, copy_of(first)));
}

TEST_CASE("load: slots that are not asked for are drawn, unless another load follows") {
  Model const first;
  vlsm::WithoutInitialization const fast;
  for (bool const more : {false, true}) {
    Model model;
    vlsm::io::load_tensors(model, vlsm::io::state_of(first), "FILE", omits,
                           {.slots = {"vision", "text"}, .more_follows = more});
    std::size_t unset = 0;
    for (auto const& part : model.modules(/*include_self=*/false))
      if (auto const* ours = dynamic_cast<vlsm::Module const*>(part.get()))
        unset += ours->unset_names().size();
    CHECK((unset > 0) == more);
  }
}

/// A model with a part beside its slots, and one whose part is called as a wrapper is.
struct Beside : Model {
  std::shared_ptr<vlsm::Linear> aux = child<vlsm::Linear>("aux", 3, 3);
};
struct Wrapped : Model {
  struct Holder : vlsm::Module {
    std::shared_ptr<vlsm::Linear> inner = child<vlsm::Linear>("module", 3, 3);
  };
  std::shared_ptr<Holder> aux = child<Holder>("aux");
};

TEST_CASE("load: parts beside the slots, whatever they are called, come back or are missed") {
  TempDir const folder;
  Beside const beside;
  Beside other;
  vlsm::io::load_tensors(other, vlsm::io::state_of(beside), "FILE", omits);
  CHECK(same(other, copy_of(beside)));
  CHECK_ERROR(vlsm::io::load_tensors(other, vlsm::io::state_of(Model()), "FILE", omits), "aux");
  Wrapped const wrapped;
  Wrapped again;
  auto state = vlsm::io::state_of(wrapped);
  vlsm::io::load_tensors(again, state, "FILE", omits);
  CHECK(same(again, copy_of(wrapped)));
  for (NamedArray& tensor : state) tensor.name = "module." + tensor.name;  // DataParallel around it
  Wrapped third;
  vlsm::io::load_tensors(third, state, "FILE", omits);
  CHECK(same(third, copy_of(wrapped)));
}

TEST_CASE("load: towers alone under our names are a start, and no others' file is") {
  Model const first;
  std::vector<NamedArray> towers, foreign;
  for (NamedArray const& tensor : vlsm::io::state_of(first)) {
    if (tensor.name.starts_with("vision.") || tensor.name.starts_with("text."))
      towers.push_back(tensor);
    foreign.push_back({"other." + tensor.name.substr(tensor.name.find('.') + 1), tensor.array});
  }
  Model model;
  CHECK_ERROR(vlsm::io::load_tensors(model, towers, "FILE", omits), "decoder, fusion, head");
  auto const report = vlsm::io::load_tensors(model, towers, "FILE", omits, {.partial = true});
  CHECK(report.fresh_slots == "decoder, fusion, head");
  CHECK_THROWS(vlsm::io::load_tensors(model, foreign, "FILE", omits, {.partial = true}));
  towers.pop_back();  // a tower that lacks a tensor is damaged
  CHECK_ERROR(vlsm::io::load_tensors(model, towers, "FILE", omits, {.partial = true}), "1 missing");
}

TEST_CASE("load: a slot that no model has is refused") {
  Model const first;
  Model second;
  auto const before = copy_of(second);
  CHECK_ERROR(
      vlsm::io::load_tensors(second, vlsm::io::state_of(first), "FILE", omits,
                             {.slots = {"text", "visoin"}}),
      "there is no such slot: LoadOptions.slots: visoin: choose among vision, text, fusion, "
      "decoder, head");
  CHECK(same(second, before));
}

TEST_CASE("load: a model without its type is saved as one with it") {
  TempDir const folder;
  auto const model = vlsm::any_segmenter<TinyA>();
  vlsm::io::save(*model, folder / "weights.safetensors", {{"note", "x"}});
  Model again;
  vlsm::io::load(again, folder / "weights.safetensors");
  CHECK(same(again, copy_of(model->module())));
}

TEST_CASE("load: a tensor of a type that is not held is an error only where it is needed") {
  Model const first;
  vlsm::io::Checkpoint checkpoint{.tensors = vlsm::io::state_of(first)};
  checkpoint.unread.push_back({"freqs", "complex64"});
  Model second;
  vlsm::io::Checkpoint copy = checkpoint;
  auto const report = vlsm::io::load_checkpoint(second, std::move(copy), "FILE", omits);
  CHECK(report.skipped == std::vector<std::string>{"freqs (complex64)"});
  std::erase_if(checkpoint.tensors, [](auto const& t) { return t.name == "head.up2.bias"; });
  checkpoint.unread.push_back({"head.up2.bias", "float8_e4m3fn"});
  CHECK_SAYS(vlsm::test::error_of(
                 [&] { vlsm::io::load_checkpoint(second, std::move(checkpoint), "FILE", omits); }),
             "1 of a type that is not read (head.up2.bias is float8_e4m3fn)");
}

TEST_CASE("arrays: tensors of types that are not held are refused, not misread") {
  for (at::ScalarType type : {at::kComplexFloat, at::kFloat8_e4m3fn, at::kUInt16, at::kUInt64})
    CHECK_SAYS(vlsm::test::error_of([&] { vlsm::io::to_array(at::empty({2}, type)); }),
               "neither read nor written");
  CHECK_SAYS(vlsm::test::error_of([&] { vlsm::io::to_array({}); }), "undefined");
}

TEST_CASE("keys: a rule with more numbers than are kept is refused when it compiles") {
  using vlsm::io::KeyRule;
  constexpr KeyRule four[] = {{"vision.a*.b*.c*.d*", "a*.b*.c*.d*"}};
  constexpr KeyRule uneven[] = {{"vision.a*.b", "a*.b*"}};
  static_assert(!vlsm::io::unambiguous(four));
  static_assert(!vlsm::io::unambiguous(uneven));
  CHECK(!vlsm::io::match_key(four[0].theirs, "a1.b2.c3.d4"));
}

TEST_CASE("load: paths and names that are too long are one-line errors") {
  Model model;
  for (std::string const& path :
       std::vector<std::string>{std::string(300, 'x'), std::string(5000, 'x'),
                                std::string(300, 'x') + "/model.safetensors"}) {
    CHECK_ERROR(vlsm::io::load(model, path), "x");
    CHECK_ERROR(vlsm::io::save(model, path), "x");
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
      vlsm::test::error_of([&] { vlsm::io::load(model, folder / "other.safetensors"); });
  CHECK_MESSAGE(refused.empty(), refused);
  CHECK(model.named_parameters()["vision.positions"].equal(table));
  vlsm::io::save(model, folder / "again.safetensors");
  Model again;
  std::string const second =
      vlsm::test::error_of([&] { vlsm::io::load(again, folder / "again.safetensors"); });
  CHECK_MESSAGE(second.empty(), second);
  at::NoGradGuard const no_grad;
  CHECK(again.vision->forward(at::zeros({1, 3, 64, 64})).taps[0].size(1) == 17);
  replace(state, "vision.positions", at::rand({1 + 7 * 8, 64}));
  CHECK_SAYS(vlsm::test::error_of([&] { vlsm::io::load_tensors(model, state, "FILE", omits); }),
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
  CHECK_SAYS(vlsm::test::error_of([&] { vlsm::io::load_tensors(second, state, "FILE", omits); }),
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
      vlsm::test::error_of([&] { vlsm::io::load(refined, folder / "simple.safetensors"); });
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
  std::string const message = vlsm::test::error_of([&] { vlsm::io::load(refined, *file); });
  CHECK_SAYS(message, "missing (");
  CHECK_SAYS(message, "decoder.transposed_convolution");
  CHECK_SAYS(message, "Hugging Face's CLIPSeg");
  CHECK(same(refined, before));
}
