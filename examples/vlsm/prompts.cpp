// SPDX-License-Identifier: MIT
#include <cstdio>

#include "commands.hpp"
#include "common.hpp"
#include "layout_options.hpp"
#include "progress.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/data/formats/source_masks.hpp"
#include "vlsm/data/prepare/prepare.hpp"
#include "vlsm/image/overlay.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/resize.hpp"
#include "vlsm/report/html.hpp"

namespace tool {
namespace {

struct Options {
  LayoutChoice layout;
  PromptChoice prompts;
  std::string out, page;
  std::size_t show = 0;
  bool json = false;
};

/// A row's picture with its mask over it, the shorter side 160 pixels.
vlsm::report::Picture small_overlay(Options const& options, nlohmann::ordered_json const& row) {
  namespace fs = std::filesystem;
  vlsm::Image const image =
      vlsm::read_image(fs::path(options.layout.images) / row["img_name"].get<std::string>());
  // What the prompts were made of: an object of level 1 is seen, too.
  vlsm::Mask const mask =
      vlsm::gray_levels(fs::path(options.layout.masks) / row["mask_name"].get<std::string>())
          .levels;
  return {row["mask_name"], vlsm::resize_shorter_side(vlsm::overlay(image, mask), 160)};
}

/// What the page's title begins with, by which it is told from other files of its name.
constexpr char const* page_title = "Prompts of ";

/// The first rows of the annotations as a page, for people to check prompts against pictures.
void write_page(Options const& options, nlohmann::ordered_json const& rows) {
  vlsm::report::Report page(page_title + options.layout.dataset,
                            "The first " + std::to_string(std::min(options.show, rows.size())) +
                                " of " + std::to_string(rows.size()) + " rows.");
  for (std::size_t i = 0; i < std::min(options.show, rows.size()); ++i) {
    auto const& row = rows[i];
    vlsm::report::Section section{.title = row["mask_name"]};
    for (auto const& [name, word] : row["attributes"].items())
      section.text += (section.text.empty() ? "" : ", ") + name + ": " + word.get<std::string>();
    section.parts.emplace_back(vlsm::report::Gallery{"", {small_overlay(options, row)}});
    vlsm::report::Table table{"", {"level", "prompt"}, {}};
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
  bool const named = !options.page.empty();
  if (!named) options.page = std::filesystem::path(options.out).replace_extension(".html").string();
  std::vector<std::string> const read{options.layout.images, options.layout.masks,
                                      options.prompts.attributes, options.prompts.table};
  check_can_write(options.out, read);
  if (options.show > 0) {
    check_can_write(options.page, read);
    auto const there = vlsm::io::read_whole_file(options.page);
    std::error_code ignored;
    bool const own = there ? there->find(std::string("<title>") + page_title) != std::string::npos
                           : !std::filesystem::exists(options.page, ignored);
    if (!named && !own)
      throw vlsm::Error("this file would be lost, and is no page of its own", options.page,
                        "name another with --page");
    if (std::filesystem::weakly_canonical(options.page) ==
        std::filesystem::weakly_canonical(options.out))
      throw vlsm::Error("the page and the list are one file", options.page,
                        "name another with --page");
  }
  std::string const& dataset = options.layout.dataset;
  vlsm::PrepareOptions how;
  options.prompts.apply(how);
  if (!how.table && !vlsm::study_prompt_table(dataset))
    throw vlsm::Error("there are no prompts for this data set", dataset,
                      "name a data set of the study, or give a table with --prompts");
  vlsm::SourceSet set = options.layout.read();
  Progress progress("prompts of " + dataset, set.images.size() + set.rows.size());
  how.progress = [&](std::size_t done, std::size_t) { progress.update(done); };
  vlsm::PrepareReport report;
  auto const splits = vlsm::annotate(std::move(set), how, &report);
  progress.finish();
  auto const& rows = splits.at("all");
  vlsm::io::write_whole_file(options.out, rows.dump(1) + "\n");
  if (options.show > 0) write_page(options, rows);
  show_notices();
  if (options.json) return print_json(report.to_json());
  std::printf("%s  written: %s%s\n", report.to_text().c_str(), vlsm::one_line(options.out).c_str(),
              options.show > 0 ? (", " + vlsm::one_line(options.page)).c_str() : "");
}

}  // namespace

void add_prompts(CLI::App& app) {
  auto* const command = app.add_subcommand(
      "prompts",
      "Write an annotation list with prompts for a folder of pictures and one of their masks");
  auto const options = std::make_shared<Options>();
  options->layout.add_to(
      *command,
      "data set of the study whose prompts are made (kvasir_polyp, busi, camus, …; all: `vlsm data "
      "prepare --help`); with --prompts any name");
  options->prompts.add_to(*command);
  command->add_option("--out", options->out, "annotation list to write, JSON")
      ->check(not_empty())
      ->required();
  command
      ->add_option(
          "--show", options->show,
          "also write an HTML page of so many first rows: pictures, masks, prompts; 0: none")
      ->check(whole_number())
      ->capture_default_str();
  command
      ->add_option("--page", options->page,
                   "where --show writes the page; default: --out with the ending .html")
      ->needs("--show");
  command->add_flag("--json", options->json, "print the report as JSON");
  command->callback([options] { run(*options); });
}

}  // namespace tool
