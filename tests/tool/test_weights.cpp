// SPDX-License-Identifier: MIT
#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "support/pictures.hpp"
#include "support/tiny_clipseg.hpp"
#include "tool/run_tool.hpp"
#include "vlsm/models/small.hpp"
#include "vlsm/weights/save.hpp"

using namespace vlsm::test;

namespace {

// A folder with a picture and the weights of a fresh clipseg-tiny, and the state they are made of.
struct Weights : TempDir {
  Weights() {
    write_file(*this / "a.png", small_png());
    state = vlsm::io::state_of(model);
    vlsm::io::write_safetensors(*this / "good.safetensors", state, {});
    good = read_file(*this / "good.safetensors");
  }
  Outcome run(std::string const& name, std::string const& model_name = "clipseg-tiny") const {
    return run_tool("segment --model " + model_name + " --threads 1 --weights " +
                    as_word(*this / name) + " --image " + as_word(*this / "a.png") +
                    " --prompt x --out " + as_word(*this / "out"));
  }
  Outcome run_bytes(std::string const& bytes) const {
    write_file(*this / "weights", bytes);
    return run("weights");
  }
  /// A run with the value under `name` replaced (taken out where it is undefined).
  Outcome run_with(std::string const& name, at::Tensor const& value) const {
    auto changed = state;
    std::erase_if(changed, [&](auto const& tensor) { return tensor.name == name; });
    if (value.defined()) changed.push_back({name, vlsm::io::to_array(value)});
    vlsm::io::write_safetensors(*this / "weights", changed, {});
    return run("weights");
  }
  bool wrote() const {
    return std::filesystem::exists(*this / "out") && !files_in(*this / "out").empty();
  }

  vlsm::Segmenter<vlsm::ClipSegTiny> model;
  std::vector<vlsm::io::NamedArray> state;
  std::string good;
};

}  // namespace

TEST_CASE("weights that are not there or no weights are told") {
  Weights const folder;
  check_done(folder.run("good.safetensors"));
  std::filesystem::remove_all(folder / "out");
  check_failed(folder.run("missing.safetensors"), 1, "no such file");
  std::filesystem::create_directory(folder / "empty");
  check_failed(folder.run("empty"), 1, "no weights");
  check_failed(folder.run("a.png"), 1, "a.png");
  check_failed(folder.run_bytes(""), 1, "empty");
  check_failed(folder.run_bytes("import torch\n"), 1, "weights");
  check_failed(folder.run_bytes(std::string(100, '\0')), 1, "weights");
  check_failed(run_tool("segment --model clipseg-tiny --weights '' --image a.png --prompt x"), 2,
               "--weights");
  CHECK(!folder.wrote());
}

TEST_CASE("cut or lying safetensors files are told") {
  Weights const folder;
  std::size_t const header = vlsm::io::load_little<std::uint64_t>(as_bytes(folder.good).data()) + 8;
  for (std::size_t size :
       {std::size_t{7}, std::size_t{8}, header - 1, header, header + 1, folder.good.size() - 1})
    check_failed(folder.run_bytes(folder.good.substr(0, size)), 1, "weights");
  for (std::uint64_t length :
       {~std::uint64_t{0}, ~std::uint64_t{0} - 7, std::uint64_t{1} << 63, std::uint64_t{0}})
    check_failed(folder.run_bytes(little(length) + folder.good.substr(8)), 1, "weights");
  auto const file = [](std::string const& json) {
    return little(static_cast<std::uint64_t>(json.size())) + json + std::string(8, '\0');
  };
  check_failed(
      folder.run_bytes(file(
          R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})")),
      1, "weights");
  check_failed(
      folder.run_bytes(file(
          R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})")),
      1, "a");
  CHECK(!folder.wrote());
}

TEST_CASE("a pickle that calls os.system is refused and not run") {
  Weights const folder;
  std::string const proof = (folder / "executed").string();
  std::string const attack =
      pickle(pickle_global("os", "system") + "(" + pickle_text("touch " + proof) + "tR");
  check_failed(folder.run_bytes(attack), 1, "weights");
  check_failed(folder.run_bytes(torch_zip(attack, {floats(2)})), 1, "weights");
  std::string const hidden = pickle("}(" + pickle_text("a") + pickle_global("posix", "system") +
                                    "(" + pickle_text("touch " + proof) + "tR" + "u");
  check_failed(folder.run_bytes(torch_zip(hidden, {floats(2)})), 1, "weights");
  CHECK(!std::filesystem::exists(proof));
}

TEST_CASE("a cut zip archive and one with wrong sizes are told") {
  Weights const folder;
  std::string const whole = torch_zip(
      pickle(
          pickle_dict({{"a", pickle_tensor(pickle_storage("FloatStorage", "0", 2), 0, {2}, {1})}})),
      {floats(2)});
  check_failed(folder.run_bytes(whole), 1, "no key of this file is known");
  check_failed(folder.run_bytes(whole.substr(0, whole.size() / 2)), 1, "weights");
  check_failed(folder.run_bytes(whole.substr(0, whole.size() - 1)), 1, "weights");
  std::string lying = whole;
  lying.replace(lying.find("PK\x01\x02") + 20, 4, std::string(4, '\xff'));
  check_failed(folder.run_bytes(lying), 1, "weights");
}

TEST_CASE("the file of another model is refused with what is missing and what is unused") {
  Weights const folder;
  auto const tiny_a = fixture("clipseg/tiny_a/model.safetensors");
  VLSM_NEEDS(tiny_a, "clipseg/tiny_a");
  write_file(folder / "other.safetensors", read_file(*tiny_a));
  Outcome const other = folder.run("other.safetensors");
  check_failed(other, 1, "does not fit the model");
  CHECK(other.err.find("wrongly shaped") != std::string::npos);
  CHECK(other.err.find("unused") != std::string::npos);
  check_failed(folder.run("good.safetensors", "clipseg-small"), 1, "missing");
  CHECK(!folder.wrote());
}

TEST_CASE("weights of wrong shape or type or value are told by name") {
  Weights const folder;
  std::string const name = "head.up.bias";
  at::Tensor const own = folder.model.named_parameters()[name].detach();
  check_failed(folder.run_with(name, {}), 1, "missing (head.up.bias)");
  check_failed(folder.run_with(name, at::zeros({7})), 1, "head.up.bias is [7]");
  check_failed(folder.run_with(name, at::zeros_like(own, at::kLong)), 1,
               "of the wrong type (head.up.bias");
  check_failed(folder.run_with(name, at::full_like(own, std::nan(""))), 1,
               "not finite (head.up.bias)");
  check_failed(folder.run_with(name, at::full_like(own, -HUGE_VAL)), 1,
               "not finite (head.up.bias)");
  check_failed(folder.run_with(name, at::full_like(own, 1e300, at::kDouble)), 1,
               "not finite (head.up.bias)");
  CHECK(!folder.wrote());
  for (at::ScalarType type : {at::kHalf, at::kBFloat16, at::kDouble})
    check_done(folder.run_with(name, own.to(type)));
}

TEST_CASE("a model with words needs a vocabulary and one that fits") {
  Weights const folder;
  check_failed(folder.run("good.safetensors", "clipseg"), 1, "vocabulary");
  std::string const line = "segment --model clipseg --weights " +
                           as_word(folder / "good.safetensors") +
                           " --image a.png --prompt x --vocab ";
  check_failed(run_tool(line + as_word(folder / "nowhere")), 1, "nowhere");
  nlohmann::json larger;
  for (int i = 0; i < 49406; ++i) larger["w" + std::to_string(i)] = i;
  for (int i = 0; i < 256; ++i) larger["filler" + std::to_string(i)] = 49408 + i;
  larger["<|startoftext|>"] = 49406;
  larger["<|endoftext|>"] = 49407;
  std::filesystem::create_directory(folder / "vocab");
  write_file(folder / "vocab/vocab.json", larger.dump());
  write_file(folder / "vocab/merges.txt", "#version: 0.2\n");
  check_failed(run_tool(line + as_word(folder / "vocab")), 1, "vocab");
}
