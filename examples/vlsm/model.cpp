// SPDX-License-Identifier: MIT
#include "model.hpp"

#include <ATen/ATen.h>
#include <cxxabi.h>

#include <algorithm>

#include "model_list.hpp"
#include "vlsm/base/error.hpp"
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

std::string shapes_of(vlsm::FeatureSpec const& port, int side) {
  std::vector<std::string> shapes;
  for (int i = 0; i < port.count; ++i) {
    int const cells = side / port.stride[i];
    std::string const width = std::to_string(port.width[i]), edge = std::to_string(cells);
    shapes.push_back(port.layout == vlsm::Layout::map
                         ? "[" + width + ", " + edge + ", " + edge + "]"
                         : "[" + std::to_string(port.class_tokens + cells * cells) + ", " + width +
                               "]");
  }
  if (port.count > 1 && std::ranges::all_of(shapes, [&](auto const& s) { return s == shapes[0]; }))
    return std::to_string(port.count) + " x " + shapes[0];
  std::string text;
  for (std::string const& shape : shapes) text += (text.empty() ? "" : ", ") + shape;
  return text;
}

std::string shapes_of(vlsm::TextSpec const& port) {
  std::string text;
  if (port.sentence) text = "[" + std::to_string(port.sentence) + "]";
  if (port.words)
    text += (text.empty() ? "" : ", ") + ("16 x [" + std::to_string(port.words)) + "]";
  return text;
}

std::vector<ModelInfo> const& models() {
  static std::vector<ModelInfo> const list{
      clipseg(),       clipseg_simple(), clipseg_rd16(),    cris(),
      cris_original(), biomedclipseg(),  biomedclipseg_d(), unet(),
      unetpp(),        deeplabv3plus(),  clipseg_small(),   clipseg_tiny()};
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

std::unique_ptr<Model> open_model(ModelInfo const& info, WeightsFrom const& from,
                                  std::vector<std::string>* lines) {
  if (from.weights == "random") {
    at::manual_seed(from.seed);
    return info.make();
  }
  std::unique_ptr<Model> model;
  if (from.partial) {
    at::manual_seed(from.seed);
    model = info.make();
  } else {
    vlsm::WithoutInitialization const weights_follow;
    model = info.make();
  }
  auto const load = [&](std::string const& file, vlsm::io::LoadOptions const& options) {
    auto report = model->load(file, options);
    if (lines != nullptr) lines->push_back(to_line(report));
    return report;
  };
  vlsm::io::LoadOptions first{
      .partial = from.partial, .strict = from.strict, .section = from.weights_key};
  if (!from.decoder_weights.empty()) {
    first.slots = {"vision", "text"};
    load(from.weights, first);
    load(from.decoder_weights, {.slots = {"fusion", "decoder", "head"}, .strict = from.strict});
    return model;
  }
  auto const report = load(from.weights, first);
  if (report.fresh > 0 && info.pretrained_decoder)
    throw vlsm::Error(std::string(info.name) + " starts from another model's decoder", from.weights,
                      "give --decoder-weights (CIDAS/clipseg-rd64-refined)");
  return model;
}

}  // namespace tool
