// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <nlohmann/json.hpp>

#include "vlsm/core/error.hpp"
#include "vlsm/io/save.hpp"
#include "vlsm/train/optimizer.hpp"
#include "vlsm/train/schedule.hpp"

namespace vlsm {

/// All that a run needs to go on as if it had never stopped, besides the model's weights.
struct TrainState {
  int epoch = 0;  ///< epochs completed
  Plateau plateau;
  EarlyStop stop;
  double best_dice = -1;
  bool finished = false;
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
          {"finished", s.finished}};
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
}

inline torch::optim::AdamWParamState* moments_of(Optimizer& optimizer,
                                                 at::Tensor const& parameter) {
  auto& states = optimizer.adamw().state();
  auto const found = states.find(parameter.unsafeGetTensorImpl());
  return found == states.end() ? nullptr
                               : static_cast<torch::optim::AdamWParamState*>(found->second.get());
}

}  // namespace detail

/// Writes weights, optimiser moments and `state` as one safetensors file, whole or not at all.
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

/// Puts a saved state back. Throws Error where the file is of another model or no state at all, or
/// holds numbers from which no training goes on.
inline void load_state(std::filesystem::path const& path, torch::nn::Module& model,
                       Optimizer& optimizer, TrainState& state) {
  auto const file = io::read_safetensors(path);
  auto const stored = file.metadata.find("vlsm_train_state");
  if (stored == file.metadata.end())
    throw Error("this file holds no training state", path.string(),
                "resume from the run's last.safetensors");
  std::map<std::string, at::Tensor> tensors;
  for (io::NamedArray const& tensor : file.tensors)
    tensors.emplace(tensor.name, io::to_tensor(tensor.array));
  auto const take = [&](std::string const& name, at::Tensor const& like) {
    auto const found = tensors.find(name);
    if (found == tensors.end() || found->second.sizes() != like.sizes() ||
        found->second.scalar_type() != like.scalar_type())
      throw Error("the training state is of another model", path.string() + ", " + name,
                  "resume with the --model it was trained with");
    if (found->second.is_floating_point() && !found->second.isfinite().all().item<bool>())
      throw Error("the training state holds numbers that are not finite",
                  path.string() + ", " + name,
                  "start the run anew, with a lower learning rate where it diverged");
    return found->second.clone();
  };
  for (auto const& item : model.named_parameters()) {
    at::Tensor const parameter = item.value();
    at::NoGradGuard const no_grad;
    parameter.copy_(take("model." + item.key(), parameter));
    if (!tensors.contains("adamw." + item.key() + ".step")) continue;
    auto moments = std::make_unique<torch::optim::AdamWParamState>();
    moments->step(
        take("adamw." + item.key() + ".step", at::zeros({1}, at::kLong)).item<std::int64_t>());
    moments->exp_avg(take("adamw." + item.key() + ".mean", parameter));
    moments->exp_avg_sq(take("adamw." + item.key() + ".square", parameter));
    optimizer.adamw().state()[parameter.unsafeGetTensorImpl()] = std::move(moments);
  }
  for (auto const& item : model.named_buffers())
    item.value().copy_(take("model." + item.key(), item.value()));
  double rate = 0;
  try {
    detail::from_json(nlohmann::json::parse(stored->second), state, rate);
  } catch (nlohmann::json::exception const&) {
    throw Error("the training state is damaged", path.string(), "start the run anew");
  }
  optimizer.set_learning_rate(rate);
}

}  // namespace vlsm
