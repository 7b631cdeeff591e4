// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "vlsm/data/folder_dataset.hpp"
#include "vlsm/nn/precision.hpp"
#include "vlsm/segmenter/registry.hpp"
#include "vlsm/weights/open_model.hpp"

namespace tool {

/// Options that most commands share.
struct Common {
  int threads = 0;
  std::string device = "cpu";
  std::string precision = "fp32";
  std::uint64_t seed = 0;
  bool deterministic = false;

  /// Adds --threads, --device, --precision, --seed, --deterministic. `infers`: the command does not
  /// train, so that it may compute in int8.
  void add_to(CLI::App& app, bool infers = false);
  /// Adds --threads, --device, --deterministic.
  void add_machine_to(CLI::App& app);
  /// Sets the threads and returns the device. Throws vlsm::Error where there is none of that kind.
  at::Device apply() const;
  vlsm::Precision computes_in() const { return vlsm::parse_precision(precision); }
};

/// How a data set is read: which, how its masks are meant.
struct DataChoice {
  std::string data, prompt = "p6", mask_value;
  bool allow_empty = false, prompt_given = false;
  std::function<void(std::vector<vlsm::Annotation>&)> rewrite{};  ///< DatasetOptions::rewrite

  /// Adds --data (with `help`), --prompt, --mask-value, --allow-empty.
  void add_to(CLI::App& app, std::string const& help);
  /// A split; what a user should know of it becomes notices.
  std::shared_ptr<vlsm::FolderDataset const> open(std::string const& split,
                                                  vlsm::RegisteredModel const& info) const;
  /// The prompt level that is read: none for a model that reads no prompt, unless one was given.
  std::string level(vlsm::RegisteredModel const& info) const;
};

/// Which model, from where, and which vocabulary its prompts need.
struct ModelChoice {
  std::string model;
  std::string weights = "random";
  std::string decoder_weights;
  std::string weights_key;  ///< which state dict of --weights; empty: the best explained
  std::string decoder_weights_key;
  bool strict = false;    ///< whether tensors that are no part of the model are refused
  std::string tokenizer;  ///< empty: the model's
  std::string vocab;

  /// Adds the options of add_weights_to, --tokenizer and --vocab.
  void add_to(CLI::App& app, bool weights_required);
  /// Adds --model, --weights, --decoder-weights, --weights-key, --decoder-weights-key, --strict.
  void add_weights_to(CLI::App& app, bool weights_required);
  /// The tokenizer of this model: none, bytes, or one with the vocabulary at --vocab or beside the
  /// weights. Throws vlsm::Error, first of all where weights that are to be read are not there or
  /// none at all.
  vlsm::Encode encode(bool reads_weights = true) const;
  /// The model with its weights, and a notice of what was loaded. `partial`: what --weights never
  /// holds may start at random.
  std::unique_ptr<vlsm::AnySegmenter> open(std::uint64_t seed, bool partial = false) const;
  /// What opens the model, without words.
  vlsm::io::WeightsFrom weights_from(std::uint64_t seed, bool partial) const;
  /// The files and folders that are read: no result may take their place.
  std::vector<std::string> files() const;
};

/// The words behind `--` on the command line, which are no options: prompts of `segment`.
std::vector<std::string>& plain_words();

/// A check for options: a number from `low` to `high`. CLI::Range lets NaN pass.
CLI::Validator number_between(double low, double high);

/// A check for options: a number that 64 bits hold, written in digits. CLI11 takes a larger one for
/// the largest.
CLI::Validator whole_number();

/// A check for options: some text. An empty path (of an unset shell variable, say) names nothing.
CLI::Validator not_empty();

/// Remembers a line for stderr ("vlsm: loaded …"), which show_notices prints: an error that comes
/// before the first result stands alone.
void notice(std::string const& line);

/// Prints the notices so far. Commands call it before their first result.
void show_notices();

/// Pushes out what was printed. Throws vlsm::Error where stdout is closed or full.
void flush_results();

/// A line of JSON on stdout; text that is no valid UTF-8 is mended.
void print_json(nlohmann::ordered_json const& json);

/// The files that a path of weights stands for: an index has parts, "random" and "" have none.
std::vector<std::string> files_of(std::string const& weights);

/// Throws vlsm::Error where a file cannot be written there, before the work whose results it is to
/// hold, and where it would take the place of one that the work reads: one of the files, or a
/// picture below one of the folders, `read`.
void check_can_write(std::filesystem::path const& path, std::vector<std::string> const& read = {});

/// Highest memory use of this process so far, in MB (10^6 bytes).
double peak_megabytes();

}  // namespace tool
