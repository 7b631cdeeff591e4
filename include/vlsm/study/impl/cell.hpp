// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>

#include "vlsm/base/compiled.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/prompts/perturbation.hpp"
#include "vlsm/study/cell.hpp"
#include "vlsm/study/names.hpp"

namespace vlsm::study {

namespace detail_cells {

inline std::string id_of(Config const& config, Cell const& cell) {
  std::string training = cell.zero_shot() ? "zero" : "fine" + share_text(cell.share);
  std::string id;
  for (std::string const& part : {config.models[cell.model].label, cell.subject, cell.prompt,
                                  training, "s" + std::to_string(cell.seed)})
    id += (id.empty() ? "" : ".") + folder_name(part);
  return id;
}

inline void add_tests(std::vector<Test>& tests, Purpose purpose, Set const& set) {
  for (std::string const& split : set.test_splits)
    tests.push_back({purpose, set.name, split, {}, {}});
}

/// The tests of a cell whose subject is one set.
inline std::vector<Test> tests_of(Config const& config, Set const& own, bool reads_prompts,
                                  bool zero_shot, std::string const& prompt) {
  std::vector<Test> tests;
  bool const perturbed = reads_prompts && prompt != "random";
  // Perturbed scores are compared with those of the prompts as they are.
  if (config.tests.own || zero_shot || (perturbed && !config.tests.perturbations.empty()))
    add_tests(tests, Purpose::own, own);
  if (perturbed)
    for (std::string const& perturbation : config.tests.perturbations) {
      bool const one_by_one = takes_attribute(parse_perturbation(perturbation));
      for (std::string const& attribute :
           one_by_one ? config.tests.attributes : std::vector<std::string>{""})
        for (std::string const& split : own.test_splits)
          tests.push_back({Purpose::perturbed, own.name, split, perturbation, attribute});
    }
  if (zero_shot) return tests;
  for (Set const& other : config.data) {
    bool const named = std::ranges::any_of(config.tests.out_of_distribution, [&](Pair const& pair) {
      return pair.train == own.name && pair.test == other.name;
    });
    if (other.name != own.name && (named || config.tests.every_other_set))
      add_tests(tests, Purpose::out_of_distribution, other);
  }
  return tests;
}

inline std::vector<Test> tests_of(Config const& config, Pool const& pool) {
  std::vector<Test> tests;
  for (Set const& set : config.data) {
    if (std::ranges::count(pool.sets, set.name)) add_tests(tests, Purpose::pooled, set);
    if (std::ranges::count(pool.also_tested_on, set.name))
      add_tests(tests, Purpose::out_of_distribution, set);
  }
  return tests;
}

}  // namespace detail_cells

VLSM_INLINE std::vector<Cell> cells_of(Config const& config,
                                       std::function<bool(Model const&)> const& reads_prompts) {
  std::vector<Cell> cells;
  for (std::size_t m = 0; m < config.models.size(); ++m) {
    bool const reads = reads_prompts(config.models[m]);
    auto const levels_of = [&](std::vector<std::string> const& own) {
      return !reads ? std::vector<std::string>{"none"} : own.empty() ? config.prompts : own;
    };
    auto const add = [&](Cell cell) {
      cell.model = m;
      cell.id = detail_cells::id_of(config, cell);
      cells.push_back(std::move(cell));
    };
    auto const add_trained = [&](Cell const& like) {
      if (config.fine_tuned)
        for (double const share : config.shares)
          for (std::uint64_t const seed : config.seeds) {
            Cell cell = like;
            cell.share = share;
            cell.seed = seed;
            add(std::move(cell));
          }
    };
    for (Set const& set : config.data)
      for (std::string const& prompt : levels_of(set.prompts)) {
        Cell cell{.subject = set.name, .prompt = prompt, .seed = config.seeds.front()};
        if (config.zero_shot && config.models[m].zero_shot) {
          cell.tests = detail_cells::tests_of(config, set, reads, true, prompt);
          add(cell);
        }
        if (!set.trained) continue;
        cell.trained_on = {set.name};
        cell.tests = detail_cells::tests_of(config, set, reads, false, prompt);
        if (!cell.tests.empty()) add_trained(cell);
      }
    for (Pool const& pool : config.pools)
      for (std::string const& prompt : levels_of(pool.prompts)) {
        Cell cell{.subject = pool.name, .trained_on = pool.sets, .prompt = prompt};
        cell.tests = detail_cells::tests_of(config, pool);
        add_trained(cell);
      }
  }
  return cells;
}

VLSM_INLINE Part parse_part(std::string const& text) {
  if (text.empty()) return {};
  std::size_t index = 0, count = 0;
  char const* const end = text.data() + text.size();
  auto const first = std::from_chars(text.data(), end, index);
  bool fits = first.ec == std::errc() && first.ptr != end && *first.ptr == '/';
  if (fits) {
    auto const second = std::from_chars(first.ptr + 1, end, count);
    fits = second.ec == std::errc() && second.ptr == end && index >= 1 && index <= count;
  }
  if (!fits)
    throw Error("this is no part of the cells", "\"" + text + "\"",
                "write K/N with K from 1 to N, as in 2/8");
  return {index - 1, count};
}

}  // namespace vlsm::study
