// SPDX-License-Identifier: MIT
#pragma once

#include <c10/core/ScalarType.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/kernels/cpu/dot.hpp"

namespace vlsm {

/// While one lives (in this thread), new modules leave their parameters unset: for models whose
/// weights come from a file, since drawing 150 million random numbers takes longer than mapping it.
/// What a partial load then finds no value for, it draws.
class WithoutInitialization {
 public:
  WithoutInitialization() { ++depth(); }
  ~WithoutInitialization() { --depth(); }
  WithoutInitialization(WithoutInitialization const&) = delete;
  WithoutInitialization& operator=(WithoutInitialization const&) = delete;
  static bool active() { return depth() > 0; }

 private:
  static int& depth() {
    thread_local int value = 0;
    return value;
  }
};

/// The parameters of `module`, each of any shape; one that several parts share is there once.
inline std::vector<at::Tensor> distinct_parameters(torch::nn::Module const& module) {
  std::vector<at::Tensor> list;
  std::set<void const*> met;
  for (at::Tensor const& parameter : module.parameters())
    if (met.insert(parameter.unsafeGetTensorImpl()).second) list.push_back(parameter);
  return list;
}

/// Whether `module` has parameters and none of them takes a gradient.
inline bool is_frozen(torch::nn::Module const& module) {
  std::vector<at::Tensor> const parameters = module.parameters();
  return !parameters.empty() && std::ranges::none_of(parameters, [](at::Tensor const& parameter) {
    return parameter.requires_grad();
  });
}

/// What layers are told that are prepared for inference; see vlsm::prepare.
struct Preparation {
  c10::ScalarType type = c10::ScalarType::Float;  ///< of weights and activations
  bool pack = true;  ///< weights lie as this machine's products read them (on a CPU)
  /// What both factors of a product are rounded to where `type` is float32.
  kernels::cpu::Operand operand = kernels::cpu::Operand::fp32;
};

/// torch::nn::Module whose registrations of children and parameters stand in the default member
/// initializer: a child or parameter that is declared cannot be forgotten.
class Module : public torch::nn::Module {
 public:
  /// Sets training or evaluation, here and below. What is frozen evaluates in a training, too: no
  /// running statistics move there and nothing is dropped.
  void train(bool on = true) override;

  /// Gives this module and those below the form in which they infer fastest: batch norms folded,
  /// weights packed. It happens once and for good; parameters that a packed copy replaces are empty
  /// then.
  void prepare(Preparation const& how) {
    if (!std::exchange(prepared_, true)) make_ready(how);
  }
  bool is_prepared() const { return prepared_; }

  /// Parameters of this module (not of its children) that WithoutInitialization left unset.
  std::vector<std::string> unset_names() const {
    std::vector<std::string> names;
    for (Unset const& one : unset_) names.push_back(one.name);
    return names;
  }

  /// Draws an unset parameter as it would have been drawn, or, where it has got a value, only
  /// remembers that.
  void settle(std::string const& name, bool has_value) {
    for (std::size_t i = 0; i < unset_.size(); ++i) {
      if (unset_[i].name != name) continue;
      if (!has_value) draw(unset_[i], named_parameters(false)[name].detach());
      unset_.erase(unset_.begin() + static_cast<std::ptrdiff_t>(i));
      return;
    }
  }

 protected:
  /// What `prepare` does here: below first, then the parameters and the real buffers of this module
  /// are converted. A layer with a packed form makes that instead.
  virtual void make_ready(Preparation const& how) {
    for (std::shared_ptr<torch::nn::Module> const& part : torch::nn::Module::children()) {
      if (auto* const ours = dynamic_cast<Module*>(part.get()))
        ours->prepare(how);
      else
        part->to(how.type);
    }
    for (at::Tensor& parameter : parameters(/*recurse=*/false))
      parameter.set_data(parameter.to(how.type));
    for (at::Tensor& buffer : buffers(/*recurse=*/false))
      if (buffer.is_floating_point()) buffer.set_data(buffer.to(how.type));
  }

  /// Frees a parameter that a packed copy has replaced.
  static void drop(at::Tensor& parameter) {
    if (parameter.defined()) parameter.set_data(at::empty({0}, parameter.options()));
  }

  /// Makes a child of type `T` and registers it as `name`.
  template <class T, class... Arguments>
  std::shared_ptr<T> child(std::string name, Arguments&&... arguments) {
    return register_module(std::move(name),
                           std::make_shared<T>(std::forward<Arguments>(arguments)...));
  }

  /// Makes `count` children named `name.0`, `name.1`, …, all from the same arguments.
  template <class T, class... Arguments>
  std::vector<std::shared_ptr<T>> children(std::string const& name, int count,
                                           Arguments const&... arguments) {
    return children_of<T>(name, count, [&](int) { return std::make_shared<T>(arguments...); });
  }

  /// The same, where child `i` is what `make(i)` returns.
  template <class T, class Make>
  std::vector<std::shared_ptr<T>> children_of(std::string const& name, int count, Make make) {
    auto list = register_module(name, std::make_shared<Module>());
    std::vector<std::shared_ptr<T>> made;
    for (int i = 0; i < count; ++i)
      made.push_back(list->register_module(std::to_string(i), make(i)));
    return made;
  }

  /// A parameter drawn uniformly from [-bound, bound].
  at::Tensor uniform(std::string name, at::IntArrayRef shape, double bound) {
    return drawn({std::move(name), bound, /*uniform=*/true}, shape);
  }

  /// A parameter drawn from a normal distribution around 0.
  at::Tensor normal(std::string name, at::IntArrayRef shape, double deviation) {
    return drawn({std::move(name), deviation, /*uniform=*/false}, shape);
  }

  /// A parameter of one value.
  at::Tensor constant(std::string name, at::IntArrayRef shape, double value) {
    return register_parameter(std::move(name), at::full(shape, value));
  }

  /// A tensor that belongs to the state but is not learned.
  at::Tensor buffer(std::string name, at::Tensor value) {
    return register_buffer(std::move(name), std::move(value));
  }

 private:
  /// How a parameter is drawn.
  struct Unset {
    std::string name;
    double spread;  ///< the bound, or the deviation
    bool uniform;
  };

  static void draw(Unset const& how, at::Tensor value) {
    if (how.uniform)
      value.uniform_(-how.spread, how.spread);
    else
      value.normal_(0, how.spread);
  }

  at::Tensor drawn(Unset how, at::IntArrayRef shape) {
    at::Tensor const value = at::empty(shape);
    std::string const name = how.name;
    if (WithoutInitialization::active())
      unset_.push_back(std::move(how));
    else
      draw(how, value);
    return register_parameter(name, value);
  }

  std::vector<Unset> unset_;
  bool prepared_ = false;
};

/// Whether `module` was prepared for inference; see Module::prepare.
inline bool is_prepared(torch::nn::Module const& module) {
  auto const* ours = dynamic_cast<Module const*>(&module);
  return ours && ours->is_prepared();
}

/// The same of `module` or of any part of it.
inline bool is_partly_prepared(torch::nn::Module const& module) {
  return is_prepared(module) ||
         std::ranges::any_of(module.modules(/*include_self=*/false),
                             [](auto const& part) { return is_prepared(*part); });
}

/// Throws Error where `module`, or a part of it, was prepared for inference (see Module::prepare):
/// what `what` needs is no longer there.
inline void require_unprepared(torch::nn::Module const& module, char const* what) {
  if (is_partly_prepared(module))
    throw Error("a model that was prepared for inference has no weights of its own any more", what,
                "open it anew");
}

inline void Module::train(bool on) {
  if (on) require_unprepared(*this, "train");
  torch::nn::Module::train(on && !is_frozen(*this));
  if (!is_training()) return;
  // Modules that are LibTorch's own, at any depth, do not look for themselves.
  for (std::shared_ptr<torch::nn::Module> const& part : modules(/*include_self=*/false))
    if (part->is_training() && is_frozen(*part)) part->train(false);
}

/// What is added to a published model to adapt it to a task: no checkpoint of that model holds its
/// parameters, and `train_adapters_only` trains nothing else. Adapters of one's own derive from it.
class Adaptation : public Module {};

}  // namespace vlsm
