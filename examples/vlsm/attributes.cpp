// SPDX-License-Identifier: MIT
#include <cstdio>

#include "commands.hpp"
#include "common.hpp"
#include "layout_options.hpp"
#include "progress.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/strings.hpp"
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
  LayoutChoice layout;
  std::string weights, object, out;
  std::vector<std::string> shapes, colors;
};

/// What the object of a mask is called in a question: --object, else as in the study. Throws
/// vlsm::Error where neither is known.
std::string object_of(Options const& options, vlsm::Attributes const& attributes) {
  if (!options.object.empty()) return options.object;
  if (auto const structure = attributes.find("structure"); structure != attributes.end())
    return "the " + vlsm::strings::lower_case(structure->second);
  if (auto const finding = attributes.find("finding"); finding != attributes.end())
    return finding->second;
  std::string const& dataset = options.layout.dataset;
  if (dataset.ends_with("_polyp")) return "bump";
  if (dataset == "isic") return "skin melanoma";
  if (dataset == "dfu") return "foot ulcer";
  if (dataset == "busi") return "tumor";
  throw vlsm::Error("nothing says what the objects are called", dataset, "name them with --object");
}

/// What the file at `path` holds already, or `now`, which holds no rows, where there is no such
/// file. Throws vlsm::Error where another model's answers are in it.
vlsm::AttributeFile answered_before(std::string const& path, vlsm::AttributeFile const& now) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return now;
  auto before = vlsm::read_attributes(path);
  if (before.answerer != now.answerer || before.model != now.model)
    throw vlsm::Error("another model answered before", path,
                      "choose another --out, or take that file away");
  return before;
}

/// "blip_vqa_base", and the words that it chose from: answers of other words are another
/// answerer's.
std::string answerer_name(Options const& options) {
  std::vector<std::string> words = options.shapes;
  words.insert(words.end(), options.colors.begin(), options.colors.end());
  return "blip_vqa_base" + (words.empty() ? "" : " of " + vlsm::strings::joined(words));
}

void run(Options const& options) {
  check_can_write(options.out, {options.layout.images, options.layout.masks});
  at::Device const device = options.common.apply();
  auto const table = vlsm::study_prompt_table(options.layout.dataset);
  bool const color = !options.colors.empty() || (table && table->attributes().contains("color"));
  vlsm::SourceSet const set = options.layout.read();
  vlsm::BlipAnswererOptions how;
  if (!options.shapes.empty()) how.choices.push_back({"shape", options.shapes});
  if (!options.colors.empty()) how.choices.push_back({"color", options.colors});
  auto const answer = vlsm::BlipAnswerer<>::open(options.weights, how, device);
  auto file = answered_before(options.out, {.answerer = answerer_name(options),
                                            .model = vlsm::io::model_hash(answer.model())});
  show_notices();

  Progress progress("asking about " + options.layout.dataset, set.rows.size());
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
    vlsm::AttributeRow& attributes = file.rows[row.mask];
    at::Tensor const seen = answer.see(image, box);
    attributes.shape = vlsm::strings::unless_empty(answer.ask(seen, vlsm::shape_question(object)));
    if (color)
      attributes.color =
          vlsm::strings::unless_empty(answer.ask(seen, vlsm::color_question(object)));
    constexpr std::size_t often = 20;
    if (++asked % often == 0) vlsm::write_attributes(options.out, file);
  }
  vlsm::write_attributes(options.out, file);
  progress.finish();
  std::printf("%s: %zu masks, %zu of them asked about now\n", vlsm::one_line(options.out).c_str(),
              file.rows.size(), asked);
}

}  // namespace

void add_attributes(CLI::App& app) {
  auto* const command = app.add_subcommand(
      "attributes",
      "Ask the model BLIP-VQA for the shape and color of each mask's object; write an attribute "
      "file for `vlsm data prepare` and `vlsm prompts`");
  auto const options = std::make_shared<Options>();
  options->layout.add_to(
      *command,
      "data set of the study whose questions are asked (kvasir_polyp, busi, camus, …; all: `vlsm "
      "data prepare --help`); with --object any name");
  command
      ->add_option("--weights", options->weights,
                   "folder of Salesforce/blip-vqa-base: weights, config.json, vocab.txt")
      ->check(not_empty())
      ->required();
  command->add_option(
      "--object", options->object,
      "what the objects are called in the questions (bump, say); default: as in the "
      "study");
  command
      ->add_option("--shapes", options->shapes,
                   "words to choose the shape from: round,oval; default: a free answer")
      ->delimiter(',');
  command
      ->add_option(
          "--colors", options->colors,
          "words to choose the color from: pink,red; default: a free answer where the data "
          "set's prompts name a color, else no question")
      ->delimiter(',');
  command
      ->add_option("--out", options->out,
                   "attribute file to write; masks that it holds already are not asked about again")
      ->check(not_empty())
      ->required();
  command->add_option("--threads", options->common.threads, "CPU threads; 0: one for each core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command->add_option("--device", options->common.device, "cpu or cuda")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
  command->callback([options] { run(*options); });
}

}  // namespace tool
