// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>

#include <chrono>
#include <cstdio>
#include <set>

#include "beside.hpp"
#include "commands.hpp"
#include "common.hpp"
#include "found_mask.hpp"
#include "pictures.hpp"
#include "stop_signal.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/base/memory.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/to_tensor.hpp"
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

/// A picture and what the model sees of it.
struct Seen {
  std::shared_ptr<vlsm::Image const> image;
  vlsm::PictureHeader header;
  at::Tensor pixels;  // [1, 3, S, S]
};

Seen look_at(std::string const& path, vlsm::Recipe const& recipe) {
  auto const image = std::make_shared<vlsm::Image const>(vlsm::read_image(path));
  return {image, vlsm::read_picture_header(path), vlsm::prepare_image(*image, recipe).unsqueeze(0)};
}

/// Whether the work is as much as so many whole passes of the model.
bool worth(double passes, vlsm::ModelInfo const& info, std::size_t images, std::size_t prompts) {
  double const picture = info.slots[0].gflop,
               mask = info.slots[2].gflop + info.slots[3].gflop + info.slots[4].gflop;
  return static_cast<double>(images) * (picture + static_cast<double>(prompts) * mask) >=
         passes * (picture + mask);
}

/// What the sentences say, each read by itself.
std::vector<vlsm::TextFeatures> read_sentences(vlsm::AnySegmenter const& model,
                                               std::vector<std::string> const& prompts,
                                               vlsm::Encode const& encode, at::Device device) {
  std::vector<vlsm::TextFeatures> said;
  for (std::string const& prompt : prompts)
    said.push_back(
        model.encode_text({vlsm::tokenize({prompt}, encode, model.info.pad_to).ids.to(device)}));
  return said;
}

/// Frees the weights of the text tower, which has read all that it will, and leaves it out of what
/// is prepared.
void let_text_go(torch::nn::Module& model) {
  for (auto const& part : model.named_children()) {
    if (part.key() != "text") continue;
    for (at::Tensor& parameter : part.value()->parameters())
      parameter.set_data(at::empty({0}, parameter.options()));
    model.unregister_module("text");
    return;
  }
}

/// What a user should know of a picture before its mask.
void tell(std::string const& path, vlsm::PictureHeader const& header, vlsm::Recipe const& recipe) {
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
  if (info.vocabulary == 0) {
    if (!options.prompts.empty())
      notice(options.choice.model + " reads no prompt: one mask a picture, whatever is said");
    options.prompts.resize(1);
  }
  vlsm::Encode const encode = options.choice.encode();
  auto const model = options.choice.open(options.common.seed);
  model->module().to(device);
  float const threshold =
      options.threshold < 0 ? info.recipe.threshold : static_cast<float>(options.threshold);
  vlsm::io::make_folder(options.out, "choose another --out");
  if (!options.logits.empty()) {
    std::vector<std::string> read = options.choice.files();
    read.insert(read.end(), options.images.begin(), options.images.end());
    check_can_write(options.logits, read);
  }

  // The sentences first: then the text tower need not be in memory beside what pictures go through.
  vlsm::Precision const precision = options.common.computes_in();
  std::vector<vlsm::TextFeatures> const said =
      read_sentences(*model, options.prompts, encode, device);
  let_text_go(model->module());
  // On a CPU, packing weights takes as long as it saves in about three passes.
  if (!device.is_cpu() || precision != vlsm::Precision::fp32 ||
      worth(3, info, options.images.size(), options.prompts.size()))
    vlsm::prepare(*model, {.precision = precision});
  vlsm::keep_freed_memory();

  std::vector<at::Tensor> kept;
  std::set<std::string> taken;
  // Masks of an earlier run give way to new ones, unless they are what is read now; no mask takes
  // the name of the logits.
  std::vector<std::string> others = options.images;
  if (options.logits.ends_with(".png")) others.push_back(options.logits);
  for (std::filesystem::path const path : others)
    if (vlsm::io::lies_directly_in(path, options.out)) taken.insert(path.stem().string());
  // While the model computes, the next pictures are decoded and the last masks encoded. Results
  // and failures come in the order of the pictures all the same.
  StopSignal const signal;
  constexpr std::size_t at_once = 2;
  Ahead<Seen> pictures(options.images.size(), at_once,
                       [&](std::size_t i) { return look_at(options.images[i], info.recipe); });
  Behind masks(at_once);
  auto const segment = [&](std::string const& path) {
    auto start = Clock::now();
    Seen const seen = pictures.next();
    vlsm::Image const& image = *seen.image;
    tell(path, seen.header, info.recipe);
    vlsm::ImageFeatures const features = model->encode_image(seen.pixels.to(device));
    for (std::size_t p = 0; p < options.prompts.size(); ++p) {
      if (signal.came())
        throw Stopped(signal.came(), path + "; masks of what stands before it are written");
      at::Tensor const logits = model->segment(features, said[p]).to(at::kCPU, at::kFloat);
      vlsm::check_logits(logits, path);
      vlsm::Mask mask = vlsm::restore_mask(at::sigmoid(logits)[0][0], threshold, image.shape(0),
                                           image.shape(1), info.recipe);
      if (!options.logits.empty())
        kept.push_back(vlsm::stretch_map(logits[0][0], image.shape(0), image.shape(1), info.recipe)
                           .unsqueeze(0)
                           .unsqueeze(0));
      double const ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
      show_notices();
      auto const result = std::make_shared<FoundMask const>(
          FoundMask{path, options.prompts[p],
                    std::filesystem::path(options.out) /
                        output_name(path, options.prompts[p], options.out, taken),
                    std::move(mask), options.overlay ? seen.image : nullptr, ms});
      masks.add([result, json = options.json] { deliver(*result, json); });
      start = Clock::now();
    }
  };
  try {
    for (std::string const& path : options.images) segment(path);
  } catch (...) {
    masks.finish();  // throws where an earlier mask could not be written
    throw;
  }
  masks.finish();
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
      ->add_option(
          "--image", options->images,
          "PNG, JPEG or TIFF files, folders of them, or patterns ('scans/*.png'); hidden files, "
          "and masks of an earlier run, are read only where they are named")
      ->check(not_empty())
      ->required()
      ->expected(1, -1);
  command
      ->add_option("--prompt", options->prompts,
                   "sentences; every picture is encoded once for all of them. What follows -- at "
                   "the end of the line are prompts, too, leading dashes and all. Models that read "
                   "no prompt need none")
      ->expected(1, -1);
  command
      ->add_option(
          "--out", options->out,
          "folder for masks (PNG of the picture's size); they replace masks of an earlier run and "
          "no other file: where one has the name, they get a number")
      ->check(not_empty())
      ->capture_default_str();
  command->add_flag("--overlay", options->overlay, "also write the picture with the mask over it");
  command
      ->add_option(
          "--threshold", options->threshold,
          "a pixel belongs to the object above this probability, 0 to 1; default: the model's")
      ->check(number_between(0, 1));
  command
      ->add_option("--logits", options->logits,
                   "also write the logits, [images x prompts, 1, S, S] float32 without the border "
                   "that cris-original puts around a picture, as safetensors")
      ->check(not_empty());
  command->add_flag(
      "--json", options->json,
      "print a JSON line for each picture and prompt: its mask, the area in pixels and the "
      "bbox [x0, y0, x1, y1], the last two exclusive");
  options->common.add_to(*command, /*infers=*/true);
  command->callback([options] { run(*options); });
}

}  // namespace tool
