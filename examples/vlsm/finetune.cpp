// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdio>
#include <optional>

#include "commands.hpp"
#include "common.hpp"
#include "found_pictures.hpp"
#include "run_folder.hpp"
#include "stop_signal.hpp"
#include "training_log.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/base/file/file_lock.hpp"
#include "vlsm/base/file/files.hpp"
#include "vlsm/base/memory.hpp"
#include "vlsm/data/folder_dataset.hpp"
#include "vlsm/distributed/process_group.hpp"
#include "vlsm/train/feature_cache.hpp"
#include "vlsm/train/freeze.hpp"
#include "vlsm/train/loss_name.hpp"
#include "vlsm/train/run_log.hpp"
#include "vlsm/weights/open_model.hpp"

namespace tool {
namespace {

struct Options {
  Common common;
  ModelChoice choice;
  DataChoice data;
  std::string out, loss = "auto", schedule = "plateau", train = "auto", batch_norms = "learn";
  std::string cache = "memory";
  double cache_memory = 0;  // GB
  bool cache_half = false;
  bool cache_given = false;
  std::vector<std::string> augment;
  vlsm::FitOptions fit;
  std::optional<std::size_t> batch;     // without it the model's own …
  std::optional<double> learning_rate;  // … as is this
  bool resume = false;
};

std::string gigabytes(std::size_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GB", static_cast<double>(bytes) / 1e9);
  return text;
}

/// The cache of what frozen towers write, and a notice of the room that it needs; null where it
/// would keep nothing.
std::shared_ptr<vlsm::FeatureCache> open_cache(Options const& options, vlsm::ModelInfo const& info,
                                               std::size_t train, std::size_t val) {
  if (options.cache == "off") return nullptr;
  bool const in_memory = options.cache == "memory";
  vlsm::FeatureCacheOptions how{.half = options.cache_half};
  how.memory = static_cast<std::size_t>(options.cache_memory * 1e9);
  if (in_memory && how.memory == 0) how.memory = vlsm::usual_cache_memory();
  if (!in_memory) how.folder = options.cache;
  std::size_t const pictures = val + (options.fit.augment.any() ? 0 : train),
                    needed = pictures * vlsm::feature_bytes(info, how.half);
  std::string line = "the features of " + std::to_string(pictures) + " pictures are kept: up to " +
                     gigabytes(needed) + (in_memory ? " in memory" : " in " + options.cache);
  if (options.fit.augment.any()) line += "; augmented pictures are seen anew";
  if (in_memory && needed > how.memory)
    line += ", of which " + gigabytes(how.memory) +
            " may be taken: the others are seen anew each epoch (--cache DIR, --cache-half)";
  notice(line);
  return std::make_shared<vlsm::FeatureCache>(how);
}

/// What the command line leaves to the model: the study's way to train it.
void take_study_defaults(Options& options, vlsm::RegisteredModel const& info) {
  if (options.train == "auto")
    options.train = options.choice.weights != "random" && !info.trains_towers ? "decoder" : "all";
  if (options.loss == "auto") options.loss = info.vocabulary == 0 ? "tuned-dice" : "dice";
  options.fit.batch = options.batch.value_or(info.batch);
  options.fit.optimizer.learning_rate = options.learning_rate.value_or(info.learning_rate);
}

/// What the weights of a run depend on, as its config.json says it.
nlohmann::ordered_json settings_of(Options const& options, vlsm::RegisteredModel const& info,
                                   std::string const& rows, nlohmann::ordered_json const& weights) {
  nlohmann::ordered_json settings{{"model", options.choice.model},
                                  {"data", options.data.data},
                                  {"prompt", options.data.level(info)},
                                  {"mask_value", options.data.mask_value},
                                  {"train", options.train},
                                  {"loss", options.loss},
                                  {"schedule", options.schedule},
                                  {"epochs", options.fit.epochs},
                                  {"batch", options.fit.batch},
                                  {"lr", options.fit.optimizer.learning_rate},
                                  {"weight_decay", options.fit.optimizer.weight_decay},
                                  {"clip", options.fit.optimizer.clip},
                                  {"precision", options.common.precision},
                                  {"seed", options.common.seed},
                                  {"rows", rows}};
  settings.update(weights);
  // A path need not be valid UTF-8, JSON must be.
  settings = nlohmann::ordered_json::parse(
      settings.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  // What is new since a run may have begun stands only where it is asked for.
  if (options.fit.pass > 0) settings["pass"] = options.fit.pass;
  if (options.fit.augment.any()) settings["augment"] = vlsm::names_of(options.fit.augment);
  if (options.cache_half && options.train == "decoder") settings["cache_half"] = true;
  if (options.batch_norms != "learn") settings["batch_norms"] = options.batch_norms;
  if (!options.choice.tokenizer.empty()) settings["tokenizer"] = options.choice.tokenizer;
  return settings;
}

/// Holds the folder of a run. Throws vlsm::Error where another process trains in it.
void take_folder(vlsm::io::FileLock& lock, std::filesystem::path const& out) {
  if (!lock.held()) lock = vlsm::io::FileLock::of_folder(out);
  if (!lock.held())
    throw vlsm::Error("another process trains in this folder", out.string(),
                      "wait for its end, or choose another --out");
}

/// The options of `fit` that are said by name, by the model or by the run.
void complete_fit(Options& options, vlsm::RegisteredModel const& info, vlsm::ProcessGroup& group) {
  vlsm::FitOptions& fit = options.fit;
  fit.loss = vlsm::find_loss(options.loss, info.vocabulary > 0);
  fit.precision = options.common.computes_in();
  fit.batch_norms =
      options.batch_norms == "frozen" ? vlsm::BatchNorms::frozen : vlsm::BatchNorms::learn;
  fit.schedule = options.schedule == "plateau" ? vlsm::Schedule::plateau : vlsm::Schedule::cosine;
  fit.group = &group;
  fit.seed = options.common.seed;
  fit.run = options.out;
  fit.resume = options.resume;
}

/// How a run ended whose last call trained the epochs `history`.
void print_end(Options const& options, std::vector<vlsm::Epoch> const& history) {
  std::string const out = vlsm::one_line(options.out);
  double best = 0;
  int done = 0;
  for (vlsm::Epoch const& epoch : vlsm::read_run_log(options.out)) {
    best = std::max(best, epoch.val_dice);
    done = epoch.epoch;
  }
  if (!history.empty())
    std::printf(
        "%s: %d epochs, last validation Dice %.4f, best of this run %.4f, weights %s\n",
        out.c_str(), history.back().epoch, history.back().val_dice, best,
        vlsm::one_line((std::filesystem::path(options.out) / "best.safetensors").string()).c_str());
  else if (done < options.fit.epochs)
    std::printf(
        "%s: nothing left to do: it stopped after epoch %d, %d epochs without a better validation "
        "Dice (--patience)\n",
        out.c_str(), done, options.fit.early_stop.patience);
  else
    std::printf("%s: nothing left to do\n", out.c_str());
}

void run(Options& options) {
  vlsm::keep_freed_memory();
  at::Device const device = options.common.apply();
  vlsm::ProcessGroup group(vlsm::find_launch(), device);
  vlsm::RegisteredModel const& info = vlsm::find_model(options.choice.model);
  std::filesystem::path const out = options.out, last = out / "last.safetensors";
  bool const goes_on = options.resume && std::filesystem::exists(last);
  nlohmann::json const before = options.resume ? read_run_config(out) : nlohmann::json();

  take_noted(options.choice, before);
  auto const weights = weights_settings(options.choice, before, goes_on);
  if (goes_on) take_vocabulary_alone(options.choice, noted(before, "weights"));
  vlsm::Encode const encode = options.choice.encode(/*reads_weights=*/!goes_on);
  auto const train = options.data.open("train", info), val = options.data.open("val", info);
  if (options.train == "auto" && !noted(before, "train").empty())
    options.train = noted(before, "train");
  take_study_defaults(options, info);
  options.fit.augment = vlsm::augmentation_of(options.augment);
  auto settings = settings_of(options, info, hash_of(*train, *val, /*files=*/false), weights);

  vlsm::io::FileLock lock;  // held to the end of the run
  if (group.is_main()) {    // it is the first one's folder
    settings["files"] = hash_of(*train, *val, /*files=*/true);
    if (std::filesystem::is_directory(out)) take_folder(lock, out);
    if (options.resume) {
      check_resumable(out);
      check_same_run(out, settings);
    } else {
      check_free(out);
    }
  }
  auto const model =
      goes_on ? vlsm::io::open_model(info, {.weights = last.string(), .seed = options.common.seed})
              : options.choice.open(options.common.seed, /*partial=*/true);
  model->module().to(device);
  bool const decoder_only = options.train == "decoder";
  if (decoder_only) vlsm::freeze_encoders(model->module());
  if (group.is_main()) {
    vlsm::io::make_folder(out, "choose another --out");
    take_folder(lock, out);
    if (!options.resume) check_free(out);  // another run may have come and gone meanwhile
    // Where nothing is left to do the run stays what it is.
    if (goes_on && static_cast<int>(vlsm::read_run_log(out).size()) >= options.fit.epochs)
      settings["epochs"] = before.value("epochs", options.fit.epochs);
    vlsm::io::write_whole_file(out / "config.json", settings.dump(1) + "\n");
  }

  complete_fit(options, info, group);
  if (decoder_only)
    options.fit.features = open_cache(options, info, train->size(), val->size());
  else if (options.cache_given || options.cache_half)
    notice("all of the model is trained: --cache keeps nothing (--train decoder)");
  show_notices();
  StopSignal const signal;
  auto const draw = [&](vlsm::RunLog& log, vlsm::Epoch const& epoch) {
    draw_found(log, epoch, *model, val, encode, options.fit);
  };
  std::vector<vlsm::Epoch> history;
  try {
    history = fit_logged(*model, "fine-tune", *train, *val, encode, options.fit, &signal, draw);
  } catch (Stopped const&) {
    group.leave();
    throw;
  }
  if (options.fit.features)
    if (std::string const trouble = options.fit.features->trouble(); !trouble.empty())
      notice("no more features could be kept: " + trouble);
  show_notices();
  if (group.is_main()) print_end(options, history);
}

}  // namespace

void add_finetune(CLI::App& app) {
  auto* const command =
      app.add_subcommand("finetune", "Train a model on a data set, as the study does");
  auto const options = std::make_shared<Options>();
  options->choice.add_to(*command, false);
  options->data.add_to(*command, "folder with images/, masks/, anns/{train,val}.json");
  command
      ->add_option(
          "--out", options->out,
          "folder of the run: best.safetensors, last.safetensors, log.csv, TensorBoard events")
      ->check(not_empty())
      ->required();
  command->add_flag("--resume", options->resume, "go on with the run in --out");
  command
      ->add_option("--train", options->train,
                   "decoder: the encoders stay as they are; all; auto: as in the study, all from "
                   "random weights")
      ->check(CLI::IsMember({"auto", "decoder", "all"}))
      ->capture_default_str();
  command->add_option("--epochs", options->fit.epochs, "most epochs")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command
      ->add_option("--batch", options->batch,
                   "pictures a step, of all processes together (mpirun -np N vlsm finetune ...); "
                   "without it what the study trained the model with (vlsm models --json)")
      ->check(CLI::Range(1, 65536));
  command
      ->add_option(
          "--pass", options->fit.pass,
          "pictures at a time through the model, where a batch (of a process) does not fit "
          "into memory; 0: the batch")
      ->check(CLI::Range(0, 65536))
      ->capture_default_str();
  command
      ->add_option("--batch-norms", options->batch_norms,
                   "learn: of the batch, of all processes together; frozen: their running "
                   "statistics stay")
      ->check(CLI::IsMember({"learn", "frozen"}))
      ->capture_default_str();
  command
      ->add_option("--workers", options->fit.workers,
                   "threads that read pictures ahead; 0: none; -1: half of the cores, 8 at most")
      ->check(CLI::Range(-1, 256))
      ->capture_default_str();
  command
      ->add_option("--augment", options->augment,
                   "random changes of the training's pictures, each of every second: flip, rotate "
                   "(up to 15 degrees), color (contrast and brightness); several by commas")
      ->delimiter(',')
      ->check(CLI::IsMember({"flip", "rotate", "color"}));
  command
      ->add_option("--cache", options->cache,
                   "with --train decoder, keep what the encoders make of each picture, so that "
                   "they run once: in memory, in a folder (which other runs share), or off")
      ->check(not_empty())
      ->capture_default_str()
      ->each([options](std::string const& cache) { options->cache_given = cache != "off"; });
  command
      ->add_option("--cache-memory", options->cache_memory,
                   "most memory for --cache, in GB; 0: half of what is free, none beside a folder")
      ->check(number_between(0, 1e6))
      ->capture_default_str();
  command->add_flag("--cache-half", options->cache_half,
                    "keep float16 in the cache: half of the room");
  command
      ->add_option("--lr", options->learning_rate,
                   "learning rate of AdamW; without it what the study trained the model with")
      ->check(number_between(0, 1e3));
  command
      ->add_option("--weight-decay", options->fit.optimizer.weight_decay, "weight decay of AdamW")
      ->check(number_between(0, 1e3))
      ->capture_default_str();
  command
      ->add_option("--clip", options->fit.optimizer.clip,
                   "largest norm of the gradient; 0: not clipped")
      ->check(number_between(0, 1e9))
      ->capture_default_str();
  command
      ->add_option(
          "--loss", options->loss,
          "dice (what the study's loss was in effect), dice-ce (and cross-entropy of the "
          "logits), dice-ce-of-probabilities (today's MONAI: a second sigmoid), tuned-dice "
          "(Dice of the pictures with an object), dice-focal, tversky; auto: what the study "
          "trained the model with")
      ->check(CLI::IsMember(vlsm::loss_names({"auto"})))
      ->capture_default_str();
  command
      ->add_option(
          "--schedule", options->schedule,
          "plateau (a tenth after more than 5 epochs without gain) or cosine (with warm-up)")
      ->check(CLI::IsMember({"plateau", "cosine"}))
      ->capture_default_str();
  command
      ->add_option("--patience", options->fit.early_stop.patience,
                   "stop after so many epochs without a better validation Dice")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  options->common.add_to(*command);
  command->callback([options] { run(*options); });
}

}  // namespace tool
