// SPDX-License-Identifier: MIT
#include <cstdio>

#include "commands.hpp"
#include "common.hpp"

namespace tool {

void add_models(CLI::App& app) {
  auto* const command =
      app.add_subcommand("models", "List the models: slots, parameters, image size, work");
  auto const json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "print JSON lines");
  command->callback([json] {
    if (!*json)
      std::printf("%-16s %12s %6s %8s  %s\n", "model", "parameters", "image", "GFLOP",
                  "slots: vision, text, fusion, decoder, head");
    for (ModelInfo const& info : models()) {
      if (*json) {
        print_json({{"model", info.name},
                    {"summary", info.summary},
                    {"slots",
                     {{"vision", info.slots[0]},
                      {"text", info.slots[1]},
                      {"fusion", info.slots[2]},
                      {"decoder", info.slots[3]},
                      {"head", info.slots[4]}}},
                    {"parameters", info.parameters},
                    {"image", info.recipe.image},
                    {"gflop", info.gflop},
                    {"threshold", info.recipe.threshold}});
        continue;
      }
      std::printf("%-16s %12lld %6d %8.2f  %s, %s, %s, %s, %s\n%16s %s\n",
                  std::string(info.name).c_str(), info.parameters, info.recipe.image, info.gflop,
                  info.slots[0].c_str(), info.slots[1].c_str(), info.slots[2].c_str(),
                  info.slots[3].c_str(), info.slots[4].c_str(), "",
                  std::string(info.summary).c_str());
    }
    if (!*json)
      std::printf("GFLOP: one image and one prompt of 16 tokens; a multiply-add counts as two.\n");
  });
}

}  // namespace tool
