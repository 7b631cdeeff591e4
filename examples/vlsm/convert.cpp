// SPDX-License-Identifier: MIT
#include "vlsm/weights/convert.hpp"

#include <cstdio>

#include "commands.hpp"
#include "common.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/io/safetensors/safetensors.hpp"

namespace tool {
namespace {

struct Options {
  ModelChoice choice;
  std::string base, to = "native", out;
};

std::map<std::string, at::Tensor> read(std::string const& path, bool strict,
                                       std::string const& section = "") {
  return vlsm::io::all_native(vlsm::io::open_checkpoint(path, section).tensors, path, strict);
}

void run(Options const& options) {
  if (options.choice.weights == "random")
    throw vlsm::Error("random weights are in no file: there is nothing to convert",
                      "--weights random", "name the checkpoint that is to be converted");
  std::vector<std::string> files = options.choice.files();
  for (std::string const& file : files_of(options.base)) files.push_back(file);
  check_can_write(options.out, files);
  // A file that is not this model's is refused before anything is written.
  options.choice.open(0, /*partial=*/true);
  if (!options.base.empty()) {
    ModelChoice base = options.choice;
    base.weights = options.base, base.decoder_weights = base.weights_key = "";
    base.open(0, /*partial=*/true);
  }
  auto tensors = read(options.choice.weights, options.choice.strict, options.choice.weights_key);
  if (!options.choice.decoder_weights.empty())
    for (auto const& [name, tensor] : read(options.choice.decoder_weights, options.choice.strict))
      if (!name.starts_with("vision.") && !name.starts_with("text.") &&
          !name.starts_with("unused."))
        tensors.insert_or_assign(name, tensor);
  std::size_t filled = 0;
  if (!options.base.empty())
    for (auto const& [name, tensor] : read(options.base, options.choice.strict))
      filled += tensors.emplace(name, tensor).second;

  auto const converted = vlsm::io::to_scheme(tensors, vlsm::io::find_target(options.to).schemes);
  vlsm::io::write_safetensors(options.out, converted.tensors, {{"format", "pt"}});
  std::printf("%s: %zu tensors under the keys of %s", vlsm::detail::one_line(options.out).c_str(),
              converted.tensors.size(), converted.scheme.c_str());
  if (filled)
    std::printf(", %zu of them from %s", filled, vlsm::detail::one_line(options.base).c_str());
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
  command->add_option("--out", options->out, "safetensors file")->check(not_empty())->required();
  command->callback([options] { run(*options); });
}

}  // namespace tool
