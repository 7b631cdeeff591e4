// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>

#include <chrono>
#include <cstdio>
#include <set>

#include "commands.hpp"
#include "common.hpp"
#include "pictures.hpp"
#include "vlsm/image/overlay.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/to_tensor.hpp"
#include "vlsm/image/write.hpp"
#include "vlsm/io/safetensors/safetensors.hpp"
#include "vlsm/segmenter/prepare.hpp"
#include "vlsm/train/batch.hpp"
#include "vlsm/weights/tensor.hpp"

namespace tool {
namespace {

struct Options {
  Common common;
  ModelChoice choice;
  std::vector<std::string> images, prompts;
  std::string out = ".";
  bool overlay = false;
  double threshold = -1;
  std::string logits;
  bool json = false;
};

/// "polyp-9f_one-large-polyp": the picture's name and what a file name can hold of the prompt; a
/// number keeps apart what would fall together.
std::string output_name(std::string const& image, std::string const& prompt,
                        std::set<std::string>& taken) {
  std::string slug;
  for (char c : prompt) {
    bool const plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (plain)
      slug += static_cast<char>(std::tolower(c));
    else if (!slug.empty() && slug.back() != '-')
      slug += '-';
    if (slug.size() >= 48) break;
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  std::string const base =
      std::filesystem::path(image).stem().string() + "_" + (slug.empty() ? "prompt" : slug);
  std::string name = base;
  for (int number = 2; taken.contains(name) || taken.contains(name + "_overlay"); ++number)
    name = base + "-" + std::to_string(number);
  taken.insert({name, name + "_overlay"});
  return name;
}

struct Found {
  long long area = 0;
  nlohmann::ordered_json box =
      nullptr;  ///< [x0, y0, x1, y1], the last ones exclusive; null: nothing found
};

Found measure(vlsm::Mask const& mask) {
  Found found;
  std::size_t x0 = mask.shape(1), y0 = mask.shape(0), x1 = 0, y1 = 0;
  for (std::size_t y = 0; y < mask.shape(0); ++y)
    for (std::size_t x = 0; x < mask.shape(1); ++x)
      if (mask(y, x)) {
        ++found.area;
        x0 = std::min(x0, x), x1 = std::max(x1, x + 1), y0 = std::min(y0, y),
        y1 = std::max(y1, y + 1);
      }
  if (found.area) found.box = {x0, y0, x1, y1};
  return found;
}

/// The line of a person's prompt: what would break it is a space.
std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

/// What a user should know of a picture before its mask.
void tell(std::string const& path, vlsm::Recipe const& recipe) {
  vlsm::PictureHeader const header = vlsm::read_picture_header(path);
  if (vlsm::is_clipped(header))
    notice(path + ": 16 bits of gray, levels above 255 are white, as PIL has them");
  if (header.orientation != 1)
    notice(path + ": its EXIF orientation is not applied, the mask fits the pixels as stored");
  if (recipe.fit == vlsm::Fit::stretch && vlsm::is_long(header))
    notice(path + ": more than twice as long as wide, squeezed to a square");
}

void run(Options& options) {
  using Clock = std::chrono::steady_clock;
  at::Device const device = options.common.apply();
  at::InferenceMode const inference;
  vlsm::RegisteredModel const& info = vlsm::find_model(options.choice.model);
  options.images = find_pictures(options.images);
  options.prompts.insert(options.prompts.end(), plain_words().begin(), plain_words().end());
  if (options.prompts.empty() && info.vocabulary > 0) throw CLI::RequiredError("--prompt");
  if (info.vocabulary == 0) {  // one mask a picture, whatever is said
    if (!options.prompts.empty()) notice(options.choice.model + " reads no prompt");
    options.prompts.resize(std::max<std::size_t>(options.prompts.size(), 1));
  }
  vlsm::Encode const encode = options.choice.encode();
  auto const model = options.choice.open(options.common.seed);
  model->module().to(device);
  vlsm::prepare(*model, {.precision = options.common.computes_in()});
  float const threshold =
      options.threshold < 0 ? info.recipe.threshold : static_cast<float>(options.threshold);
  make_folder(options.out);
  if (!options.logits.empty()) check_can_write(options.logits);

  std::vector<vlsm::TextFeatures> said;  // each sentence is read once, with the first picture
  std::vector<at::Tensor> kept;
  std::set<std::string> taken;
  for (std::filesystem::path const path : options.images) {  // a mask must not replace a picture
    std::error_code ignored;
    if (std::filesystem::equivalent(path.has_parent_path() ? path.parent_path() : ".", options.out,
                                    ignored))
      taken.insert(path.stem().string());
  }
  for (std::string const& path : options.images) {
    auto start = Clock::now();
    vlsm::Image const image = vlsm::read_image(path);
    tell(path, info.recipe);
    vlsm::ImageFeatures const seen =
        model->encode_image(vlsm::prepare_image(image, info.recipe).unsqueeze(0).to(device));
    for (std::size_t p = 0; p < options.prompts.size(); ++p) {
      if (said.size() <= p)
        said.push_back(model->encode_text(
            {vlsm::tokenize({options.prompts[p]}, encode, info.pad_to).ids.to(device)}));
      at::Tensor const logits = model->segment(seen, said[p]).to(at::kCPU, at::kFloat);
      vlsm::Mask const mask = vlsm::restore_mask(at::sigmoid(logits)[0][0], threshold,
                                                 image.shape(0), image.shape(1), info.recipe);
      double const ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
      show_notices();
      std::filesystem::path const base =
          std::filesystem::path(options.out) / output_name(path, options.prompts[p], taken);
      std::string const mask_file = base.string() + ".png";
      vlsm::write_png(mask_file, vlsm::as_image(mask));
      if (options.overlay)
        vlsm::write_png(base.string() + "_overlay.png", vlsm::overlay(image, mask));
      if (!options.logits.empty())
        kept.push_back(vlsm::stretch_map(logits[0][0], image.shape(0), image.shape(1), info.recipe)
                           .unsqueeze(0)
                           .unsqueeze(0));
      Found const found = measure(mask);
      if (options.json)
        print_json({{"image", path},
                    {"prompt", options.prompts[p]},
                    {"mask", mask_file},
                    {"area", found.area},
                    {"bbox", found.box},
                    {"ms", ms}});
      else
        std::printf("%s: \"%s\": %.2f %% of the picture, box %s, %.0f ms, %s\n", path.c_str(),
                    one_line(options.prompts[p]).c_str(),
                    100.0 * static_cast<double>(found.area) / static_cast<double>(mask.size()),
                    found.area ? found.box.dump().c_str() : "none", ms, mask_file.c_str());
      start = Clock::now();
    }
  }
  if (!options.logits.empty())
    vlsm::io::write_safetensors(
        options.logits, {{"logits", vlsm::io::to_array(at::cat(kept).unsqueeze(1).flatten(1, 2))}});
}

}  // namespace

void add_segment(CLI::App& app) {
  auto* const command =
      app.add_subcommand("segment", "Masks of what the prompts name, in the pictures given");
  auto const options = std::make_shared<Options>();
  options->choice.add_to(*command, true);
  command
      ->add_option("--image", options->images,
                   "PNG or JPEG files, folders of them, or patterns ('scans/*.png')")
      ->check(not_empty())
      ->required()
      ->expected(1, -1);
  command
      ->add_option("--prompt", options->prompts,
                   "sentences; every picture is encoded once for all of them. What follows -- at "
                   "the end of the line are prompts, too, leading dashes and all. Models that read "
                   "no prompt need none")
      ->expected(1, -1);
  command->add_option("--out", options->out, "folder for masks (PNG of the picture's size)")
      ->check(not_empty())
      ->capture_default_str();
  command->add_flag("--overlay", options->overlay, "also write the picture with the mask over it");
  command
      ->add_option(
          "--threshold", options->threshold,
          "a pixel belongs to the object above this probability, 0 to 1; default: the model's")
      ->check(number_between(0, 1));
  command->add_option(
      "--logits", options->logits,
      "also write the logits, [images x prompts, 1, S, S] float32 without the border "
      "that cris-original puts around a picture, as safetensors");
  command->add_flag("--json", options->json, "print a JSON line for each picture and prompt");
  options->common.add_to(*command);
  command->callback([options] { run(*options); });
}

}  // namespace tool
