// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>

#include "vlsm/base/error.hpp"
#include "vlsm/base/json.hpp"
#include "vlsm/train/optimizer.hpp"
#include "vlsm/train/schedule.hpp"
#include "vlsm/weights/save.hpp"

namespace vlsm {

/// The part of an epoch that is done; all 0 between two epochs.
struct RunningEpoch {
  std::size_t step = 0;                 ///< steps taken
  std::size_t steps = 0;                ///< of the epoch
  std::size_t pictures = 0, batch = 0;  ///< of the epoch, and of a step; 0: not known
  double loss = 0;                      ///< sums over these steps
  double gradient_norm = 0;
  double seconds = 0;
};

/// All that a run needs to go on as if it had never stopped, besides the model's weights.
struct TrainState {
  int epoch = 0;  ///< epochs completed
  RunningEpoch running = {};
  Plateau plateau;
  EarlyStop stop;
  double best_dice = -1;
  bool finished = false;
  std::uint64_t seed = 0;  ///< of the run
};

namespace detail {

inline nlohmann::json to_json(TrainState const& s, double rate) {
  // JSON has no infinity; a null stands for "nothing seen yet".
  auto const finite = [](double x) {
    return std::isfinite(x) ? nlohmann::json(x) : nlohmann::json(nullptr);
  };
  return {{"epoch", s.epoch},
          {"learning_rate", rate},
          {"plateau_best", finite(s.plateau.best)},
          {"plateau_waited", s.plateau.waited},
          {"stop_best", finite(s.stop.best)},
          {"stop_waited", s.stop.waited},
          {"best_dice", s.best_dice},
          {"finished", s.finished},
          {"seed", s.seed},
          {"step", s.running.step},
          {"steps", s.running.steps},
          {"pictures", s.running.pictures},
          {"batch", s.running.batch},
          {"loss_sum", s.running.loss},
          {"gradient_norm_sum", s.running.gradient_norm},
          {"seconds", s.running.seconds}};
}

inline void from_json(nlohmann::json const& json, TrainState& s, double& rate) {
  auto const number = [&](char const* key, double missing) {
    return json.at(key).is_null() ? missing : json.at(key).get<double>();
  };
  s.epoch = json.at("epoch");
  rate = json.at("learning_rate");
  s.plateau.best = number("plateau_best", s.plateau.best);
  s.plateau.waited = json.at("plateau_waited");
  s.stop.best = number("stop_best", s.stop.best);
  s.stop.waited = json.at("stop_waited");
  s.best_dice = json.at("best_dice");
  s.finished = json.at("finished");
  s.seed = json.value("seed", s.seed);  // older states have none
  s.running = {};
  if (!json.contains("step")) return;  // written between two epochs, before 0.2
  s.running = {.step = json.at("step"),
               .steps = json.at("steps"),
               .pictures = json.value("pictures", std::size_t{0}),  // older states have none
               .batch = json.value("batch", std::size_t{0}),
               .loss = json.at("loss_sum"),
               .gradient_norm = json.at("gradient_norm_sum"),
               .seconds = json.at("seconds")};
}

inline torch::optim::AdamWParamState* moments_of(Optimizer& optimizer,
                                                 at::Tensor const& parameter) {
  auto& states = optimizer.adamw().state();
  auto const found = states.find(parameter.unsafeGetTensorImpl());
  return found == states.end() ? nullptr
                               : static_cast<torch::optim::AdamWParamState*>(found->second.get());
}

}  // namespace detail

/// Throws Error where the run at `path` stopped within an epoch that was not one of so many
/// pictures in batches of `batch`: a picture would be seen twice, or not at all.
inline void check_running(RunningEpoch const& begun, std::size_t pictures, std::size_t batch,
                          std::filesystem::path const& path) {
  auto const text = [](std::size_t count, std::size_t of) {
    return std::to_string(count) + " pictures in batches of " + std::to_string(of);
  };
  bool const known = begun.batch > 0,
             same = known ? begun.pictures == pictures && begun.batch == batch
                          : begun.steps == (pictures - 1) / batch + 1;
  if (begun.step > 0 && !same)
    throw Error(
        "the run stopped within an epoch of " +
            (known ? text(begun.pictures, begun.batch) : std::to_string(begun.steps) + " steps") +
            ", not of " + text(pictures, batch),
        path.string(), "resume with the same pictures and the same batch");
}

/// Writes weights, optimizer moments and `state` as one safetensors file, whole or not at all.
inline void save_state(std::filesystem::path const& path, torch::nn::Module const& model,
                       Optimizer& optimizer, TrainState const& state) {
  std::vector<io::NamedArray> tensors = io::state_of(model, "model.");
  for (auto const& item : model.named_parameters()) {
    auto const* moments = detail::moments_of(optimizer, item.value());
    if (!moments) continue;  // frozen, or without a gradient so far
    tensors.push_back({"adamw." + item.key() + ".mean", io::to_array(moments->exp_avg())});
    tensors.push_back({"adamw." + item.key() + ".square", io::to_array(moments->exp_avg_sq())});
    tensors.push_back(
        {"adamw." + item.key() + ".step", io::to_array(at::tensor({moments->step()}, at::kLong))});
  }
  io::write_safetensors(
      path, tensors,
      {{"vlsm_train_state", detail::to_json(state, optimizer.learning_rate()).dump()}});
}

/// Puts a saved state back, all of it or nothing. Throws Error where the file is of another model,
/// of a run with another seed than `state` has or no state at all, or holds numbers from which no
/// training goes on.
inline void load_state(std::filesystem::path const& path, torch::nn::Module& model,
                       Optimizer& optimizer, TrainState& state) {
  auto const file = io::read_safetensors(path);
  auto const stored = file.metadata.find("vlsm_train_state");
  if (stored == file.metadata.end())
    throw Error("this file holds no training state", path.string(),
                "resume from the run's last.safetensors");
  TrainState read = state;
  double rate = 0;
  try {
    detail::from_json(parse_json(stored->second, path.string(), "start the run anew"), read, rate);
  } catch (nlohmann::json::exception const&) {
    throw Error("the training state is damaged", path.string(), "start the run anew");
  }

  if (read.seed != state.seed)
    throw Error("the run was begun with the seed " + std::to_string(read.seed) + ", not " +
                    std::to_string(state.seed),
                path.string(), "resume with the same seed");

  std::map<std::string, at::Tensor> tensors;
  for (io::NamedArray const& tensor : file.tensors)
    tensors.emplace(tensor.name, io::to_tensor(tensor.array));
  auto const refuse = [&](std::string const& name) {
    throw Error("the training state is of another model", path.string() + ", " + name,
                "resume with the --model it was trained with");
  };
  // A copy on `like`'s device: what is read lies in the file's mapping.
  auto const take = [&](std::string const& name, at::Tensor const& like) {
    auto found = tensors.extract(name);
    if (found.empty() || found.mapped().sizes() != like.sizes() ||
        found.mapped().scalar_type() != like.scalar_type())
      refuse(name);
    if (found.mapped().is_floating_point() && !found.mapped().isfinite().all().item<bool>())
      throw Error("the training state holds numbers that are not finite",
                  path.string() + ", " + name,
                  "start the run anew, with a lower learning rate where it diverged");
    return at::empty_like(like, like.options().requires_grad(false)).copy_(found.mapped());
  };
  std::vector<std::pair<at::Tensor, at::Tensor>> values;
  std::vector<std::pair<void*, std::unique_ptr<torch::optim::AdamWParamState>>> moments;
  for (auto const& item : model.named_parameters()) {
    at::Tensor const parameter = item.value();
    values.emplace_back(parameter, take("model." + item.key(), parameter));
    std::string const adamw = "adamw." + item.key();
    if (!tensors.contains(adamw + ".step")) continue;
    auto of_one = std::make_unique<torch::optim::AdamWParamState>();
    of_one->step(take(adamw + ".step", at::zeros({1}, at::kLong)).item<std::int64_t>());
    of_one->exp_avg(take(adamw + ".mean", parameter));
    of_one->exp_avg_sq(take(adamw + ".square", parameter));
    moments.emplace_back(parameter.unsafeGetTensorImpl(), std::move(of_one));
  }
  for (auto const& item : model.named_buffers())
    values.emplace_back(item.value(), take("model." + item.key(), item.value()));
  if (!tensors.empty()) refuse(tensors.begin()->first);

  at::NoGradGuard const no_grad;
  for (auto& [into, value] : values) into.copy_(value);
  auto& states = optimizer.adamw().state();
  states.clear();
  for (auto& [parameter, of_one] : moments) states[parameter] = std::move(of_one);
  state = read;
  optimizer.set_learning_rate(rate);
}

}  // namespace vlsm
