// SPDX-License-Identifier: MIT
#include "common.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <sys/resource.h>

#include <cstdio>
#include <set>

#include "processes.hpp"
#include "tokenizer.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/io/weights_files.hpp"
#include "vlsm/train/generators.hpp"
#include "vlsm/weights/model_tokenizer.hpp"
#include "vlsm/weights/open_model.hpp"

namespace tool {

void Common::add_to(CLI::App& app, bool infers) {
  add_machine_to(app);
  std::vector<std::string> precisions{"fp32", "bf16"};
  if (infers) precisions.push_back("int8");
  app.add_option("--precision", precision,
                 infers ? "fp32, or bf16 or int8 (on a CPU) for dense products"
                        : "fp32, or bf16 for dense products")
      ->check(CLI::IsMember(precisions))
      ->capture_default_str();
  app.add_option("--seed", seed, "seed of everything random")
      ->check(whole_number())
      ->capture_default_str();
}

void Common::add_machine_to(CLI::App& app) {
  app.add_option("--threads", threads, "CPU threads; 0: one a core")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--device", device, "cpu or cuda")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
  app.add_flag("--deterministic", deterministic,
               "on a GPU: only algorithms that give the same bits each time, where there are such "
               "(the CPU's do)");
}

at::Device Common::apply() const {
  vlsm::Launch const launch = launch_or_alone();
  if (threads > 0)
    at::set_num_threads(threads);
  else
    divide_cores(launch);
  if (deterministic) vlsm::deterministic();
  if (device == "cpu") return at::kCPU;
  if (!at::hasCUDA())
    throw vlsm::Error("no CUDA device can be used", "--device cuda",
                      "use --device cpu, or build with the preset cuda on a machine that has one");
  return launch.size > 1 ? at::Device(at::kCUDA, static_cast<at::DeviceIndex>(launch.local_rank))
                         : at::Device(at::kCUDA);
}

std::vector<std::string> files_of(std::string const& weights) {
  std::vector<std::string> files;
  if (weights.empty() || weights == "random") return files;
  for (auto const& file : vlsm::io::weights_files(weights)) files.push_back(file.string());
  files.push_back(weights);  // a folder: all that lies in it
  return files;
}

std::vector<std::string> ModelChoice::files() const {
  std::vector<std::string> files = files_of(weights);
  for (std::string const& file : files_of(decoder_weights)) files.push_back(file);
  files.push_back(vocab);
  return files;
}

void ModelChoice::add_weights_to(CLI::App& app, bool weights_required) {
  std::vector<std::string> names;
  for (vlsm::RegisteredModel const& info : vlsm::registered_models()) names.emplace_back(info.name);
  app.add_option("--model", model, "one of `vlsm models`")->required()->check(CLI::IsMember(names));
  auto* const option =
      app.add_option("--weights", weights,
                     "a checkpoint file or a folder as downloaded; random: start fresh")
          ->check(not_empty());
  if (weights_required)
    option->required();
  else
    option->capture_default_str();
  auto* const decoder =
      app.add_option("--decoder-weights", decoder_weights,
                     "a second checkpoint, for all but the vision and the text tower")
          ->check(not_empty());
  app.add_option("--weights-key", weights_key,
                 "which state dict of --weights where it holds several (model_ema, say)")
      ->check(not_empty());
  app.add_option("--decoder-weights-key", decoder_weights_key, "the same for --decoder-weights")
      ->check(not_empty())
      ->needs(decoder);
  app.add_flag("--strict", strict,
               "refuse a checkpoint with tensors that are no part of the model");
}

void ModelChoice::add_to(CLI::App& app, bool weights_required) {
  add_weights_to(app, weights_required);
  app.add_option("--tokenizer", tokenizer,
                 "clip, clip-ftfy (what the study ran), openai, openclip, bert, bert-slow; "
                 "default: the model's")
      ->check(CLI::IsMember(tokenizer_names()));
  app.add_option("--vocab", vocab,
                 "folder with vocab.json and merges.txt, tokenizer.json, the BPE .txt.gz or "
                 "vocab.txt, or one of these files; default: beside the weights");
}

vlsm::Encode ModelChoice::encode(bool reads_weights) const {
  vlsm::RegisteredModel const& info = vlsm::find_model(model);
  for (std::string const& file : {weights, decoder_weights})
    if (reads_weights && !file.empty() && file != "random") vlsm::io::check_weights(file);
  if (info.vocabulary == 0)
    for (auto const& [option, value] : {std::pair{"--vocab ", vocab}, {"--tokenizer ", tokenizer}})
      if (!value.empty())
        notice(model + " reads no prompt: " + option + value + " changes nothing");
  return vlsm::io::open_encode(
      info, {.tokenizer = tokenizer, .vocabulary = vocab, .weights = weights}, notice);
}

vlsm::io::WeightsFrom ModelChoice::weights_from(std::uint64_t seed, bool partial) const {
  return {.weights = weights,
          .decoder_weights = decoder_weights,
          .section = weights_key,
          .decoder_section = decoder_weights_key,
          .strict = strict,
          .partial = partial,
          .seed = seed};
}

std::unique_ptr<vlsm::AnySegmenter> ModelChoice::open(std::uint64_t seed, bool partial) const {
  std::vector<vlsm::io::LoadReport> reports;
  auto opened =
      vlsm::io::open_model(vlsm::find_model(model), weights_from(seed, partial), &reports);
  for (vlsm::io::LoadReport const& report : reports) notice(to_line(report));
  return opened;
}

void DataChoice::add_to(CLI::App& app, std::string const& help) {
  app.add_option("--data", data, help)->check(not_empty())->required();
  auto* const option =
      app.add_option("--prompt", prompt,
                     "prompt level, p0 … p9, or random; models that read no prompt need none")
          ->check(not_empty())
          ->capture_default_str();
  option->each([this](std::string const&) { prompt_given = true; });
  app.add_option("--mask-value", mask_value,
                 "which value of the masks is the object: a gray level or palette index (2), a "
                 "color (0,128,0), or any; default: told from all masks together")
      ->check(not_empty());
  app.add_flag("--allow-empty", allow_empty, "accept a split in which no mask holds an object");
}

std::string DataChoice::level(vlsm::RegisteredModel const& info) const {
  return info.vocabulary == 0 && !prompt_given ? std::string() : prompt;
}

std::shared_ptr<vlsm::FolderDataset const> DataChoice::open(
    std::string const& split, vlsm::RegisteredModel const& info) const {
  vlsm::DatasetOptions options{.mask = {}, .allow_empty = allow_empty, .rewrite = rewrite};
  if (!mask_value.empty()) options.mask = vlsm::parse_mask_choice(mask_value);
  auto opened =
      std::make_shared<vlsm::FolderDataset const>(data, split, level(info), info.recipe, options);
  for (std::string const& line : opened->notices()) notice(data + ", " + split + ": " + line);
  if (info.vocabulary == 0 && prompt_given)
    notice(std::string(info.name) + " reads no prompt: --prompt " + prompt + " changes nothing");
  return opened;
}

CLI::Validator number_between(double low, double high) {
  auto const check = [low, high](std::string const& text) {
    double value = 0;
    bool const fits = CLI::detail::lexical_cast(text, value) && value >= low && value <= high;
    return fits ? std::string()
                : "Value " + text + " not in range " + std::to_string(low) + " to " +
                      std::to_string(high);
  };
  return CLI::Validator(check, "NUMBER");
}

CLI::Validator whole_number() {
  auto const check = [](std::string const& text) {
    bool const fits = vlsm::strings::parse_number<std::uint64_t>(text).has_value();
    return fits ? std::string() : "Value " + text + " is no whole number from 0 to 2^64 - 1";
  };
  return CLI::Validator(check, "UINT");
}

CLI::Validator not_empty() {
  return CLI::Validator(
      [](std::string const& text) {
        return text.empty() ? std::string("an empty text") : std::string();
      },
      "PATH");
}

namespace {

std::vector<std::string>& notices() {
  static std::vector<std::string> lines;
  return lines;
}

}  // namespace

std::vector<std::string>& plain_words() {
  static std::vector<std::string> words;
  return words;
}

void notice(std::string const& line) {
  static std::set<std::string> said;  // once is enough
  if (said.insert(line).second) notices().push_back(line);
}

void show_notices() {
  if (launch_or_alone().rank == 0)  // the others would say the same
    for (std::string const& line : notices())
      std::fprintf(stderr, "vlsm: %s\n", vlsm::one_line(line).c_str());
  notices().clear();
}

void flush_results() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout))
    throw vlsm::Error("the results cannot be written", "standard output",
                      "check what reads it, and the free space");
}

void print_json(nlohmann::ordered_json const& json) {
  std::string const line =
      json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  std::fputs(line.c_str(), stdout);
  flush_results();
}

void check_can_write(std::filesystem::path const& path, std::vector<std::string> const& read) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (fs::is_directory(path, ignored))
    throw vlsm::Error("this is a folder, not a file", path.string(), "name a file in it");
  auto const is_below = [&](fs::path const& folder) {
    fs::path const inner = fs::weakly_canonical(path, ignored)
                               .lexically_relative(fs::weakly_canonical(folder, ignored));
    return !inner.empty() && *inner.begin() != "..";
  };
  for (std::string const& other : read)
    if (vlsm::io::is_same_file(path, other) ||
        (fs::is_directory(other, ignored) && fs::exists(path, ignored) && is_below(other)))
      throw vlsm::Error("this file is read, and would be lost", path.string(),
                        "choose another name to write to");
  vlsm::io::AtomicFile const trial(path);  // removed again
}

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
}

}  // namespace tool
