// SPDX-License-Identifier: MIT
#include <cstdio>
#include <fstream>

#include "commands.hpp"
#include "common.hpp"
#include "training_log.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/data/folder_dataset.hpp"
#include "vlsm/train/freeze.hpp"
#include "vlsm/train/loss_name.hpp"

namespace tool {
namespace {

struct Options {
  Common common;
  ModelChoice choice;
  DataChoice data;
  std::string out, loss = "auto", schedule = "plateau", train = "auto";
  vlsm::FitOptions fit;
  bool resume = false;
};

nlohmann::json read_config(std::filesystem::path const& config) {
  std::ifstream in(config);
  return nlohmann::json::parse(in, nullptr, false);
}

/// A new run must not take the place of an older one, nor of a model's own configuration.
void check_free(std::filesystem::path const& out) {
  if (std::filesystem::exists(out / "last.safetensors"))
    throw vlsm::Error("there is a run already", out.string(),
                      "add --resume to go on with it, or choose another --out");
  if (std::filesystem::exists(out / "best.safetensors"))
    throw vlsm::Error("the folder holds the best weights of a run", out.string(),
                      "choose another --out, or move best.safetensors away");
  auto const config = out / "config.json";
  nlohmann::json const before = read_config(config);
  if (std::filesystem::exists(config) &&
      !(before.is_object() && before.contains("prompt") && before.contains("lr")))
    throw vlsm::Error("the folder holds a configuration that is no run's", config.string(),
                      "choose another --out");
}

/// A run is continued only as what it was begun as.
void check_same_run(std::filesystem::path const& config, nlohmann::ordered_json const& now) {
  nlohmann::json const before = read_config(config);
  if (!before.is_object())
    throw vlsm::Error("the run's configuration cannot be read", config.string(),
                      "start a new run with another --out");
  for (auto const& [key, value] : now.items())
    if (key != "epochs" && before.value(key, nlohmann::json()) != nlohmann::json(value))
      throw vlsm::Error("the run was begun with " + key + " = " +
                            before.value(key, nlohmann::json()).dump() + ", not " + value.dump(),
                        config.string(),
                        "resume with the same options, or start a new run with another --out");
}

void run(Options& options) {
  at::Device const device = options.common.apply();
  vlsm::RegisteredModel const& info = vlsm::find_model(options.choice.model);
  vlsm::Encode const encode = options.choice.encode();
  auto const train = options.data.open("train", info), val = options.data.open("val", info);
  std::filesystem::path const out = options.out, last = out / "last.safetensors",
                              config = out / "config.json";
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
  // A path need not be valid UTF-8, JSON must be.
  settings = nlohmann::ordered_json::parse(
      settings.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  if (options.resume) {
    if (!std::filesystem::exists(last))
      throw vlsm::Error("there is no run to resume", last.string(),
                        "leave --resume out to begin one");
    check_same_run(config, settings);
  } else {
    check_free(out);
  }
  auto const model = options.choice.open(options.common.seed, /*partial=*/true);
  model->module().to(device);
  if (decoder_only) vlsm::freeze_encoders(model->module());
  make_folder(out);
  if (!options.resume) vlsm::io::write_whole_file(config, settings.dump(1) + "\n");

  options.fit.loss = vlsm::find_loss(options.loss, info.vocabulary > 0);
  options.fit.precision = options.common.bfloat16() ? vlsm::Precision::bf16 : vlsm::Precision::fp32;
  options.fit.schedule =
      options.schedule == "plateau" ? vlsm::Schedule::plateau : vlsm::Schedule::cosine;
  options.fit.threshold = info.recipe.threshold;
  options.fit.seed = options.common.seed;
  options.fit.run = out;
  options.fit.resume = options.resume;
  show_notices();
  auto const history = fit_logged(*model, "fine-tune", *train, *val, encode, options.fit);
  show_notices();
  double best = 0;
  for (vlsm::Epoch const& epoch : history) best = std::max(best, epoch.val_dice);
  if (history.empty())
    std::printf("%s: nothing left to do\n", options.out.c_str());
  else
    std::printf("%s: %d epochs, last validation Dice %.4f, best of this run %.4f, weights %s\n",
                options.out.c_str(), history.back().epoch, history.back().val_dice, best,
                (out / "best.safetensors").c_str());
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
  command->add_option("--batch", options->fit.batch, "pictures a step")
      ->check(CLI::Range(1, 65536))
      ->capture_default_str();
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
      ->add_option("--schedule", options->schedule,
                   "plateau (a tenth after 5 epochs without gain) or cosine (with warm-up)")
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
