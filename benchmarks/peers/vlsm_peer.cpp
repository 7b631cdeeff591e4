// SPDX-License-Identifier: MIT
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "benchmarks/support/peak.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/memory.hpp"
#include "vlsm/models/biomedclipseg.hpp"
#include "vlsm/models/clipseg.hpp"
#include "vlsm/models/cris.hpp"
#include "vlsm/models/deeplabv3plus.hpp"
#include "vlsm/models/unet.hpp"
#include "vlsm/segmenter/prepare.hpp"
#include "vlsm/segmenter/registry.hpp"
#include "vlsm/train/freeze.hpp"
#include "vlsm/train/logits_of.hpp"
#include "vlsm/train/loss.hpp"
#include "vlsm/train/optimizer.hpp"
#include "vlsm/version.hpp"
#include "vlsm/weights/load.hpp"

// This library as one of the engines that drive.py times beside each other. Requests come on
// standard input, a line each, and each is answered by a line that begins with "ok" or "error". The
// program itself begins with "ok VERSION".
//   threads COUNT
//   load MODEL PRECISION FOLDER        FOLDER/weights.safetensors, PRECISION fp32 or bf16
//   input BATCH SIDE TOKENS FOLDER     FOLDER/pixels.bin (float32) and FOLDER/ids.bin (int64)
//   run TIMES                          -> ok milliseconds of each
//   write FILE                         the logits of the last run, float32
//   train MODEL PRECISION FOLDER       instead of load: frozen encoders, AdamW over the rest
//   masks FOLDER                       FOLDER/masks.bin (float32), of the last input's pictures
//   step TIMES                         -> ok loss and milliseconds of the processor, of each
//   peaks                              -> ok fp32 bf16 int8 triad, 10^9 a second
// It sleeps between requests: no thread of it runs while another engine is timed.
namespace vlsm::bench {
namespace {

VLSM_REGISTER_MODEL("clipseg", ClipSeg);
VLSM_REGISTER_MODEL("cris", Cris);
VLSM_REGISTER_MODEL("biomedclipseg", BiomedClipSeg);
VLSM_REGISTER_MODEL("unet", Unet);
VLSM_REGISTER_MODEL("unetpp", UnetPlusPlus);
VLSM_REGISTER_MODEL("deeplabv3plus", DeepLabV3Plus);

class Peer {
 public:
  void load(std::string const& name, std::string const& precision, std::string const& folder) {
    auto model = open(name, precision, folder);
    prepare(*model, {.precision = precision_});
    model_ = std::move(model);
  }

  void train(std::string const& name, std::string const& precision, std::string const& folder) {
    if (precision == "int8")
      throw Error("there is no such precision", precision, "train in fp32 or bf16");
    model_ = open(name, precision, folder);
    training_.emplace(*model_, precision_);
  }

  void input(std::int64_t batch, std::int64_t side, std::int64_t tokens,
             std::string const& folder) {
    pixels_ = read_values(folder + "/pixels.bin", {batch, 3, side, side}, at::kFloat);
    ids_ = {tokens > 0 ? read_values(folder + "/ids.bin", {batch, tokens}, at::kLong)
                       : at::Tensor()};
    masks_ = at::Tensor();
  }

  void masks(std::string const& folder) {
    if (!pixels_.defined()) throw Error("there are no pictures", "masks", "give an input first");
    std::vector<std::int64_t> shape = pixels_.sizes().vec();
    shape[1] = 1;
    masks_ = read_values(folder + "/masks.bin", shape, at::kFloat);
  }

  /// Loss and processor milliseconds of each of `times` steps, all on the same batch.
  std::vector<double> step(int times) {
    if (!training_ || !ids_.ids.defined() || !masks_.defined())
      throw Error("there is nothing to train", "step", "train a model, with input and masks first");
    Batch batch;
    batch.image = pixels_;
    batch.mask = masks_;
    for (at::Tensor const& row : ids_.ids.unbind())
      batch.ids.emplace_back(row.const_data_ptr<std::int64_t>(),
                             row.const_data_ptr<std::int64_t>() + row.numel());
    std::vector<double> said;
    for (int i = 0; i < times; ++i) {
      std::clock_t const begin = std::clock();
      said.push_back(training_->step(*model_, batch));
      said.push_back(1e3 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
    }
    return said;
  }

  /// Milliseconds of each of `times` inferences.
  std::vector<double> run(int times) {
    if (!model_ || !pixels_.defined())
      throw Error("there is nothing to run", "run", "load a model and its input first");
    std::vector<double> took;
    for (int i = 0; i < times; ++i) {
      auto const begin = std::chrono::steady_clock::now();
      infer();
      took.push_back(
          std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
              .count());
    }
    return took;
  }

  void write(std::string const& path) const {
    if (!logits_.defined()) throw Error("there are no logits", path, "run first");
    at::Tensor const values = logits_.to(at::kFloat).contiguous();
    std::ofstream out(path, std::ios::binary);
    out.write(static_cast<char const*>(values.const_data_ptr()),
              static_cast<std::streamsize>(values.nbytes()));
    if (!out.flush()) throw Error("the logits could not be written", path, "is the disk full?");
  }

 private:
  /// A training as `fit` does it, without what loads and keeps.
  struct Training {
    Training(AnySegmenter& model, Precision computes_in)
        : precision(computes_in),
          optimizer((freeze_encoders(model.module()), model.module().train(), model.module()), {}),
          towers(model, precision, nullptr) {
      if (precision == Precision::bf16) rounded.emplace(model.module());
    }

    double step(AnySegmenter const& model, Batch const& batch) {
      at::AutoGradMode const with_gradients(true);
      at::Tensor const loss = segmentation_loss(logits_of(model, towers, batch, precision),
                                                batch.mask, SegmentationLoss::dice_ce);
      double const value = loss.item<double>();
      optimizer.backward_and_step(loss, rounded ? &*rounded : nullptr);
      return value;
    }

    Precision precision;
    Optimizer optimizer;
    FrozenTowers towers;
    std::optional<RoundedWeights> rounded;
  };

  std::unique_ptr<AnySegmenter> open(std::string const& name, std::string const& precision,
                                     std::string const& folder) {
    Precision const asked = parse_precision(precision);
    logits_ = at::Tensor();
    training_.reset();
    model_ = nullptr;  // what cannot be loaded must not run, nor the model before it
    precision_ = asked;
    WithoutInitialization const unset;  // every value comes from the file
    std::unique_ptr<AnySegmenter> model = find_model(name).make();
    io::load(*model, folder + "/weights.safetensors");
    return model;
  }

  /// One inference, from pictures and token ids to logits: what is timed.
  void infer() { logits_ = model_->forward(pixels_, ids_); }

  static at::Tensor read_values(std::string const& path, at::IntArrayRef shape,
                                at::ScalarType type) {
    at::Tensor const values = at::empty(shape, type);
    std::ifstream in(path, std::ios::binary);
    in.read(static_cast<char*>(values.mutable_data_ptr()),
            static_cast<std::streamsize>(values.nbytes()));
    if (!in || in.peek() != std::ifstream::traits_type::eof())
      throw Error("the file does not hold " + shape_text(shape), path, "make it again");
    return values;
  }

  Precision precision_ = Precision::fp32;
  std::unique_ptr<AnySegmenter> model_;
  std::optional<Training> training_;
  at::Tensor pixels_, masks_, logits_;
  Tokens ids_;
};

/// Does what a line asks for; returns what is answered behind "ok".
std::string answer(Peer& peer, std::string const& line) {
  std::istringstream words(line);
  std::ostringstream said;
  std::string what, name, precision, folder;
  std::int64_t batch = 0, side = 0, tokens = 0;
  int count = 0;
  words >> what;
  if (what == "threads" && words >> count && count > 0) {
    at::set_num_threads(count);
  } else if (what == "load" && words >> name >> precision >> folder) {
    peer.load(name, precision, folder);
    said << precision;
  } else if (what == "input" && words >> batch >> side >> tokens >> folder) {
    peer.input(batch, side, tokens, folder);
  } else if (what == "run" && words >> count) {
    for (double const took : peer.run(count)) said << took << ' ';
  } else if (what == "write" && words >> folder) {
    peer.write(folder);
  } else if (what == "train" && words >> name >> precision >> folder) {
    peer.train(name, precision, folder);
    said << precision;
  } else if (what == "masks" && words >> folder) {
    peer.masks(folder);
  } else if (what == "step" && words >> count) {
    said.precision(9);
    for (double const value : peer.step(count)) said << value << ' ';
  } else if (what == "peaks") {
    CpuPeaks const peaks = cpu_peaks();
    said << giga(peaks.fp32) << ' ' << giga(peaks.bf16) << ' ' << giga(peaks.int8) << ' '
         << giga(peaks.triad);
  } else {
    throw Error("the request is not understood", line, "see vlsm_peer.cpp");
  }
  return said.str();
}

}  // namespace
}  // namespace vlsm::bench

int main() {
  at::NoGradGuard const no_grad;
  vlsm::keep_freed_memory();  // as `vlsm segment`
  vlsm::bench::Peer peer;
  std::cout << "ok " << VLSM_VERSION << std::endl;
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    try {
      // The whole answer first: an error must not follow an "ok".
      std::string const said = vlsm::bench::answer(peer, line);
      std::cout << "ok " << said << std::endl;
    } catch (std::exception const& error) {
      std::string what = error.what();
      std::cout << "error " << what.substr(0, what.find('\n')) << std::endl;
    }
  }
  return 0;
}
