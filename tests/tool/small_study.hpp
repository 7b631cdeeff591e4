// SPDX-License-Identifier: MIT
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "tool/run_tool.hpp"
#include "vlsm/data/synthetic_dataset.hpp"

namespace vlsm::test {

/// A data set of a few pictures, and commands that train and score on it.
struct Study : TempDir {
  Study() { write_synthetic(*this / "data", {.side = 64}, {.train = 3, .val = 1, .test = 2}, 1); }
  std::string finetune(std::string const& run = "run") const {
    return "finetune --model clipseg-tiny --prompt p2 --batch 5 --threads 1 --data " +
           as_word(*this / "data") + " --out " + as_word(*this / run) + " ";
  }
  std::string evaluate(std::string const& weights) const {
    return "evaluate --model clipseg-tiny --threads 1 --data " + as_word(*this / "data") +
           " --weights " + as_word(*this / weights) + " ";
  }
  std::vector<std::string> log(std::string const& run = "run") const {
    std::vector<std::string> lines;
    std::istringstream in(read_file(*this / (run + "/log.csv")));
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
  std::string file(std::string const& name) const { return read_file(*this / name); }
};

}  // namespace vlsm::test
