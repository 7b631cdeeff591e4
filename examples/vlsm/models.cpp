// SPDX-License-Identifier: MIT
#include <cstdio>

#include "commands.hpp"
#include "common.hpp"
#include "figure.hpp"
#include "shortest.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/base/file/files.hpp"

namespace tool {

void add_models(CLI::App& app) {
  auto* const command =
      app.add_subcommand("models", "List the models: slots, parameters, image size, work");
  auto const json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "print JSON lines");
  auto const svg = std::make_shared<std::string>();
  command
      ->add_option("--svg", *svg,
                   "write a figure of each model into this folder: MODEL.svg, in place "
                   "of any file of that name")
      ->check(not_empty());
  command->callback([json, svg] {
    if (!svg->empty()) {
      vlsm::io::make_folder(*svg, "choose another --svg");
      for (vlsm::RegisteredModel const& info : vlsm::registered_models())
        vlsm::io::write_whole_file(std::filesystem::path(*svg) / (std::string(info.name) + ".svg"),
                                   figure(info));
    }
    if (!*json)
      std::printf("%-16s %12s %6s %8s  %s\n", "model", "parameters", "image", "GFLOP",
                  "slots: vision, text, fusion, decoder, head");
    for (vlsm::RegisteredModel const& info : vlsm::registered_models()) {
      if (*json) {
        print_json({{"model", info.name},
                    {"summary", info.summary},
                    {"slots",
                     {{"vision", info.slots[0].block},
                      {"text", info.slots[1].block},
                      {"fusion", info.slots[2].block},
                      {"decoder", info.slots[3].block},
                      {"head", info.slots[4].block}}},
                    {"parameters", info.parameters},
                    {"image", info.recipe.image},
                    {"gflop", info.gflop},
                    {"threshold", shortest(info.recipe.threshold)},
                    {"batch", info.batch},
                    {"learning_rate", info.learning_rate}});
        continue;
      }
      std::printf("%-16s %12lld %6d %8.2f  %s, %s, %s, %s, %s\n%16s %s\n",
                  std::string(info.name).c_str(), info.parameters, info.recipe.image, info.gflop,
                  info.slots[0].block.c_str(), info.slots[1].block.c_str(),
                  info.slots[2].block.c_str(), info.slots[3].block.c_str(),
                  info.slots[4].block.c_str(), "", std::string(info.summary).c_str());
    }
    if (!*json)
      std::printf("GFLOP: one image and one prompt of 16 tokens; a multiply-add counts as two.\n");
  });
}

}  // namespace tool
