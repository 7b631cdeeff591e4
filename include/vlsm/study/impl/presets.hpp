// SPDX-License-Identifier: MIT
#pragma once

#include <system_error>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/data/annotations.hpp"
#include "vlsm/prompts/perturb.hpp"
#include "vlsm/study/names.hpp"
#include "vlsm/study/presets.hpp"

namespace vlsm::study {

namespace detail_presets {

/// A set of the paper, with the levels that its annotations have beside p0.
struct PaperSet {
  char const* name;
  int levels;
  bool trained;
};
inline constexpr PaperSet paper_sets[] = {{"kvasir_polyp", 9, true},   {"clinicdb_polyp", 9, true},
                                          {"bkai_polyp", 9, true},     {"cvc300_polyp", 9, false},
                                          {"colondb_polyp", 9, false}, {"etis_polyp", 9, false},
                                          {"isic", 9, true},           {"dfu", 9, true},
                                          {"camus", 7, true},          {"busi", 6, true},
                                          {"chexlocalize", 6, true}};

inline std::vector<std::string> levels_up_to(int last) {
  std::vector<std::string> levels;
  for (int i = 0; i <= last; ++i) levels.push_back("p" + std::to_string(i));
  return levels;
}

}  // namespace detail_presets

VLSM_INLINE Config smoke_study(std::filesystem::path const& data) {
  Set set{.name = name_of_folder(std::filesystem::absolute(data)),
          .path = std::filesystem::absolute(data)};
  std::error_code ignored;
  std::filesystem::path const lists = set.path / "anns";
  if (std::filesystem::exists(lists / "all.json", ignored) &&
      !std::filesystem::exists(lists / "test.json", ignored))
    throw Error("the data set is not split into train, val and test", lists.string(),
                "prepare it with --split 80,10,10");
  std::vector<Annotation> const rows = read_annotations(lists / "test.json");
  std::vector<std::string> const levels = common_levels(rows);
  Config config{.name = "smoke: " + set.name,
                .models = {{.label = "clipseg-tiny", .model = "clipseg-tiny"},
                           {.label = "unet-small", .model = "unet-small"}},
                .data = {set},
                .training = {.epochs = 10,
                             .batch = 16,
                             .learning_rate = 1e-3,
                             .clip = 1.0,
                             .loss = "dice-ce",
                             .schedule = "cosine"},
                .limits = {.train = 48, .val = 16, .test = 24}};
  if (levels.empty())
    throw Error("the rows have no prompt level in common", (set.path / "anns").string(),
                "give a set with prompts, or a config with models that read none");
  config.prompts = {levels.front()};
  if (levels.size() > 1) config.prompts.push_back(levels.back());
  std::vector<std::string> const attributes =
      perturbable_attributes(rows, levels.back(), {.folder = set.path});
  if (!attributes.empty()) {
    config.tests.perturbations = {"uncommon", "opposite"};
    config.tests.attributes = attributes;
  }
  return config;
}

VLSM_INLINE Config midl2024_study(std::filesystem::path const& data,
                                  std::filesystem::path const& weights) {
  Config config{.name = "MIDL 2024", .zero_shot = true};
  auto const at = [&](char const* name) {
    return std::filesystem::absolute(weights / name).string();
  };
  std::string const clip = at("clipseg-rd64-refined");
  config.models = {
      {.label = "CLIPSeg", .model = "clipseg", .weights = clip},
      {.label = "CRIS", .model = "cris", .weights = at("cris.pt"), .vocabulary = clip},
      {.label = "BiomedCLIPSeg",
       .model = "biomedclipseg",
       .weights = at("biomedclip"),
       .zero_shot = false},
      {.label = "BiomedCLIPSeg-D",
       .model = "biomedclipseg-d",
       .weights = at("biomedclip"),
       .decoder_weights = clip},
      {.label = "UNet", .model = "unet", .weights = at("resnet50.pth"), .zero_shot = false},
      {.label = "UNet++", .model = "unetpp", .weights = at("resnet50.pth"), .zero_shot = false},
      {.label = "DeepLabV3+",
       .model = "deeplabv3plus",
       .weights = at("resnet50.pth"),
       .zero_shot = false}};
  Pool endoscopy{.name = "endoscopy_pooled", .prompts = {"random"}},
      all{.name = "pooled", .prompts = {"random"}};
  for (detail_presets::PaperSet const& paper : detail_presets::paper_sets) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(data / paper.name, ignored)) continue;
    std::string const name = paper.name;
    config.data.push_back({.name = name,
                           .path = std::filesystem::absolute(data / name),
                           .dataset = name,
                           .trained = paper.trained,
                           .prompts = detail_presets::levels_up_to(paper.levels)});
    bool const polyp = name.ends_with("_polyp");
    if (polyp) (paper.trained ? endoscopy.sets : endoscopy.also_tested_on).push_back(name);
    (paper.trained ? all.sets : all.also_tested_on).push_back(name);
  }
  if (config.data.empty())
    throw Error("none of the study's data sets is there", data.string(),
                "make them with `vlsm data prepare --dataset kvasir_polyp SRC " +
                    (data / "kvasir_polyp").string() + "`");
  for (Pool const& pool : {endoscopy, all})
    if (pool.sets.size() > 1) config.pools.push_back(pool);
  std::vector<std::string> const polyps = [&] {
    std::vector<std::string> names;
    for (Set const& set : config.data)
      if (set.name.ends_with("_polyp")) names.push_back(set.name);
    return names;
  }();
  for (std::string const& from : endoscopy.sets)
    for (std::string const& to : polyps)
      if (from != to) config.tests.out_of_distribution.push_back({from, to});
  config.prompts = {"p1"};
  config.tests.perturbations = {"uncommon", "opposite"};
  config.tests.attributes = {"number", "size", "color", "shape", "position"};
  return config;
}

}  // namespace vlsm::study
