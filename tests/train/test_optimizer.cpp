// SPDX-License-Identifier: MIT
#include "support/doctest.hpp"
#include "vlsm/nn/module.hpp"
#include "vlsm/train/optimizer.hpp"

// The optimizer's steps are those of torch::optim::AdamW, wherever values lie in memory.
namespace {

using namespace vlsm;

/// Parameters of all kinds: of two layouts, of one value, one that no loss reaches, one in float64.
struct Several : Module {
  at::Tensor table = normal("table", {5, 7}, 1);
  at::Tensor last =
      register_parameter("last", at::randn({6, 4, 3, 3}).to(at::MemoryFormat::ChannelsLast));
  at::Tensor one = constant("one", {1}, 0.5);
  at::Tensor alone = normal("alone", {3}, 1);
  at::Tensor wide = register_parameter("wide", at::randn({4}, at::kDouble));

  /// A loss whose gradient for `last` lies as `grad_last` says.
  void backward(std::int64_t step, bool other_layout) {
    at::manual_seed(100 + step);
    for (at::Tensor* parameter : {&table, &last, &one, &wide}) {
      at::Tensor const grad = at::randn(parameter->sizes(), parameter->options());
      bool const turned = parameter == &last && other_layout;
      parameter->mutable_grad() =
          parameter == &last && !turned ? grad.contiguous(at::MemoryFormat::ChannelsLast) : grad;
    }
  }
};

void check_steps(bool other_layout) {
  at::manual_seed(1);
  Several ours;
  at::manual_seed(1);
  Several theirs;
  OptimizerOptions const how{.learning_rate = 1e-2, .weight_decay = 0.1, .clip = 0};
  Optimizer optimizer(ours, how);
  torch::optim::AdamW reference(
      trainable(theirs),
      torch::optim::AdamWOptions(how.learning_rate).weight_decay(how.weight_decay));
  at::Tensor const alone = ours.alone.detach().clone();
  for (int step = 0; step < 20; ++step) {
    if (step == 10) {
      optimizer.set_learning_rate(1e-3);
      static_cast<torch::optim::AdamWOptions&>(reference.param_groups()[0].options()).lr(1e-3);
    }
    ours.backward(step, other_layout && step % 2 == 1), theirs.backward(step, false);
    optimizer.step();
    reference.step();
    auto const a = ours.parameters(), b = theirs.parameters();
    for (std::size_t i = 0; i < a.size(); ++i) {
      CAPTURE(step);
      CAPTURE(i);
      CHECK(at::allclose(a[i], b[i], 1e-5, 1e-6));
    }
  }
  CHECK(ours.alone.equal(alone));  // without a gradient it does not even decay
  CHECK(optimizer.adamw().state().size() == 4);
}

/// A parameter that bfloat16 finds no memory for: all of it is one number here.
struct Huge : Module {
  at::Tensor first = normal("first", {5}, 1);
  at::Tensor huge =
      register_parameter("huge", at::ones({1}).expand({std::int64_t{1} << 50}), false);
};

TEST_CASE("weights that cannot be rounded stay as they were") {
  Huge model;
  at::Tensor const before = model.first.detach().clone();
  CHECK_THROWS_AS([&] { RoundedWeights const rounded(model); }(), c10::Error);
  CHECK((model.first.scalar_type() == at::kFloat));
  CHECK(model.first.equal(before));
}

TEST_CASE("steps are those of torch::optim::AdamW") { check_steps(false); }

TEST_CASE("a gradient that lies otherwise than its parameter moves the right values") {
  check_steps(true);
}

TEST_CASE("moments that torch::optim::AdamW made go on") {
  at::manual_seed(1);
  Several ours;
  at::manual_seed(1);
  Several theirs;
  OptimizerOptions const how{.learning_rate = 1e-2, .weight_decay = 0.1, .clip = 0};
  Optimizer optimizer(ours, how), reference(theirs, how);
  for (int step = 0; step < 8; ++step) {
    ours.backward(step, false), theirs.backward(step, false);
    if (step < 4)
      optimizer.adamw().step();
    else
      optimizer.step();
    reference.adamw().step();
  }
  for (std::size_t i = 0; i < ours.parameters().size(); ++i)
    CHECK(at::allclose(ours.parameters()[i], theirs.parameters()[i], 1e-5, 1e-6));
}

TEST_CASE("a parameter of two names moves once a step") {
  struct Tied : Module {
    std::shared_ptr<Several> first = child<Several>("first"),
                             second = register_module("second", first);
  };
  Tied model;
  CHECK(model.parameters().size() == 2 * model.first->parameters().size());
  Optimizer optimizer(model, {});
  CHECK(optimizer.parameters().size() == model.first->parameters().size());
  optimizer.backward_and_step(model.first->one.sum());
  auto const* moments = static_cast<torch::optim::AdamWParamState*>(
      optimizer.adamw().state().at(model.first->one.unsafeGetTensorImpl()).get());
  CHECK(moments->step() == 1);
}

}  // namespace
