// SPDX-License-Identifier: MIT
#include <cstdio>
#include <sstream>

#include "commands.hpp"
#include "common.hpp"
#include "progress.hpp"
#include "vlsm/data/formats/folder.hpp"
#include "vlsm/data/formats/formats.hpp"
#include "vlsm/data/prepare/prepare.hpp"

namespace tool {
namespace {

struct Options {
  std::string dataset, source, target, table, split, mask_value, position = "study";
  vlsm::FolderLayout layout;
  vlsm::PrepareOptions prepare;
  bool json = false;
};

void print(vlsm::PrepareReport const& report, bool json) {
  show_notices();
  if (json)
    print_json(report.to_json());
  else
    std::fputs(report.to_text().c_str(), stdout);
}

/// Whether the pictures are a user's own: the name says what files, read_folder tells by itself.
bool is_own(std::string const& dataset) {
  return dataset == "folder" || dataset == "nifti" || dataset == "dicom";
}

std::array<int, 3> parse_split(std::string const& text) {
  std::array<int, 3> shares{};
  char rest = 0;
  bool const good =
      std::sscanf(text.c_str(), "%d,%d,%d%c", &shares[0], &shares[1], &shares[2], &rest) == 3;
  auto const bad = [](int share) { return share < 0 || share > 1000000; };
  if (!good || std::ranges::any_of(shares, bad) || shares[0] + shares[1] + shares[2] == 0)
    throw vlsm::Error("these are no three shares", "--split " + text,
                      "give those of train, val and test: 80,10,10");
  return shares;
}

void run_prepare(Options& options) {
  if (!options.split.empty()) options.prepare.split = parse_split(options.split);
  if (!options.mask_value.empty())
    options.layout.mask_value = vlsm::parse_mask_choice(options.mask_value);
  if (!options.table.empty()) options.prepare.table = vlsm::read_prompt_table(options.table);
  options.prepare.position =
      options.position == "study" ? vlsm::PositionRule::study : vlsm::PositionRule::corrected;
  vlsm::SourceSet set = is_own(options.dataset)
                            ? vlsm::read_folder(options.source, options.layout)
                            : vlsm::find_source_format(options.dataset).read(options.source);
  Progress progress("preparing " + options.dataset, set.images.size() + set.rows.size());
  options.prepare.progress = [&](std::size_t done, std::size_t) { progress.update(done); };
  auto const report = vlsm::prepare(std::move(set), options.target, options.prepare);
  progress.finish();
  print(report, options.json);
}

void run_check(Options& options) {
  Progress progress("checking " + options.source, 0);
  options.prepare.progress = [&](std::size_t done, std::size_t) { progress.update(done); };
  auto const report = vlsm::check_dataset(options.source, options.prepare);
  progress.finish();
  print(report, options.json);
}

void add_prepare(CLI::App& data) {
  auto* const command = data.add_subcommand("prepare",
                                            "A publisher's files, or one's own, to images/ masks/ "
                                            "anns/ with prompts; report.json names every defect");
  auto const options = std::make_shared<Options>();
  std::string names;
  std::vector<std::string> known;
  for (vlsm::SourceFormat const& format : vlsm::source_formats) {
    known.emplace_back(format.name);
    names += std::string(format.name) + ", ";
  }
  for (char const* own : {"folder", "nifti", "dicom"}) known.emplace_back(own);
  command
      ->add_option("--dataset", options->dataset,
                   names + "or folder, nifti, dicom: one's own pictures and masks")
      ->check(CLI::IsMember(known))
      ->required();
  command->add_option("source", options->source, "folder of the unpacked archives")
      ->check(not_empty())
      ->required();
  command
      ->add_option("target", options->target,
                   "folder to write; a second run goes on where one stopped")
      ->check(not_empty())
      ->required();
  command->add_option("--attributes", options->prepare.attributes,
                      "JSON: mask name -> {\"shape\", \"color\", …}; without it levels that need "
                      "them are left out");
  command->add_option("--anns", options->prepare.published,
                      "folder of the study's published lists: their rows are kept as they are");
  command->add_option("--prompts", options->table,
                      "prompt table of one's own, JSON (docs/prompts.md)");
  command->add_option("--split", options->split,
                      "shares of train, val, test, as 80,10,10; patients and sequences stay whole");
  command->add_option("--seed", options->prepare.seed, "of --split")->capture_default_str();
  command->add_flag("--clean", options->prepare.clean,
                    "leave out rows that leak between splits or are there twice");
  command
      ->add_option("--position", options->position,
                   "rule of the column words: study (its slip in wide pictures kept), corrected")
      ->check(CLI::IsMember({"study", "corrected"}))
      ->capture_default_str();
  command->add_flag("--link", options->prepare.link, "hard links instead of copies of pictures");
  command
      ->add_option("--images", options->layout.images,
                   "folder: where the pictures are, below SOURCE")
      ->capture_default_str();
  command->add_option("--masks", options->layout.masks, "folder: where the masks are")
      ->capture_default_str();
  command->add_option(
      "--mask-value", options->mask_value,
      "folder: what is the object of masks with several values: 2, a color 0,128,0, or any");
  command->add_flag("--allow-empty", options->layout.allow_empty,
                    "folder: no mask need hold an object");
  command->add_option(
      "--label", options->layout.label,
      "nifti, dicom: which label of the masks is the object; default: the only one");
  command->add_option("--mask-suffix", options->layout.mask_suffix,
                      "folder: what masks' names have behind their pictures' (_mask)");
  command->add_option("--threads", options->prepare.threads, "0: one a core")
      ->capture_default_str();
  command->add_flag("--json", options->json, "print the report as JSON");
  command->callback([options] { run_prepare(*options); });
}

void add_check(CLI::App& data) {
  auto* const command =
      data.add_subcommand("check", "Look for defects of a set that is in the study's layout");
  auto const options = std::make_shared<Options>();
  command->add_option("folder", options->source, "holds images/, masks/, anns/")
      ->check(not_empty())
      ->required();
  command->add_option("--threads", options->prepare.threads, "0: one a core")
      ->capture_default_str();
  command->add_flag("--json", options->json, "print the report as JSON");
  command->callback([options] { run_check(*options); });
}

}  // namespace

void add_data(CLI::App& app) {
  auto* const data = app.add_subcommand("data", "Data sets: prepare, check");
  data->require_subcommand(1);
  add_prepare(*data);
  add_check(*data);
}

}  // namespace tool
