// SPDX-License-Identifier: MIT
#include <nlohmann/json.hpp>

#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "support/fixtures.hpp"
#include "support/tiny_clipseg.hpp"
#include "vlsm/decoder/unet.hpp"
#include "vlsm/head/conv.hpp"
#include "vlsm/models/unet.hpp"
#include "vlsm/weights/hf_config.hpp"
#include "vlsm/weights/load.hpp"
#include "vlsm/weights/save.hpp"

namespace {

using namespace vlsm;

template <class A = test::TinyA>
std::string problem(nlohmann::json const& config) {
  test::TempDir const folder;
  test::write_file(folder / "config.json", config.dump());
  try {
    io::check_hf_config(folder / "config.json", clip_settings<A>());
  } catch (Error const& e) {
    return e.what();
  }
  return "";
}

TEST_CASE(
    "the configuration of the same model is accepted and differences no shape reveals are named") {
  auto const path = test::fixture("clipseg/tiny_a/config.json");
  VLSM_NEEDS(path, "clipseg/tiny_a");
  nlohmann::json const sound = nlohmann::json::parse(test::read_file(*path));
  CHECK(problem(sound) == "");
  auto changed = sound;
  changed["extract_layers"] = {1, 2, 3};
  changed["vision_config"]["hidden_act"] = "gelu";
  changed["text_config"]["num_attention_heads"] = 6;
  std::string const found = problem(changed);
  CHECK(found.find("extract_layers [1,2,3], the model has [1,2,4]") != std::string::npos);
  CHECK(found.find("hidden_act \"gelu\", the model has \"quick_gelu\"") != std::string::npos);
  CHECK(found.find("num_attention_heads 6, the model has 3") != std::string::npos);
  changed = sound;
  changed["conditional_layer"] = 1;
  CHECK(problem(changed).find("conditional_layer 1, the model has 0") != std::string::npos);
  changed = sound;
  changed["text_config"]["eos_token_id"] = 2;  // the largest id is the end token here too
  CHECK(problem(changed) == "");
  changed["text_config"]["eos_token_id"] = 5;
  CHECK(problem(changed).find("eos_token_id 5, the model has 639") != std::string::npos);
  for (double const beyond_int : {4294967298.0, 1e300, 2.5}) {
    changed["text_config"]["eos_token_id"] = beyond_int;
    CHECK(problem(changed).find("eos_token_id") != std::string::npos);
  }
  CHECK(problem({{"model_type", "blip"}}) == "");
  // What is the default is not written: it is said all the same.
  std::string const silent = problem({{"model_type", "clipseg"},
                                      {"vision_config", nlohmann::json::object()},
                                      {"text_config", nlohmann::json::object()}});
  CHECK(silent.find("extract_layers [3,6,9] (not said, the default), the model has [1,2,4]") !=
        std::string::npos);
  CHECK(silent.find("num_attention_heads 8 (not said, the default), the model has 3") !=
        std::string::npos);
  CHECK(problem({{"model_type", "clipseg"}, {"vision_config", 3}}).find("config.json") !=
        std::string::npos);
  CHECK(problem(3).find("no JSON object") != std::string::npos);
  // Hugging Face's CLIP, from which CLIPSeg starts: its activation is no matter of shapes either.
  changed = {{"model_type", "clip"},
             {"vision_config", sound["vision_config"]},
             {"text_config", sound["text_config"]}};
  CHECK(problem(changed) == "");
  changed["vision_config"]["hidden_act"] = "gelu";
  CHECK(problem(changed).find("hidden_act \"gelu\"") != std::string::npos);
}

struct OtherDecoder : test::TinyA {
  using Decoder = UnetDecoder<>;
  using Head = ConvHead<>;
};

TEST_CASE("the slots of a model that are CLIP's are compared, and no others") {
  nlohmann::json const config{{"model_type", "clipseg"},
                              {"decoder_num_attention_heads", 7},
                              {"vision_config", {{"hidden_act", "gelu"}}}};
  CHECK(problem(config).find("decoder_num_attention_heads 7") != std::string::npos);
  std::string const found = problem<OtherDecoder>(config);
  CHECK(found.find("decoder_num_attention_heads") == std::string::npos);
  CHECK(found.find("hidden_act \"gelu\"") != std::string::npos);
  CHECK(problem<Unet>(config) == "");
}

TEST_CASE("a load compares the slots that it reads") {
  test::TempDir const folder;
  Segmenter<test::TinyA> const model;
  io::save(model, folder / "model.safetensors");
  auto const say = [&](nlohmann::json const& other) {
    nlohmann::json config = {
        {"model_type", "clipseg"},
        {"extract_layers", {1, 2, 4}},
        {"decoder_num_attention_heads", clip_settings<test::TinyA>().decoder->heads}};
    config.update(other);
    test::write_file(folder / "config.json", config.dump());
  };
  Segmenter<test::TinyA> other;
  say({{"decoder_num_attention_heads", 7}});
  CHECK_ERROR(io::load(other, folder.path()), "decoder_num_attention_heads 7");
  CHECK(io::load(other, folder.path(), {.slots = {"vision", "text"}}).loaded > 0);
  say({{"text_config", {{"num_attention_heads", 6}}}});
  CHECK_ERROR(io::load(other, folder.path(), {.slots = {"vision", "text"}}),
              "num_attention_heads 6");
  CHECK(io::load(other, folder.path(), {.slots = {"vision", "decoder"}}).loaded > 0);
  // Taps are between a tower and a decoder that come together.
  say({{"extract_layers", {0, 2, 4}}});
  CHECK_ERROR(io::load(other, folder.path()), "extract_layers [0,2,4]");
  for (std::vector<std::string> const& slots :
       {std::vector<std::string>{"vision", "text"}, {"fusion", "decoder", "head"}})
    CHECK(io::load(other, folder.path(), {.slots = slots}).loaded > 0);
}

TEST_CASE("a difference of any length is one short line") {
  std::string const found =
      problem({{"model_type", "clipseg"}, {"extract_layers", std::vector<int>(5000, 7)}});
  CHECK(found.find("extract_layers [7,7,7") != std::string::npos);
  CHECK(found.size() < 500);
}

TEST_CASE("a configuration that is damaged or absurd is one line and a vlsm::Error") {
  test::TempDir const folder;
  for (std::string const& text : std::vector<std::string>{
           "", "{", "{\"model_type\": 777777e060973661}", "[[]]", "{\"\xff\": 1}",
           R"({"model_type": "clipseg", "extract_layers": )" + std::string(100'000, '[') +
               std::string(100'000, ']') + "}"}) {
    test::write_file(folder / "config.json", text);
    std::string message;
    try {
      io::check_hf_config(folder / "config.json", clip_settings<test::TinyA>());
    } catch (Error const& e) {
      message = e.what();
    }
    CHECK_MESSAGE(message.find("config.json") != std::string::npos, message);
    CHECK(message.size() < 500);
  }
}

}  // namespace
