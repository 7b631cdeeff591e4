// SPDX-License-Identifier: MIT
#include <ATen/core/grad_mode.h>
#include <unistd.h>

#include <map>

#include "support/key_list.hpp"
#include "support/reference.hpp"
#include "support/tiny_blip.hpp"
#include "vlsm/keys/recognize.hpp"
#include "vlsm/weights/load_blip.hpp"

// BLIP against transformers' BlipForQuestionAnswering: recipe weights at full size, files in small.
namespace {

using namespace vlsm;
using test::Reference;

constexpr double tolerance = 1e-4;  // of the standard deviation of the reference's output

template <class Model>
void check_all(Model& model, Reference const& reference) {
  at::NoGradGuard const no_grad;
  model.eval();
  at::Tensor const ids = reference["input_ids"],
                   padding = reference["attention_mask"].logical_not();
  at::Tensor const image = model.encode_image(reference.input("pixel_values"));
  reference.check("image_embeds", image, tolerance);
  at::Tensor const question = model.encode_question(ids, padding, image);
  reference.check("question_embeds", question, tolerance);

  at::Tensor const start = at::full({ids.size(0), 1}, Model::settings.frame.start, at::kLong);
  at::Tensor const first = model.decode(start, question);
  reference.check("first_logits", first, tolerance);
  CHECK(first.select(1, 0).argmax(1).equal(reference["first_argmax"]));
  // transformers 5 drops the mask on its way to the cross attention: with it, the same numbers.
  reference.check("first_logits_masked_question", first, tolerance);
  // Ours does mask: a padded question is as one without padding.
  for (std::int64_t row = 0; row < ids.size(0); ++row) {
    auto const length = padding[row].logical_not().sum().template item<std::int64_t>();
    Reference::check_values(
        "masked question", model.decode(start, question, padding)[row],
        model.decode(start.slice(0, 0, 1), question.slice(0, row, row + 1).slice(1, 0, length))[0],
        tolerance);
  }

  int const most = reference.info().at("max_new_tokens");
  CHECK(reference["greedy_margin"].min().template item<float>() > 1e-3f);
  CHECK(
      model.generate(ids, padding, image, {.max_new_tokens = most}).equal(reference["generated"]));
}

TEST_CASE("the tiny BLIP from files gives the reference's numbers and answers") {
  auto const folder = test::fixture("blip_vqa/tiny_a"),
             outputs = test::fixture("blip_vqa/tiny_a_io.safetensors");
  VLSM_NEEDS(folder && outputs ? folder : std::nullopt, "blip_vqa/tiny_a");
  Reference const reference(*outputs);
  test::TinyBlip model;
  auto const report = io::load(model, *folder);
  CHECK(report.scheme == "hf_blip_vqa");
  CHECK(report.skipped.empty());
  check_all(model, reference);

  BlipVqa<test::tiny_blip_stop> stops;
  io::load(stops, *folder / "model.safetensors");
  at::NoGradGuard const no_grad;
  at::Tensor const image = stops.encode_image(reference.input("pixel_values"));
  CHECK(stops
            .generate(reference["input_ids"], reference["attention_mask"].logical_not(), image,
                      {.max_new_tokens = reference.info().at("max_new_tokens")})
            .equal(reference["generated_stop"]));
}

TEST_CASE("BLIP gives the reference's numbers and answers") {
  auto const outputs = test::fixture("blip_vqa/base_384.safetensors");
  VLSM_NEEDS(outputs, "blip_vqa/base_384");
  // The weights, their recipe and what is copied of it: 1.5 GB each.
  constexpr long long needed = 6LL << 30;
  if (1LL * sysconf(_SC_AVPHYS_PAGES) * sysconf(_SC_PAGESIZE) < needed)
    VLSM_SKIP("needs 6 GiB of free memory");
  WithoutInitialization const fast;
  BlipVqa<> model;
  {
    auto const recipe = test::recipe_state(model, io::hf_blip_vqa);
    auto const report =
        io::load_tensors(model, recipe, "recipe", [](std::string_view) { return false; });
    CHECK(report.scheme == "hf_blip_vqa");
  }
  check_all(model, Reference(*outputs));
}

TEST_CASE("what BLIP counts as parameters is what it has") {
  auto const count = [](auto const& model) {
    long long sum = 0;
    for (at::Tensor const& parameter : model.parameters()) sum += parameter.numel();
    return sum;
  };
  CHECK(count(test::TinyBlip()) == test::TinyBlip::parameter_count());
}

TEST_CASE("Salesforce/blip-vqa-base has BLIP's tensors, in its shapes") {
  auto const path = test::fixture("keys/hf_blip_vqa_base.tsv");
  VLSM_NEEDS(path, "keys");
  std::map<std::string, std::vector<std::int64_t>> theirs;
  std::vector<std::string_view> keys;
  for (auto const& line : test::read_key_list(*path)) theirs.emplace(line.key, line.shape);
  for (auto const& item : theirs) keys.push_back(item.first);
  io::Recognized const source = io::recognize(keys);
  CHECK(source.scheme.name == "hf_blip_vqa");
  CHECK(source.known == keys.size());

  WithoutInitialization const fast;
  BlipVqa<> const model;
  std::size_t found = 0;
  for (auto const& item : model.named_parameters())
    for (io::Origin const& origin : io::origins_of(io::hf_blip_vqa, item.key())) {
      REQUIRE_MESSAGE(theirs.contains(origin.theirs), origin.theirs);
      CHECK_MESSAGE((io::to_theirs(origin.rule, item.value()).sizes() ==
                     at::IntArrayRef(theirs.at(origin.theirs))),
                    origin.theirs);
      ++found;
    }
  CHECK(found + 2 == theirs.size());  // the tied weight and bias of the scores
}

TEST_CASE("a BLIP's tied tensors may stand in its file twice, and its configuration must agree") {
  auto const folder = test::fixture("blip_vqa/tiny_a");
  VLSM_NEEDS(folder, "blip_vqa/tiny_a");
  auto tensors = io::open_checkpoint(*folder).tensors;
  std::size_t const before = tensors.size();
  auto const add = [&](std::string const& from, std::string const& to) {
    for (std::size_t i = 0; i < before; ++i)
      if (tensors[i].name == from) tensors.push_back({to, tensors[i].array});
  };
  add("text_decoder.bert.embeddings.word_embeddings.weight",
      "text_decoder.cls.predictions.decoder.weight");
  add("text_decoder.cls.predictions.bias", "text_decoder.cls.predictions.decoder.bias");
  tensors.push_back({"text_encoder.embeddings.position_ids",
                     io::to_array(at::arange(32, at::kLong).unsqueeze(0))});
  CHECK(tensors.size() == before + 3);
  test::TinyBlip model;
  auto const report = io::load_tensors(model, tensors, "FILE",
                                       [](std::string_view) { return false; }, {.strict = true});
  CHECK(report.dropped == 3);

  io::check_hf_config(test::read_file(*folder / "config.json"), "FILE", test::tiny_blip);
  CHECK_THROWS_WITH_AS(
      io::check_hf_config(test::read_file(*folder / "config.json"), "FILE", test::tiny_blip_stop),
      doctest::Contains("sep_token_id 3, the model has 96"), Error);
}

}  // namespace
