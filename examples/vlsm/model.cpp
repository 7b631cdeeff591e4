// SPDX-License-Identifier: MIT
#include "model.hpp"

#include <ATen/ATen.h>
#include <cxxabi.h>

#include "model_list.hpp"
#include "vlsm/core/error.hpp"
#include "vlsm/nn/module.hpp"

namespace tool {

std::string block_name(char const* mangled) {
  int status = 0;
  std::unique_ptr<char, void (*)(void*)> const readable(
      abi::__cxa_demangle(mangled, nullptr, nullptr, &status), std::free);
  std::string name = status == 0 ? readable.get() : mangled;
  name.erase(std::min(name.find('<'), name.size()));
  return name.substr(name.rfind(':') + 1);
}

std::vector<ModelInfo> const& models() {
  static std::vector<ModelInfo> const list{clipseg(), clipseg_simple(), clipseg_small(),
                                           clipseg_tiny()};
  return list;
}

ModelInfo const& find_model(std::string_view name) {
  std::string names;
  for (ModelInfo const& info : models()) {
    if (info.name == name) return info;
    names += (names.empty() ? "" : ", ") + std::string(info.name);
  }
  throw vlsm::Error("there is no such model", "--model " + std::string(name),
                    "choose one of " + names);
}

std::unique_ptr<Model> open_model(ModelInfo const& info, std::string const& weights,
                                  std::uint64_t seed) {
  if (weights == "random") {
    at::manual_seed(seed);
    return info.make();
  }
  vlsm::WithoutInitialization const weights_follow;
  auto model = info.make();
  model->load(weights);
  return model;
}

}  // namespace tool
