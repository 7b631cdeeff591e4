// SPDX-License-Identifier: MIT
#include "vlsm/weights/convert.hpp"

#include <cstdio>
#include <filesystem>

#include "commands.hpp"
#include "common.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/io/safetensors/safetensors.hpp"

namespace tool {
namespace {

struct Options {
  ModelChoice choice;
  std::string base, base_key, to = "native", out;
};

std::map<std::string, at::Tensor> read(std::string const& path, bool strict,
                                       std::string const& section) {
  return vlsm::io::all_native(vlsm::io::open_checkpoint(path, section).tensors, path, strict);
}

/// Throws vlsm::Error where weights would lie beside those of a folder that is named as a whole: it
/// would not be told any more which are meant.
void check_beside(Options const& options) {
  for (std::string const& read :
       {options.choice.weights, options.choice.decoder_weights, options.base})
    if (std::error_code ignored; std::filesystem::is_directory(read, ignored) &&
                                 vlsm::io::lies_directly_in(options.out, read))
      throw vlsm::Error("this folder would hold several weights then, and is read as one", read,
                        "choose another folder for --out");
}

/// Throws vlsm::Error where the files are not this model's.
void check_model(ModelChoice const& choice) {
  std::vector<vlsm::io::LoadReport> reports;
  vlsm::io::open_model(vlsm::find_model(choice.model), choice.weights_from(0, /*partial=*/true),
                       &reports);
  for (vlsm::io::LoadReport& report : reports) {
    std::string const lacks = report.fresh_slots;
    report.fresh = 0;  // nothing is drawn into the result
    notice(to_line(report) + (lacks.empty() ? "" : "; not in it: " + lacks));
  }
}

void run(Options const& options) {
  if (options.choice.weights == "random")
    throw vlsm::Error("random weights are in no file: there is nothing to convert",
                      "--weights random", "name the checkpoint that is to be converted");
  std::vector<std::string> files = options.choice.files();
  for (std::string const& file : files_of(options.base)) files.push_back(file);
  check_can_write(options.out, files);
  check_beside(options);
  // A file that is not this model's is refused before anything is written.
  check_model(options.choice);
  if (!options.base.empty()) {
    ModelChoice base = options.choice;
    base.weights = options.base, base.weights_key = options.base_key;
    base.decoder_weights = base.decoder_weights_key = "";
    check_model(base);
  }
  auto tensors = read(options.choice.weights, options.choice.strict, options.choice.weights_key);
  if (!options.choice.decoder_weights.empty())
    for (auto const& [name, tensor] : read(options.choice.decoder_weights, options.choice.strict,
                                           options.choice.decoder_weights_key))
      if (!name.starts_with("vision.") && !name.starts_with("text.") &&
          !name.starts_with("unused."))
        tensors.insert_or_assign(name, tensor);
  std::size_t filled = 0;
  if (!options.base.empty())
    for (auto const& [name, tensor] : read(options.base, options.choice.strict, options.base_key))
      filled += tensors.emplace(name, tensor).second;

  auto const converted = vlsm::io::to_scheme(tensors, vlsm::io::find_target(options.to).schemes);
  vlsm::io::write_safetensors(options.out, converted.tensors, {{"format", "pt"}});
  std::printf("%s: %zu tensors under the keys of %s", vlsm::one_line(options.out).c_str(),
              converted.tensors.size(), converted.scheme.c_str());
  if (filled) std::printf(", %zu of them from %s", filled, vlsm::one_line(options.base).c_str());
  std::printf("\n");
}

}  // namespace

void add_convert(CLI::App& app) {
  auto* const command =
      app.add_subcommand("convert", "The same weights under the keys of another source");
  auto const options = std::make_shared<Options>();
  options->choice.add_weights_to(*command, true);
  std::vector<std::string> names;
  for (vlsm::io::ConversionTarget const& target : vlsm::io::conversion_targets())
    names.emplace_back(target.name);
  command->add_option("--to", options->to, "whose keys: native (ours), hf (Hugging Face), …")
      ->check(CLI::IsMember(names))
      ->capture_default_str();
  command
      ->add_option(
          "--base", options->base,
          "the checkpoint that was fine-tuned: gives what the model does not build (blocks "
          "beyond its deepest tap), so that the result is complete")
      ->check(not_empty());
  command
      ->add_option("--base-key", options->base_key, "which state dict of --base, as --weights-key")
      ->check(not_empty())
      ->needs("--base");
  command->add_option("--out", options->out, "safetensors file")->check(not_empty())->required();
  command->callback([options] { run(*options); });
}

}  // namespace tool
