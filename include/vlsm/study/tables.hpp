// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "vlsm/report/table.hpp"
#include "vlsm/study/result.hpp"

namespace vlsm::study {

/// A table and the name of its files.
struct NamedTable {
  std::string name;
  report::Table table;
};

/// The study's tables, in this order: prompts, pretraining, perturbation, ood, pooled, models
/// (paired tests between them), classes. One without rows has its headers. They hold no times and
/// no paths: the same cells give the same tables, in whatever order they were run.
///
/// Scores are per row (a mask), averaged over seeds; means over rows; intervals are 95 % percentile
/// bootstraps over rows (10,000 resamples), p values Wilcoxon's signed-rank test over rows with
/// Holm's correction within a table's rows of one data set. Where a picture has several masks they
/// are taken for independent. Dice and IoU are from 0 to 1, HD95 in pixels over the images where it
/// exists; `published_dice` is printed in percent, here from 0 to 1.
std::vector<NamedTable> tables_of(std::vector<CellResult> const& results);

}  // namespace vlsm::study

#ifndef VLSM_COMPILED
#include "vlsm/study/impl/tables.hpp"
#endif
