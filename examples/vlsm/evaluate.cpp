// SPDX-License-Identifier: MIT
#include "vlsm/train/evaluate.hpp"

#include <ATen/ATen.h>

#include <cstdio>
#include <optional>
#include <set>

#include "commands.hpp"
#include "common.hpp"
#include "marked_png.hpp"
#include "progress.hpp"
#include "shortest.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/base/memory.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/data/folder_dataset.hpp"
#include "vlsm/image/overlay.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/to_tensor.hpp"
#include "vlsm/image/write.hpp"
#include "vlsm/prompts/perturb.hpp"
#include "vlsm/segmenter/prepare.hpp"

namespace tool {
namespace {

struct Options {
  Common common;
  ModelChoice choice;
  DataChoice data;
  std::string split = "test", json, out, at = "model";
  std::string perturb, attribute = "all", dataset;
  double threshold = -1;
  bool json_given = false, attribute_given = false, hausdorff = false;
  std::size_t batch = 8;
};

/// What the JSON holds: a distance only where it is asked for.
std::vector<vlsm::NamedMeasure> measures_of(Options const& options) {
  std::vector<vlsm::NamedMeasure> measures(vlsm::named_measures.begin(),
                                           vlsm::named_measures.end());
  std::erase_if(measures, [&](auto const& measure) {
    return measure.value == &vlsm::Measures::hd95 && !options.hausdorff;
  });
  return measures;
}

nlohmann::ordered_json to_json(Options const& options, vlsm::Evaluation const& result,
                               std::optional<vlsm::PerturbReport> const& perturbed) {
  std::vector<vlsm::NamedMeasure> const measures = measures_of(options);
  nlohmann::ordered_json per_image = nlohmann::ordered_json::array();
  for (vlsm::Score const& score : result.scores) {
    per_image.push_back({{"mask", score.name}, {"prompt", score.prompt}});
    for (auto const& measure : measures)
      per_image.back()[measure.name] = score.*measure.value;  // NaN is written as null
  }
  nlohmann::ordered_json json{
      {"model", options.choice.model},
      {"data", options.data.data},
      {"split", options.split},
      {"prompt", options.data.level(vlsm::find_model(options.choice.model))},
      {"at", options.at},
      {"threshold", options.threshold}};
  if (perturbed) {
    json["perturb"] = options.perturb;
    if (vlsm::takes_attribute(vlsm::parse_perturbation(options.perturb)))
      json["attribute"] = options.attribute;
    json["changed"] = perturbed->changed;
  }
  json["n"] = result.scores.size();
  for (auto const& measure : measures) {
    vlsm::Spread const spread = result.spread(measure.value);
    std::string const name = measure.name;
    json[name + "_mean"] = spread.mean, json[name + "_std"] = spread.deviation;
    if (measure.may_lack) json[name + "_n"] = spread.count;
  }
  json["per_image"] = std::move(per_image);
  return json;
}

/// Has the data set's prompts perturbed as --perturb says; `report` is filled when they are read.
void perturb_prompts(Options& options, vlsm::RegisteredModel const& info,
                     std::optional<vlsm::PerturbReport>& report) {
  vlsm::PerturbOptions const how{.kind = vlsm::parse_perturbation(options.perturb),
                                 .attribute = options.attribute,
                                 .level = options.data.level(info),
                                 .source = {options.dataset, options.data.data}};
  if (options.attribute_given && !vlsm::takes_attribute(how.kind))
    throw vlsm::Error("this perturbation changes no single attribute",
                      "--perturb " + options.perturb, "leave out --attribute");
  if (info.vocabulary == 0)
    throw vlsm::Error("this model reads no prompt", "--model " + options.choice.model,
                      "leave out --perturb");
  options.data.rewrite = [how, &report](std::vector<vlsm::Annotation>& rows) {
    report = vlsm::perturb(rows, how);
    if (report->unknown > 0)
      notice(std::to_string(report->unknown) +
             " values have no counterpart and stay, the first is " + report->first_unknown);
  };
}

/// "opposite of size in 12 of 15 rows".
std::string perturbed_text(Options const& options, vlsm::PerturbReport const& report) {
  bool const attribute = vlsm::takes_attribute(vlsm::parse_perturbation(options.perturb));
  return options.perturb + (attribute ? " " + options.attribute : std::string()) + " in " +
         std::to_string(report.changed) + " of " + std::to_string(report.rows) + " rows";
}

void print_scores(Options const& options, std::string const& prompts,
                  vlsm::Evaluation const& result) {
  std::printf("%s on %s (%s, %s, at the %s's size): n %zu, Dice %.4f +- %.4f, IoU %.4f +- %.4f",
              options.choice.model.c_str(), options.data.data.c_str(), options.split.c_str(),
              prompts.c_str(), options.at.c_str(), result.scores.size(), result.dice().mean,
              result.dice().deviation, result.iou().mean, result.iou().deviation);
  auto const hd95 = result.hd95();
  if (options.hausdorff && hd95.count == 0)
    std::printf(", HD95 of none: each has an empty mask");
  else if (options.hausdorff)
    std::printf(", HD95 %.2f +- %.2f pixels (of %zu without an empty mask)", hd95.mean,
                hd95.deviation, hd95.count);
  std::printf("\n");
}

/// Writes the mask that was found in a picture, and the picture with it, under the mask's name; a
/// number keeps apart what several rows would write.
class FoundMasks {
 public:
  /// Throws vlsm::Error where the folder is one of the data set's, and where a file is there that
  /// would be replaced and that no earlier run wrote.
  FoundMasks(Options const& options, vlsm::FolderDataset const& data, vlsm::Recipe const& recipe)
      : folder_(options.out),
        data_(data),
        threshold_(static_cast<float>(options.threshold)),
        recipe_(recipe) {
    vlsm::io::make_folder(folder_, "choose another --out");
    std::set<std::filesystem::path> folders;
    for (std::size_t i = 0; i < data_.size(); ++i)
      folders.insert({data_.image_path(i).parent_path(), data_.mask_path(i).parent_path()});
    for (std::filesystem::path const& of_data : folders)
      if (vlsm::io::is_same_file(folder_, of_data))
        throw vlsm::Error("masks would be written over the data set", folder_.string(),
                          "choose another --out");
    std::set<std::string> taken;
    if (std::filesystem::path const json = options.json;
        json.extension() == ".png" && vlsm::io::lies_directly_in(json, folder_))
      taken.insert(json.stem().string());
    for (std::size_t i = 0; i < data_.size(); ++i) {
      names_.push_back(take_name(data_.mask_path(i).stem().string(), taken,
                                 [](std::string const&) { return true; }));
      for (std::filesystem::path const& path : {mask_file(i), overlay_file(i)})
        if (is_foreign_file(path))
          throw vlsm::Error("this file would be lost, and no earlier run wrote it", path.string(),
                            "choose another --out");
    }
  }

  void write(std::size_t index, at::Tensor const& logits) {
    vlsm::Image const image = vlsm::read_image(data_.image_path(index));
    vlsm::Mask const mask = vlsm::restore_mask(at::sigmoid(logits), threshold_, image.shape(0),
                                               image.shape(1), recipe_);
    write_marked_png(mask_file(index), mask, /*flush=*/false);
    write_marked_png(overlay_file(index), vlsm::overlay(image, mask), /*flush=*/false);
  }

 private:
  std::filesystem::path mask_file(std::size_t i) const { return folder_ / (names_[i] + ".png"); }
  std::filesystem::path overlay_file(std::size_t i) const {
    return folder_ / (names_[i] + "_overlay.png");
  }

  std::filesystem::path folder_;
  vlsm::FolderDataset const& data_;
  float threshold_;
  vlsm::Recipe recipe_;
  std::vector<std::string> names_;  // of each row
};

/// Throws vlsm::Error where --json cannot be written, or would take the place of what is read: of
/// the model's files and the data set's all but what an earlier run wrote there.
void check_json(Options const& options) {
  std::vector<std::string> read = options.choice.files();
  read.push_back(options.data.data);
  if (std::error_code ignored; std::filesystem::is_regular_file(options.json, ignored)) {
    auto const there = nlohmann::json::parse(vlsm::io::read_whole_file(options.json).value_or(""),
                                             nullptr, /*allow_exceptions=*/false);
    if (there.is_object() && there.contains("per_image")) read.clear();
  }
  check_can_write(options.json, read);
}

void run(Options& options) {
  if (!options.json.empty() && !options.out.empty())  // where --json may lie
    vlsm::io::make_folder(options.out, "choose another --out");
  if (!options.json.empty()) check_json(options);
  at::Device const device = options.common.apply();
  vlsm::RegisteredModel const& info = vlsm::find_model(options.choice.model);
  vlsm::Encode const encode = options.choice.encode();
  std::optional<vlsm::PerturbReport> perturbed;
  if (!options.perturb.empty()) perturb_prompts(options, info, perturbed);
  auto const data = options.data.open(options.split, info);
  auto const model = options.choice.open(options.common.seed);
  model->module().to(device);
  vlsm::prepare(*model, {.precision = options.common.computes_in()});
  vlsm::keep_freed_memory();
  if (options.threshold < 0) options.threshold = shortest(info.recipe.threshold);
  std::optional<FoundMasks> found;
  if (!options.out.empty()) found.emplace(options, *data, info.recipe);
  show_notices();
  Progress progress("evaluate", data->size());
  vlsm::EvaluateOptions how{
      .batch = options.batch,
      .at = options.at == "picture" ? vlsm::ScoreAt::picture : vlsm::ScoreAt::model,
      .threshold = static_cast<float>(options.threshold),
      .hausdorff = options.hausdorff,
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
    print_json(to_json(options, result, perturbed));
    return;
  }
  if (!options.json.empty())
    vlsm::io::write_whole_file(
        options.json, to_json(options, result, perturbed)
                              .dump(1, ' ', false, nlohmann::json::error_handler_t::replace) +
                          "\n");
  std::string prompts = options.data.level(info);
  if (prompts.empty()) prompts = "no prompt";
  if (perturbed) prompts += ", " + perturbed_text(options, *perturbed);
  print_scores(options, prompts, result);
}

}  // namespace

void add_evaluate(CLI::App& app) {
  auto* const command = app.add_subcommand(
      "evaluate", "Dice, IoU and Hausdorff distance of a model on a data set, per image and mean");
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
  command->add_flag("--hausdorff", options->hausdorff,
                    "also the 95th percentile of the Hausdorff distance, in pixels of that size");
  auto* const perturb =
      command
          ->add_option("--perturb", options->perturb,
                       "other prompts: " + vlsm::strings::joined(vlsm::perturbation_names))
          ->check(CLI::IsMember(std::vector<std::string>(vlsm::perturbation_names.begin(),
                                                         vlsm::perturbation_names.end())));
  auto* const attribute =
      command
          ->add_option("--attribute", options->attribute,
                       "which words the first three of them change: all, or one of " +
                           vlsm::strings::joined(vlsm::perturbed_attributes()))
          ->needs(perturb)
          ->capture_default_str();
  command
      ->add_option("--dataset", options->dataset,
                   "whose templates the prompts are of (busi, kvasir_polyp), or words: replace "
                   "words wherever they stand; default: told from the data")
      ->check(not_empty())
      ->needs(perturb);
  command
      ->add_option("--out", options->out,
                   "folder for masks and overlays of the picture's size; they replace those of an "
                   "earlier run and no other file")
      ->check(not_empty());
  command->add_option("--batch", options->batch, "pictures at a time")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  auto* const json =
      command
          ->add_option("--json", options->json,
                       "write all figures to this file; without a name: to standard output")
          ->expected(0, 1);
  options->common.add_to(*command, /*infers=*/true);
  command->callback([options, json, attribute] {
    options->json_given = json->count() > 0;
    options->attribute_given = attribute->count() > 0;
    run(*options);
  });
}

}  // namespace tool
