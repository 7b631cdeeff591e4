// SPDX-License-Identifier: MIT
#include "support/doctest.hpp"
#include "support/fixtures.hpp"
#include "support/key_list.hpp"
#include "vlsm/weights/convert.hpp"

// Full-size checkpoints of each source under our names and back: keys and shapes as the reference
// lists them, values to the bit.
namespace {

using namespace vlsm;

at::ScalarType type_of(std::string const& name) {
  if (name == "float16") return at::kHalf;
  if (name == "int64") return at::kLong;
  REQUIRE(name == "float32");
  return at::kFloat;
}

/// A tensor for every line of a list of keys, each with values of its own.
std::map<std::string, at::Tensor> listed(std::filesystem::path const& path) {
  std::map<std::string, at::Tensor> tensors;
  for (auto const& [key, type, sizes] : test::read_key_list(path)) {
    std::int64_t const first = static_cast<std::int64_t>(tensors.size());
    at::Tensor const value = at::empty(sizes, type_of(type));
    tensors.emplace(key, at::arange(first, first + value.numel(), at::kFloat)
                             .remainder(2039)
                             .view(sizes)
                             .to(value.scalar_type()));
  }
  REQUIRE(!tensors.empty());
  return tensors;
}

void check_round_trip(std::string const& list, io::KeyScheme const& scheme) {
  auto const path = test::fixture("keys/" + list + ".tsv");
  VLSM_NEEDS(path, "keys");
  auto const theirs = listed(*path);
  std::vector<io::NamedArray> file;
  for (auto const& [key, tensor] : theirs) file.push_back({key, io::to_array(tensor)});
  auto const ours = io::all_native(file, list);
  // No structured binding: doctest makes a lambda of it, and clang 14 lets none capture one.
  for (auto const& item : ours) CHECK_MESSAGE(io::place_of(io::native, item.first), item.first);
  auto const back = io::to_scheme(ours, std::span(&scheme, 1));
  CHECK(back.scheme == scheme.name);
  REQUIRE(back.tensors.size() == theirs.size());
  for (io::NamedArray const& tensor : back.tensors) {
    REQUIRE_MESSAGE(theirs.contains(tensor.name), tensor.name);
    at::Tensor const value = io::to_tensor(tensor.array), &expected = theirs.at(tensor.name);
    CHECK_MESSAGE(value.sizes() == expected.sizes(), tensor.name);
    CHECK_MESSAGE((value.scalar_type() == expected.scalar_type()), tensor.name);
    CHECK_MESSAGE(value.equal(expected), tensor.name);
  }
  std::printf("%s: %zu tensors equal\n", list.c_str(), back.tensors.size());
}

}  // namespace

TEST_CASE("convert: CLIPSeg to ours and back") {
  check_round_trip("hf_clipseg_rd64_refined", io::hf_clipseg);
}
TEST_CASE("convert: CRIS to ours and back") { check_round_trip("cris_r50", io::cris); }
TEST_CASE("convert: OpenAI's RN50 to ours and back") {
  check_round_trip("openai_clip_rn50", io::openai_clip);
}
TEST_CASE("convert: BiomedCLIP to ours and back") {
  check_round_trip("open_clip_biomedclip", io::open_clip);
}
TEST_CASE("convert: segmentation_models_pytorch's models to ours and back") {
  check_round_trip("smp_unet_resnet50", io::smp_unet);
  check_round_trip("smp_unetplusplus_resnet50", io::smp_unetpp);
  check_round_trip("smp_deeplabv3plus_resnet50", io::smp_deeplabv3plus);
}

TEST_CASE("convert: a model has no place among another's keys") {
  auto const path = test::fixture("keys/cris_r50.tsv");
  VLSM_NEEDS(path, "keys");
  std::map<std::string, at::Tensor> const native{{"fusion.gather.conv.weight", at::zeros({1})}};
  std::string message;
  try {
    io::to_scheme(native, std::span(&io::hf_clipseg, 1));
  } catch (Error const& e) {
    message = e.what();
  }
  CHECK(message.find("fusion.gather.conv.weight") != std::string::npos);
  CHECK(message.find("Hugging Face's CLIPSeg") != std::string::npos);
}

TEST_CASE("convert: what has not the shape that its name asks for is refused") {
  using Shape = std::vector<std::int64_t>;
  for (Shape const& shape : {Shape{2, 3}, {}})
    CHECK_THROWS_AS(io::to_scheme({{"vision.blocks.10.attn.qkv.weight", at::zeros(shape)}},
                                  std::span(&io::hf_clipseg, 1)),
                    Error);
}
