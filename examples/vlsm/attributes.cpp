// SPDX-License-Identifier: MIT
#include <cstdio>

#include "commands.hpp"
#include "common.hpp"
#include "progress.hpp"
#include "vlsm/data/formats/study_layout.hpp"
#include "vlsm/image/box.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/prompts/attribute_file.hpp"
#include "vlsm/prompts/blip_answerer.hpp"
#include "vlsm/prompts/tables.hpp"
#include "vlsm/weights/model_hash.hpp"

namespace tool {
namespace {

struct Options {
  Common common;
  std::string dataset, images, masks, weights, object, out;
  std::vector<std::string> shapes, colors;
};

/// How the study's questions call the object of a mask.
std::string object_of(Options const& options, vlsm::Attributes const& attributes) {
  if (!options.object.empty()) return options.object;
  if (auto const structure = attributes.find("structure"); structure != attributes.end())
    return "the " + vlsm::detail::lower_case(structure->second);
  if (auto const finding = attributes.find("finding"); finding != attributes.end())
    return finding->second;
  if (options.dataset.ends_with("_polyp")) return "bump";
  if (options.dataset == "isic") return "skin melanoma";
  if (options.dataset == "dfu") return "foot ulcer";
  if (options.dataset == "busi") return "tumor";
  throw vlsm::Error("nothing says what the objects are called", options.dataset,
                    "name them with --object");
}

/// What the file holds already, where the same model answered.
vlsm::AttributeFile answered_before(std::string const& path, vlsm::AttributeFile const& now) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return now;
  auto before = vlsm::read_attributes(path);
  if (before.answerer != now.answerer || before.model != now.model)
    throw vlsm::Error("another model answered before", path,
                      "choose another --out, or take that file away");
  return before;
}

void run(Options const& options) {
  check_can_write(options.out);
  at::Device const device = options.common.apply();
  auto const table = vlsm::study_prompt_table(options.dataset);
  bool const color = !options.colors.empty() || (table && table->attributes().contains("color"));
  vlsm::SourceSet const set =
      vlsm::read_study_layout(options.images, options.masks, options.dataset);
  vlsm::BlipAnswererOptions how;
  if (!options.shapes.empty()) how.choices.push_back({"shape", options.shapes});
  if (!options.colors.empty()) how.choices.push_back({"color", options.colors});
  auto const answer = vlsm::BlipAnswerer<>::open(options.weights, how, device);
  std::string words;
  for (auto const* list : {&options.shapes, &options.colors})
    for (std::string const& word : *list) words += (words.empty() ? " of " : ", ") + word;
  auto file = answered_before(options.out, {.answerer = "blip_vqa_base" + words,
                                            .model = vlsm::io::model_hash(answer.model())});
  show_notices();

  Progress progress("asking about " + options.dataset, set.rows.size());
  progress.skip(file.rows.size());
  std::size_t asked = 0;
  for (std::size_t i = 0; i < set.rows.size(); ++i) {
    vlsm::SourceRow const& row = set.rows[i];
    progress.update(i);
    if (file.rows.contains(row.mask)) continue;
    vlsm::Mask const mask = row.read().levels;
    if (vlsm::find_regions(mask).empty()) continue;  // its prompts need no attributes
    vlsm::Box const box = vlsm::bounding_box(mask);
    vlsm::Image const image = vlsm::read_image(set.images[row.image].file);
    std::string const object = object_of(options, row.attributes);
    auto const filled = [](std::string const& text) {
      return text.empty() ? std::nullopt : std::optional(text);
    };
    vlsm::AttributeRow& attributes = file.rows[row.mask];
    at::Tensor const seen = answer.see(image, box);
    attributes.shape = filled(answer.ask(seen, vlsm::shape_question(object)));
    if (color) attributes.color = filled(answer.ask(seen, vlsm::color_question(object)));
    constexpr std::size_t often = 20;
    if (++asked % often == 0) vlsm::write_attributes(options.out, file);
  }
  vlsm::write_attributes(options.out, file);
  progress.finish();
  std::printf("%s: %zu masks, %zu of them asked about now\n", options.out.c_str(), file.rows.size(),
              asked);
}

}  // namespace

void add_attributes(CLI::App& app) {
  auto* const command = app.add_subcommand(
      "attributes",
      "Shape and color of each mask's object, answered by BLIP-VQA, as an attribute file");
  auto const options = std::make_shared<Options>();
  command
      ->add_option("--dataset", options->dataset,
                   "whose questions: kvasir_polyp … chexlocalize; with --object any name")
      ->check(not_empty())
      ->required();
  command->add_option("--images", options->images, "folder of the pictures")
      ->check(not_empty())
      ->required();
  command->add_option("--masks", options->masks, "folder of the masks")
      ->check(not_empty())
      ->required();
  command
      ->add_option("--weights", options->weights,
                   "folder of Salesforce/blip-vqa-base: weights, config.json, vocab.txt")
      ->check(not_empty())
      ->required();
  command->add_option("--object", options->object,
                      "what the objects are called in the questions; default: as in the study");
  command
      ->add_option("--shapes", options->shapes,
                   "words to choose the shape from; default: a free answer")
      ->delimiter(',');
  command->add_option("--colors", options->colors, "words to choose the color from")
      ->delimiter(',');
  command
      ->add_option("--out", options->out,
                   "attribute file; what it holds of this model is not asked again")
      ->check(not_empty())
      ->required();
  command->add_option("--threads", options->common.threads, "CPU threads; 0: one a core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->add_option("--device", options->common.device, "cpu or cuda")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
  command->callback([options] { run(*options); });
}

}  // namespace tool
