// SPDX-License-Identifier: MIT
#pragma once

#include <torch/nn/module.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vlsm {

/// While one lives (in this thread), new modules leave their parameters unset: for models whose
/// weights come from a file, since drawing 150 million random numbers takes longer than mapping it.
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

/// Whether `module` has parameters and none of them takes a gradient.
inline bool is_frozen(torch::nn::Module const& module) {
  std::vector<at::Tensor> const parameters = module.parameters();
  return !parameters.empty() && std::ranges::none_of(parameters, [](at::Tensor const& parameter) {
    return parameter.requires_grad();
  });
}

/// torch::nn::Module with the two registrations every block needs, made to stand in the default
/// member initialiser: a child or parameter that is declared cannot be forgotten.
class Module : public torch::nn::Module {
 public:
  /// Sets training or evaluation, here and below. What is frozen evaluates in a training, too: no
  /// running statistics move there and nothing is dropped.
  void train(bool on = true) override {
    torch::nn::Module::train(on && !is_frozen(*this));
    if (!is_training()) return;
    // Modules that are LibTorch's own, at any depth, do not look for themselves.
    for (std::shared_ptr<torch::nn::Module> const& part : modules(/*include_self=*/false))
      if (part->is_training() && is_frozen(*part)) part->train(false);
  }

 protected:
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
    at::Tensor value = at::empty(shape);
    if (!WithoutInitialization::active()) value.uniform_(-bound, bound);
    return register_parameter(std::move(name), value);
  }

  /// A parameter drawn from a normal distribution around 0.
  at::Tensor normal(std::string name, at::IntArrayRef shape, double deviation) {
    at::Tensor value = at::empty(shape);
    if (!WithoutInitialization::active()) value.normal_(0, deviation);
    return register_parameter(std::move(name), value);
  }

  /// A parameter of one value.
  at::Tensor constant(std::string name, at::IntArrayRef shape, double value) {
    return register_parameter(std::move(name), at::full(shape, value));
  }

  /// A tensor that belongs to the state but is not learned.
  at::Tensor buffer(std::string name, at::Tensor value) {
    return register_buffer(std::move(name), std::move(value));
  }
};

}  // namespace vlsm
