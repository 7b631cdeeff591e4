// SPDX-License-Identifier: MIT
#include "support/doctest.hpp"
#include "support/fixtures.hpp"
#include "support/tiny_clipseg.hpp"
#include "vlsm/io/load.hpp"

namespace {

using namespace vlsm;

std::string problem(nlohmann::json const& config) {
  test::TempDir const folder;
  test::write_file(folder / "config.json", config.dump());
  try {
    io::check_hf_config<test::TinyA>(folder / "config.json");
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
  CHECK(problem({{"model_type", "blip"}}) == "");
  CHECK(problem({{"model_type", "clipseg"}, {"vision_config", 3}}).find("config.json") !=
        std::string::npos);
  CHECK(problem(3).find("no JSON object") != std::string::npos);
}

}  // namespace
