// SPDX-License-Identifier: MIT
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "common.hpp"
#include "vlsm/data/formats/study_layout.hpp"
#include "vlsm/data/prepare/prepare.hpp"

namespace tool {

/// Pictures and masks in the study's layout, and whose they are.
struct LayoutChoice {
  std::string dataset, images, masks;

  /// Adds --dataset (with `help`), --images, --masks.
  void add_to(CLI::App& app, std::string const& help) {
    app.add_option("--dataset", dataset, help)->check(not_empty())->required();
    app.add_option("--images", images, "folder of the pictures, with folders below")
        ->check(not_empty())
        ->required();
    app.add_option("--masks", masks, "folder of the masks, with folders below")
        ->check(not_empty())
        ->required();
  }
  /// Throws vlsm::Error.
  vlsm::SourceSet read() const { return vlsm::read_study_layout(images, masks, dataset); }
};

/// How prompts are made.
struct PromptChoice {
  std::string attributes, table, position = "study";

  /// Adds --attributes, --prompts, --position.
  void add_to(CLI::App& app) {
    app.add_option("--attributes", attributes,
                   "JSON file: mask name -> {\"shape\": …, \"color\": …}, as `vlsm attributes` "
                   "writes it; prompt levels that need what is missing are left out");
    app.add_option(
        "--prompts", table,
        "JSON file: a prompt table of your own (docs/prompts.md) instead of the study's");
    app.add_option("--position", position,
                   "rule of the words left, center, right: study (as published, by the height) or "
                   "corrected (by the width)")
        ->check(CLI::IsMember({"study", "corrected"}))
        ->capture_default_str();
  }
  /// Throws vlsm::Error for a table that cannot be read.
  void apply(vlsm::PrepareOptions& options) const {
    options.attributes = attributes;
    if (!table.empty()) options.table = vlsm::read_prompt_table(table);
    options.position =
        position == "study" ? vlsm::PositionRule::study : vlsm::PositionRule::corrected;
  }
};

}  // namespace tool
