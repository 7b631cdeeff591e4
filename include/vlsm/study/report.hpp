// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <vector>

#include "vlsm/report/html.hpp"
#include "vlsm/study/cell.hpp"
#include "vlsm/study/result.hpp"
#include "vlsm/study/tables.hpp"

namespace vlsm::study {

/// A study as one page: its questions with figures and short tables, pictures, published numbers
/// beside its own, and the cells that are missing. `out` is the study's folder, whose figures and
/// logs are read. Everything on the page but pictures and curves stands in `tables`.
report::Report report_of(Config const& config, std::vector<Cell> const& cells,
                         std::vector<CellResult> const& results,
                         std::vector<NamedTable> const& tables, std::filesystem::path const& out);

/// Writes tables/NAME.{csv,md,tex} and report.html of the cells that are finished. Files appear
/// whole; the same cells give the same tables. Throws Error where one cannot be written.
void write_tables(Config const& config, std::vector<Cell> const& cells,
                  std::filesystem::path const& out);

}  // namespace vlsm::study

#ifndef VLSM_COMPILED
#include "vlsm/study/impl/report.hpp"
#endif
