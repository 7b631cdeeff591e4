// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstdio>

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

/// The weights that a run began from, where the command line names none.
template <class Noted>
void take_noted(ModelChoice& choice, Noted const& noted) {
  if (choice.weights != "random" || noted("weights").empty()) return;
  choice.weights = noted("weights"), choice.weights_key = noted("weights_key");
  if (!choice.decoder_weights.empty()) return;
  choice.decoder_weights = noted("decoder_weights");
  choice.decoder_weights_key = noted("decoder_weights_key");
}

/// A run that goes on reads no weights but its own: of others it takes the vocabulary beside them.
template <class Noted>
void take_vocabulary_alone(ModelChoice& choice, Noted const& noted) {
  std::string const& weights = choice.weights;
  if (weights != "random" && !std::filesystem::exists(weights)) {
    notice(weights + ": not there, and not needed to go on");
    choice.weights = "random";
  } else if (weights != "random" && weights != noted("weights") &&
             !vlsm::io::is_same_file(weights, noted("weights"))) {
    notice("the run goes on from what it has kept: of " + weights +
           " nothing but the vocabulary beside it is read");
  }
}

void run(Options& options) {
  vlsm::keep_freed_memory();
  at::Device const device = options.common.apply();
  vlsm::ProcessGroup group(vlsm::find_launch(), device);
  vlsm::RegisteredModel const& info = vlsm::find_model(options.choice.model);
  std::filesystem::path const out = options.out, config = out / "config.json";
  std::filesystem::path const last = out / "last.safetensors";
  bool const goes_on = options.resume && std::filesystem::exists(last);
  nlohmann::json const before = options.resume ? read_run_config(out) : nlohmann::json();
  auto const noted = [&](char const* key) {
    return before.is_object() && before.contains(key) && before[key].is_string()
               ? before[key].get<std::string>()
               : std::string();
  };
  take_noted(options.choice, noted);
  ModelChoice const begun = options.choice;
  if (goes_on) take_vocabulary_alone(options.choice, noted);
  vlsm::Encode const encode = options.choice.encode(/*reads_weights=*/!goes_on);
  auto const train = options.data.open("train", info), val = options.data.open("val", info);
  if (options.train == "auto" && !noted("train").empty()) options.train = noted("train");
  bool const decoder_only =
      options.train == "decoder" ||
      (options.train == "auto" && options.choice.weights != "random" && !info.trains_towers);

  if (options.loss == "auto") options.loss = info.vocabulary == 0 ? "tuned-dice" : "dice";
  nlohmann::ordered_json settings{{"model", options.choice.model},
                                  {"data", options.data.data},
                                  {"prompt", options.data.level(info)},
                                  {"mask_value", options.data.mask_value},
                                  {"train", decoder_only ? "decoder" : "all"},
                                  {"loss", options.loss},
                                  {"schedule", options.schedule},
                                  {"epochs", options.fit.epochs},
                                  {"batch", options.fit.batch},
                                  {"lr", options.fit.optimizer.learning_rate},
                                  {"weight_decay", options.fit.optimizer.weight_decay},
                                  {"clip", options.fit.optimizer.clip},
                                  {"precision", options.common.precision},
                                  {"seed", options.common.seed}};
  settings["rows"] = rows_of(*train, *val);
  for (auto const& [key, value] : {std::pair{"weights", begun.weights},
                                   {"decoder_weights", begun.decoder_weights},
                                   {"weights_key", begun.weights_key},
                                   {"decoder_weights_key", begun.decoder_weights_key}}) {
    std::string const is = goes_on ? noted(key) : value;  // what has been kept is of no other
    if (!is.empty() && is != "random") settings[key] = is;
  }
  // A path need not be valid UTF-8, JSON must be.
  settings = nlohmann::ordered_json::parse(
      settings.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  // What is new since a run may have begun stands only where it is asked for.
  if (options.fit.pass > 0) settings["pass"] = options.fit.pass;
  options.fit.augment = vlsm::augmentation_of(options.augment);
  if (options.fit.augment.any()) settings["augment"] = vlsm::names_of(options.fit.augment);
  if (options.cache_half && decoder_only) settings["cache_half"] = true;
  if (options.batch_norms != "learn") settings["batch_norms"] = options.batch_norms;
  if (!options.choice.tokenizer.empty()) settings["tokenizer"] = options.choice.tokenizer;
  vlsm::io::FileLock lock;  // held to the end of the run
  auto const take_folder = [&] {
    if (!lock.held()) lock = vlsm::io::FileLock::of_folder(out);
    if (!lock.held())
      throw vlsm::Error("another process trains in this folder", out.string(),
                        "wait for its end, or choose another --out");
  };
  if (group.first() && std::filesystem::is_directory(out)) take_folder();
  if (!group.first()) {
    // It is the first one's folder.
  } else if (options.resume) {
    check_resumable(out);
    check_same_run(out, settings);
  } else {
    check_free(out);
  }
  auto const model =
      goes_on ? vlsm::io::open_model(info, {.weights = last.string(), .seed = options.common.seed})
              : options.choice.open(options.common.seed, /*partial=*/true);
  model->module().to(device);
  if (decoder_only) vlsm::freeze_encoders(model->module());
  if (group.first()) {
    vlsm::io::make_folder(out, "choose another --out");
    take_folder();
    if (!options.resume) check_free(out);  // another run may have come and gone meanwhile
    // Where nothing is left to do the run stays what it is.
    if (goes_on && static_cast<int>(vlsm::read_run_log(out).size()) >= options.fit.epochs)
      settings["epochs"] = before.value("epochs", options.fit.epochs);
    vlsm::io::write_whole_file(config, settings.dump(1) + "\n");
  }

  options.fit.loss = vlsm::find_loss(options.loss, info.vocabulary > 0);
  options.fit.precision = options.common.computes_in();
  options.fit.batch_norms =
      options.batch_norms == "frozen" ? vlsm::BatchNorms::frozen : vlsm::BatchNorms::learn;
  options.fit.group = &group;
  options.fit.schedule =
      options.schedule == "plateau" ? vlsm::Schedule::plateau : vlsm::Schedule::cosine;
  options.fit.threshold = info.recipe.threshold;
  options.fit.seed = options.common.seed;
  options.fit.run = out;
  options.fit.resume = options.resume;
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
  if (!group.first()) return;
  double best = 0;
  int done = 0;
  for (vlsm::Epoch const& epoch : vlsm::read_run_log(out)) {
    best = std::max(best, epoch.val_dice);
    done = epoch.epoch;
  }
  if (history.empty() && done < options.fit.epochs)
    std::printf(
        "%s: nothing left to do: it stopped after epoch %d, %d epochs without a better validation "
        "Dice (--patience)\n",
        vlsm::detail::one_line(options.out).c_str(), done, options.fit.early_stop.patience);
  else if (history.empty())
    std::printf("%s: nothing left to do\n", vlsm::detail::one_line(options.out).c_str());
  else
    std::printf("%s: %d epochs, last validation Dice %.4f, best of this run %.4f, weights %s\n",
                vlsm::detail::one_line(options.out).c_str(), history.back().epoch,
                history.back().val_dice, best,
                vlsm::detail::one_line((out / "best.safetensors").string()).c_str());
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
      ->add_option("--batch", options->fit.batch,
                   "pictures a step, of all processes together (mpirun -np N vlsm finetune ...)")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
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
                   "threads that read pictures ahead; 0: none; -1: half of the cores")
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
  command->add_option("--lr", options->fit.optimizer.learning_rate, "learning rate of AdamW")
      ->check(number_between(0, 1e3))
      ->capture_default_str();
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
