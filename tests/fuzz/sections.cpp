// SPDX-License-Identifier: MIT
#include <array>
#include <string>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "vlsm/io/torch/state_dict.hpp"

// Where in a checkpoint its state dict is: trees of dicts as an unpickler would give them, built
// from the input, so that every change of it is another tree.
namespace {

using namespace vlsm;
using namespace vlsm::io;

class Tree {
 public:
  explicit Tree(fuzz::Input& input) : input_(input) {
    pickle_.values.emplace_back(PickleNone{});
    storage_ = add(PickleStorage{.type = add(PickleClass{"torch.FloatStorage"}),
                                 .key = add(std::string("0")),
                                 .elements = 6});
    foreign_ = add(PickleObject{.callable = add(PickleClass{"torch._utils._rebuild_qtensor"})});
    pickle_.root = open_.emplace_back(add(PickleDict{}));
  }

  Pickle build() {
    while (!input_.empty()) step(input_.byte());
    return std::move(pickle_);
  }

  std::string name() {
    constexpr std::array<std::string_view, 24> words{"state_dict",
                                                     "model",
                                                     "model_ema",
                                                     "module",
                                                     "net",
                                                     "teacher",
                                                     "student",
                                                     "optimizer",
                                                     "encoder",
                                                     "decoder",
                                                     "conv1.weight",
                                                     "bn1.weight",
                                                     "bn1.running_mean",
                                                     "layer1.0.conv1.weight",
                                                     "layer1.1.bn1.bias",
                                                     "vision.a.weight",
                                                     "decoder.b.weight",
                                                     "visual.conv1.weight",
                                                     "logit_scale",
                                                     "module.conv1.weight",
                                                     "ema.conv1.weight",
                                                     "film_mul.weight",
                                                     "reduces.0.weight",
                                                     ""};
    unsigned const which = input_.byte();
    if (which < 2 * words.size()) return std::string(words[which % words.size()]);
    return std::string(input_.text(which % 16));
  }

 private:
  template <class Value>
  Ref add(Value value) {
    pickle_.values.emplace_back(std::move(value));
    return static_cast<Ref>(pickle_.values.size() - 1);
  }
  void put(Ref key, Ref value) {
    std::get<PickleDict>(pickle_.values[open_.back()]).items.emplace_back(key, value);
  }

  void step(unsigned what) {
    switch (what % 8) {
      case 0:
      case 1:
        return put(add(name()), add(PickleTensor{.storage = storage_}));
      case 2: {
        Ref const inner = add(PickleDict{});
        put(add(name()), inner);
        open_.push_back(inner);
        return;
      }
      case 3:
        if (open_.size() > 1) open_.pop_back();
        return;
      case 4:  // a value that is already there: shared, or itself
        return put(add(name()), input_.word() % static_cast<Ref>(pickle_.values.size()));
      case 5:
        return put(add(name()), foreign_);
      case 6:
        return put(add(std::int64_t{7}), add(PickleTensor{.storage = storage_}));
      default:  // a pickled module
        Ref const state = add(PickleDict{});
        put(add(name()),
            add(PickleObject{.callable = add(PickleClass{"__torch__." + name()}), .state = state}));
        open_.push_back(state);
        put(add(std::string(what & 8 ? "_modules" : "weight")),
            add(PickleTensor{.storage = storage_}));
        return;
    }
  }

  fuzz::Input& input_;
  Pickle pickle_;
  Ref storage_ = 0, foreign_ = 0;
  std::vector<Ref> open_;
};

void check(Pickle const& pickle, StateDict const& state) {
  for (auto const& [name, ref] : state.tensors)
    fuzz::require(pickle.get<PickleTensor>(ref) != nullptr, "a state dict holds tensors");
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::Input input(data, size);
  bool const named = input.byte() % 2 != 0;
  Tree tree(input);
  std::string const wanted = named ? tree.name() : "";
  Pickle const pickle = tree.build();
  fuzz::only_errors([&] { check(pickle, find_state_dict(pickle, "file", wanted)); });
  fuzz::only_errors([&] { check(pickle, flatten_module(pickle, "file")); });
  return 0;
}
