// SPDX-License-Identifier: MIT
#include "vlsm/train/evaluate.hpp"

#include <ATen/ATen.h>

#include <cstdio>
#include <optional>
#include <set>

#include "commands.hpp"
#include "common.hpp"
#include "progress.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/data/folder_dataset.hpp"
#include "vlsm/image/overlay.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/to_tensor.hpp"
#include "vlsm/image/write.hpp"

namespace tool {
namespace {

struct Options {
  Common common;
  ModelChoice choice;
  DataChoice data;
  std::string split = "test", json, out, at = "model";
  double threshold = -1;
  bool json_given = false;
  std::size_t batch = 8;
};

nlohmann::ordered_json to_json(Options const& options, vlsm::Evaluation const& result) {
  nlohmann::ordered_json per_image = nlohmann::ordered_json::array();
  for (vlsm::Score const& score : result.scores)
    per_image.push_back(
        {{"mask", score.name}, {"prompt", score.prompt}, {"dice", score.dice}, {"iou", score.iou}});
  auto const dice = result.dice(), iou = result.iou();
  return {{"model", options.choice.model},
          {"data", options.data.data},
          {"split", options.split},
          {"prompt", options.data.prompt},
          {"at", options.at},
          {"threshold", options.threshold},
          {"n", result.scores.size()},
          {"dice_mean", dice.mean},
          {"dice_std", dice.deviation},
          {"iou_mean", iou.mean},
          {"iou_std", iou.deviation},
          {"per_image", per_image}};
}

/// Writes the mask that was found in a picture, and the picture with it, under the picture's name;
/// a number keeps apart what several rows would write.
class FoundMasks {
 public:
  FoundMasks(std::filesystem::path folder, vlsm::FolderDataset const& data, float threshold,
             vlsm::Recipe const& recipe)
      : folder_(std::move(folder)), data_(data), threshold_(threshold), recipe_(recipe) {
    make_folder(folder_);
    for (auto const& of_data :
         {data_.image_path(0).parent_path(), data_.mask_path(0).parent_path()}) {
      std::error_code ignored;
      if (std::filesystem::equivalent(folder_, of_data, ignored))
        throw vlsm::Error("masks would be written over the data set", folder_.string(),
                          "choose another --out");
    }
  }

  void write(std::size_t index, at::Tensor const& logits) {
    vlsm::Image const image = vlsm::read_image(data_.image_path(index));
    vlsm::Mask const mask = vlsm::restore_mask(at::sigmoid(logits), threshold_, image.shape(0),
                                               image.shape(1), recipe_);
    std::string const stem = data_.mask_path(index).stem().string();
    std::string name = stem;
    for (int n = 2; !taken_.insert(name).second; ++n) name = stem + "-" + std::to_string(n);
    vlsm::write_png(folder_ / (name + ".png"), vlsm::as_image(mask), /*flush=*/false);
    vlsm::write_png(folder_ / (name + "_overlay.png"), vlsm::overlay(image, mask), false);
  }

 private:
  std::filesystem::path folder_;
  vlsm::FolderDataset const& data_;
  float threshold_;
  vlsm::Recipe recipe_;
  std::set<std::string> taken_;
};

void run(Options& options) {
  if (!options.json.empty()) check_can_write(options.json);
  at::Device const device = options.common.apply();
  vlsm::RegisteredModel const& info = vlsm::find_model(options.choice.model);
  vlsm::Encode const encode = options.choice.encode();
  auto const data = options.data.open(options.split, info);
  auto const model = options.choice.open(options.common.seed);
  model->module().to(device);
  if (options.threshold < 0) options.threshold = static_cast<double>(info.recipe.threshold);
  auto const threshold = static_cast<float>(options.threshold);
  std::optional<FoundMasks> found;
  if (!options.out.empty()) found.emplace(options.out, *data, threshold, info.recipe);
  show_notices();
  Progress progress("evaluate", data->size());
  vlsm::EvaluateOptions how{
      .batch = options.batch,
      .at = options.at == "picture" ? vlsm::ScoreAt::picture : vlsm::ScoreAt::model,
      .threshold = threshold,
      .precision = options.common.bfloat16() ? vlsm::Precision::bf16 : vlsm::Precision::fp32,
      .seed = options.common.seed,
      .progress = [&](std::size_t done, std::size_t) { progress.update(done, ""); }};
  if (found)
    how.on_example = [&](std::size_t index, at::Tensor const& logits) {
      found->write(index, logits);
    };
  auto const result = vlsm::evaluate(*model, *data, encode, how);
  progress.finish();
  show_notices();
  if (options.json_given && options.json.empty()) {
    print_json(to_json(options, result));
    return;
  }
  if (!options.json.empty())
    vlsm::io::write_whole_file(
        options.json,
        to_json(options, result).dump(1, ' ', false, nlohmann::json::error_handler_t::replace) +
            "\n");
  std::string const level = options.data.level(info);
  std::printf("%s on %s (%s, %s, at the %s's size): n %zu, Dice %.4f +- %.4f, IoU %.4f +- %.4f\n",
              options.choice.model.c_str(), options.data.data.c_str(), options.split.c_str(),
              level.empty() ? "no prompt" : level.c_str(), options.at.c_str(), result.scores.size(),
              result.dice().mean, result.dice().deviation, result.iou().mean,
              result.iou().deviation);
}

}  // namespace

void add_evaluate(CLI::App& app) {
  auto* const command = app.add_subcommand(
      "evaluate", "Dice and IoU of a model on a data set, per image and in the mean");
  auto const options = std::make_shared<Options>();
  options->choice.add_to(*command, true);
  options->data.add_to(*command, "folder with images/, masks/, anns/SPLIT.json");
  command->add_option("--split", options->split, "which annotations")->capture_default_str();
  command
      ->add_option("--at", options->at,
                   "score at the model's size, as the study does, or at the picture's")
      ->check(CLI::IsMember({"model", "picture"}))
      ->capture_default_str();
  command
      ->add_option("--threshold", options->threshold,
                   "a pixel belongs to the object above this probability, 0 to 1; default: the "
                   "model's")
      ->check(number_between(0, 1));
  command->add_option("--out", options->out, "folder for masks and overlays of the picture's size")
      ->check(not_empty());
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
