// SPDX-License-Identifier: MIT
#include <cstdio>

#include "commands.hpp"
#include "common.hpp"
#include "progress.hpp"
#include "vlsm/data/dataset.hpp"

namespace tool {
namespace {

struct Options {
  Common common;
  ModelChoice choice;
  std::string data, split = "test", prompt = "p6", json;
  bool json_given = false;
  std::size_t batch = 8;
};

nlohmann::ordered_json to_json(Options const& options, vlsm::Evaluation const& result) {
  nlohmann::ordered_json per_image = nlohmann::ordered_json::array();
  for (vlsm::Score const& score : result.scores)
    per_image.push_back(
        {{"mask", score.name}, {"prompt", score.prompt}, {"dice", score.dice}, {"iou", score.iou}});
  auto const dice = result.dice(), iou = result.iou();
  return {{"model", options.choice.model}, {"data", options.data},      {"split", options.split},
          {"prompt", options.prompt},      {"n", result.scores.size()}, {"dice_mean", dice.mean},
          {"dice_std", dice.deviation},    {"iou_mean", iou.mean},      {"iou_std", iou.deviation},
          {"per_image", per_image}};
}

void run(Options const& options) {
  if (!options.json.empty()) check_can_write(options.json);
  at::Device const device = options.common.apply();
  ModelInfo const& info = find_model(options.choice.model);
  vlsm::Dataset const data(options.data, options.split, options.prompt, info.recipe);
  vlsm::Encode const encode = options.choice.encode();
  auto const model = options.choice.open(options.common.seed);
  model->to(device);
  show_notices();
  Progress progress("evaluate", data.size());
  auto const result = model->evaluate(
      data, encode,
      {.batch = options.batch,
       .threshold = info.recipe.threshold,
       .precision = options.common.bfloat16() ? vlsm::Precision::bf16 : vlsm::Precision::fp32,
       .seed = options.common.seed,
       .progress = [&](std::size_t done, std::size_t) { progress.update(done, ""); }});
  progress.finish();
  if (options.json_given && options.json.empty()) {
    print_json(to_json(options, result));
    return;
  }
  if (!options.json.empty())
    write_text(
        options.json,
        to_json(options, result).dump(1, ' ', false, nlohmann::json::error_handler_t::replace) +
            "\n");
  std::printf("%s on %s (%s, %s): n %zu, Dice %.4f +- %.4f, IoU %.4f +- %.4f\n",
              options.choice.model.c_str(), options.data.c_str(), options.split.c_str(),
              options.prompt.c_str(), result.scores.size(), result.dice().mean,
              result.dice().deviation, result.iou().mean, result.iou().deviation);
}

}  // namespace

void add_evaluate(CLI::App& app) {
  auto* const command = app.add_subcommand(
      "evaluate", "Dice and IoU of a model on a data set, per image and in the mean");
  auto const options = std::make_shared<Options>();
  options->choice.add_to(*command, true);
  command->add_option("--data", options->data, "folder with images/, masks/, anns/SPLIT.json")
      ->check(not_empty())
      ->required();
  command->add_option("--split", options->split, "which annotations")->capture_default_str();
  command->add_option("--prompt", options->prompt, "prompt level, p0 … p9, or random")
      ->capture_default_str();
  command->add_option("--batch", options->batch, "pictures at a time")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  auto* const json =
      command
          ->add_option("--json", options->json,
                       "write all figures to this file; without a name: to standard output")
          ->expected(0, 1);
  options->common.add_to(*command);
  command->callback([options, json] {
    options->json_given = json->count() > 0;
    run(*options);
  });
}

}  // namespace tool
