// SPDX-License-Identifier: MIT
#include <cstdio>

#include "commands.hpp"
#include "common.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "vlsm/data/formats/study_layout.hpp"
#include "vlsm/data/prepare/prepare.hpp"
#include "vlsm/image/overlay.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/resize.hpp"

namespace tool {
namespace {

struct Options {
  std::string dataset, images, masks, table, out, page, position = "study";
  std::size_t show = 0;
  bool json = false;
  vlsm::PrepareOptions prepare;
};

/// A row's picture with its mask, small.
Picture small_overlay(Options const& options, nlohmann::ordered_json const& row) {
  namespace fs = std::filesystem;
  vlsm::Image const image =
      vlsm::read_image(fs::path(options.images) / row["img_name"].get<std::string>());
  vlsm::Mask const mask =
      vlsm::read_mask(fs::path(options.masks) / row["mask_name"].get<std::string>());
  return {row["mask_name"], vlsm::resize_shorter_side(vlsm::overlay(image, mask), 160)};
}

/// The first rows of the annotations as a page: people check prompts by looking.
void write_page(Options const& options, nlohmann::ordered_json const& rows) {
  Report page("Prompts of " + options.dataset,
              "The first " + std::to_string(std::min(options.show, rows.size())) + " of " +
                  std::to_string(rows.size()) + " rows.");
  for (std::size_t i = 0; i < std::min(options.show, rows.size()); ++i) {
    auto const& row = rows[i];
    Section section{.title = row["mask_name"]};
    for (auto const& [name, word] : row["attributes"].items())
      section.text += (section.text.empty() ? "" : ", ") + name + ": " + word.get<std::string>();
    section.parts.emplace_back(Gallery{"", {small_overlay(options, row)}});
    Table table{"", {"level", "prompt"}, {}};
    for (auto const& [level, prompt] : row["prompts"].items())
      for (auto const& sentence :
           prompt.is_array() ? prompt : nlohmann::ordered_json::array({prompt}))
        table.rows.push_back({level, sentence.get<std::string>()});
    section.parts.emplace_back(std::move(table));
    page.add(std::move(section));
  }
  page.write(options.page);
}

void run(Options& options) {
  if (options.page.empty())
    options.page = std::filesystem::path(options.out).replace_extension(".html").string();
  check_can_write(options.out);
  if (!options.table.empty())
    options.prepare.table = vlsm::read_prompt_table(options.table);
  else if (!vlsm::study_prompt_table(options.dataset))
    throw vlsm::Error("there are no prompts for this data set", options.dataset,
                      "name a data set of the study, or give a table with --prompts");
  options.prepare.position =
      options.position == "study" ? vlsm::PositionRule::study : vlsm::PositionRule::corrected;
  vlsm::SourceSet set = vlsm::read_study_layout(options.images, options.masks, options.dataset);
  Progress progress("prompts of " + options.dataset, set.images.size() + set.rows.size());
  options.prepare.progress = [&](std::size_t done, std::size_t) { progress.update(done); };
  vlsm::PrepareReport report;
  auto const splits = vlsm::annotate(std::move(set), options.prepare, &report);
  progress.finish();
  auto const& rows = splits.at("all");
  write_text(options.out, rows.dump(1) + "\n");
  if (options.show > 0) write_page(options, rows);
  show_notices();
  if (options.json) return print_json(report.to_json());
  std::printf("%s  written: %s%s\n", report.to_text().c_str(), options.out.c_str(),
              options.show > 0 ? (", " + options.page).c_str() : "");
}

}  // namespace

void add_prompts(CLI::App& app) {
  auto* const command = app.add_subcommand(
      "prompts", "Annotations with prompts of pictures and masks in the study's layout");
  auto const options = std::make_shared<Options>();
  command
      ->add_option("--dataset", options->dataset,
                   "whose prompts: kvasir_polyp … chexlocalize; with --prompts any name")
      ->check(not_empty())
      ->required();
  command->add_option("--images", options->images, "folder of the pictures")
      ->check(not_empty())
      ->required();
  command->add_option("--masks", options->masks, "folder of the masks")
      ->check(not_empty())
      ->required();
  command->add_option("--attributes", options->prepare.attributes,
                      "JSON: mask name -> {\"shape\", \"color\", …}");
  command->add_option("--prompts", options->table,
                      "prompt table of one's own, JSON (docs/prompts.md)");
  command->add_option("--position", options->position, "rule of the column words: study, corrected")
      ->check(CLI::IsMember({"study", "corrected"}))
      ->capture_default_str();
  command->add_option("--out", options->out, "annotation file, JSON")
      ->check(not_empty())
      ->required();
  command->add_option("--show", options->show, "so many rows with small overlays as an HTML page")
      ->capture_default_str();
  command->add_option("--page", options->page, "that page; default: --out with .html");
  command->add_flag("--json", options->json, "print the report as JSON");
  command->callback([options] { run(*options); });
}

}  // namespace tool
