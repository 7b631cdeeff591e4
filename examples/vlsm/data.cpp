// SPDX-License-Identifier: MIT
#include <array>
#include <cstdio>
#include <string_view>

#include "commands.hpp"
#include "common.hpp"
#include "layout_options.hpp"
#include "progress.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/data/formats/folder.hpp"
#include "vlsm/data/formats/formats.hpp"
#include "vlsm/data/prepare/prepare.hpp"

namespace tool {
namespace {

struct Options {
  std::string dataset, source, target, split, mask_value;
  PromptChoice prompts;
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

/// Whether the pictures are a user's own. The three names mean the same: read_folder tells kinds of
/// files by their endings.
bool is_own(std::string const& dataset) {
  return dataset == "folder" || dataset == "nifti" || dataset == "dicom";
}

/// The shares of "80,10,10", each at most a million. Throws vlsm::Error for other texts.
std::array<int, 3> parse_split(std::string const& text) {
  std::array<int, 3> shares{};
  auto const parts = vlsm::strings::split_text(text, ",");
  auto const parse = [](std::string_view part, int& share) {
    share = vlsm::strings::parse_number<int>(part).value_or(-1);
    return share >= 0 && share <= 1000000;
  };
  bool good = parts.size() == shares.size();
  for (std::size_t i = 0; good && i < shares.size(); ++i) good = parse(parts[i], shares[i]);
  if (!good || shares[0] + shares[1] + shares[2] == 0)
    throw vlsm::Error("these are no three shares", "--split " + text,
                      "give whole numbers, those of train, val and test: 80,10,10");
  return shares;
}

/// Throws vlsm::Error for an option of one's own files where a publisher's are read.
void refuse_folder_options(CLI::App const& command, std::string const& dataset) {
  for (char const* name :
       {"--images", "--masks", "--mask-suffix", "--mask-value", "--label", "--allow-empty"})
    if (command.count(name) > 0)
      throw vlsm::Error("this is an option of one's own files, and those of " + dataset +
                            " are laid out as their publisher has them",
                        name, "leave it out, or say --dataset folder");
}

void run_prepare(CLI::App const& command, Options& options) {
  if (!is_own(options.dataset)) refuse_folder_options(command, options.dataset);
  if (!options.split.empty()) options.prepare.split = parse_split(options.split);
  if (!options.mask_value.empty())
    options.layout.mask_value = vlsm::parse_mask_choice(options.mask_value);
  options.prompts.apply(options.prepare);
  vlsm::SourceSet set = is_own(options.dataset)
                            ? vlsm::read_folder(options.source, options.layout)
                            : vlsm::find_source_format(options.dataset).read(options.source);
  Progress progress("preparing " + options.dataset, set.images.size() + set.rows.size());
  options.prepare.progress = [&](std::size_t done, std::size_t) { progress.update(done); };
  auto const report = vlsm::prepare_dataset(std::move(set), options.target, options.prepare);
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

/// The options of a user's own pictures.
void add_folder_options(CLI::App& command, Options& options) {
  std::string const own = "folder, nifti, dicom: ";
  command
      .add_option("--images", options.layout.images, own + "folder of the pictures, below source")
      ->capture_default_str();
  command.add_option("--masks", options.layout.masks, own + "folder of the masks, below source")
      ->capture_default_str();
  command.add_option(
      "--mask-suffix", options.layout.mask_suffix,
      own + "what a mask's name has behind its picture's, before the ending (_mask)");
  command
      .add_option("--mask-value", options.mask_value,
                  own +
                      "value of the object in masks that are pictures: a gray level or index "
                      "(2), a color (0,128,0), or any; default: told from all masks")
      ->check(not_empty());
  command.add_option("--label", options.layout.label,
                     own +
                         "label of the object in NIfTI, MetaImage and DICOM masks; default: the "
                         "only one beside 0");
  command.add_flag("--allow-empty", options.layout.allow_empty,
                   own + "go on where no mask holds an object");
}

/// --threads and --json.
void add_common_options(CLI::App& command, Options& options) {
  command.add_option("--threads", options.prepare.threads, "CPU threads; 0: one for each core")
      ->capture_default_str();
  command.add_flag("--json", options.json, "print the report, with all names, as JSON");
}

void add_prepare(CLI::App& data) {
  auto* const command = data.add_subcommand(
      "prepare",
      "Turn the files of a publisher, or your own, into a data set for `vlsm finetune` and `vlsm "
      "evaluate`: images/, masks/, anns/ with prompts, and report.json, which names what is odd");
  auto const options = std::make_shared<Options>();
  std::vector<std::string> known;
  for (vlsm::SourceFormat const& format : vlsm::source_formats) known.emplace_back(format.name);
  std::string const names = vlsm::strings::joined(known);
  for (char const* own : {"folder", "nifti", "dicom"}) known.emplace_back(own);
  command
      ->add_option("--dataset", options->dataset,
                   names + "; or folder, nifti, dicom (all the same): your own pictures and masks")
      ->check(CLI::IsMember(known))
      ->required();
  command
      ->add_option("source", options->source,
                   "folder that the publisher's archives were unpacked to, or of your own files")
      ->check(not_empty())
      ->required();
  command
      ->add_option("target", options->target,
                   "folder to write: empty, missing, or of an earlier run of the same data set")
      ->check(not_empty())
      ->required();
  options->prompts.add_to(*command);
  command->add_option(
      "--anns", options->prepare.published,
      "folder of the study's published annotation lists: they become the splits, "
      "prompts as they are; not with --split, --attributes, --prompts, --position corrected");
  command->add_option("--split", options->split,
                      "shares of train, val and test, as 80,10,10, instead of the publisher's "
                      "splits; pictures of a patient or sequence, and copies, stay together");
  command->add_option("--seed", options->prepare.seed, "which pictures --split chooses")
      ->check(whole_number())
      ->capture_default_str();
  command->add_flag("--clean", options->prepare.clean,
                    "leave out rows whose picture is in test or val, too, or is there twice");
  command->add_flag("--link", options->prepare.link,
                    "hard links instead of copies of pictures, where the file system has them");
  add_folder_options(*command, *options);
  add_common_options(*command, *options);
  command->callback([command, options] { run_prepare(*command, *options); });
}

void add_check(CLI::App& data) {
  auto* const command = data.add_subcommand(
      "check",
      "Look for defects of a data set, and change nothing: leaks between splits, copies, missing "
      "files, empty or unclear masks");
  auto const options = std::make_shared<Options>();
  command->add_option("folder", options->source, "data set: holds images/, masks/ and anns/")
      ->check(not_empty())
      ->required();
  add_common_options(*command, *options);
  command->callback([options] { run_check(*options); });
}

}  // namespace

void add_data(CLI::App& app) {
  auto* const data = app.add_subcommand(
      "data", "Prepare or check a data set: `vlsm data prepare`, `vlsm data check`");
  data->require_subcommand(1);
  add_prepare(*data);
  add_check(*data);
}

}  // namespace tool
