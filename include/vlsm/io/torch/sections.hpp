// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/bytes.hpp"
#include "vlsm/io/torch/pickle/pickle.hpp"
#include "vlsm/keys/recognize.hpp"

// Where in a checkpoint its state dict is: training scripts put it anywhere.
namespace vlsm::io {

/// A dict of tensors in a pickle, or several beside each other that are one model's parts.
struct Section {
  std::string path;  ///< the keys that lead to it, with dots; empty: the root
  std::vector<std::pair<std::string, PickleDict const*>> parts;  ///< what its keys begin with
  std::vector<std::string> keys;
  std::size_t known = 0;      ///< keys that the best scheme explains
  std::string_view scheme{};  ///< the name of that scheme
};

namespace detail {

/// The kind of a pickled tensor that is not read here (quantized, sparse), by the function with
/// which torch would rebuild it; empty for other values.
inline std::string_view foreign_tensor(Pickle const& pickle, Ref ref) {
  auto const* object = pickle.get<PickleObject>(ref);
  auto const* name = object != nullptr ? pickle.get<PickleClass>(object->callable) : nullptr;
  if (name == nullptr) return {};
  for (std::string_view start : {"torch._utils._rebuild_", "torch._tensor._rebuild_"})
    if (name->name.starts_with(start)) return std::string_view(name->name).substr(start.size());
  return {};
}

inline bool is_tensor(Pickle const& pickle, Ref ref) {
  return pickle.get<PickleTensor>(ref) != nullptr || !foreign_tensor(pickle, ref).empty();
}

/// The dicts of tensors below `root`, found through keys that are text: an optimizer's state has
/// numbers for keys, an average may be a list. Outer ones come first; each dict is visited once.
class SectionFinder {
 public:
  explicit SectionFinder(Pickle const& pickle) : pickle_(pickle) {}

  std::vector<Section> run(PickleDict const& root) {
    std::vector<std::pair<std::string, PickleDict const*>> level{{"", &root}}, next;
    constexpr int deepest = 8;
    for (int depth = 0; depth < deepest && !level.empty(); ++depth, level = std::move(next)) {
      next.clear();
      for (auto const& [path, dict] : level) visit(path, *dict, next);
    }
    return std::move(found_);
  }

 private:
  using Level = std::vector<std::pair<std::string, PickleDict const*>>;

  void visit(std::string const& path, PickleDict const& dict, Level& next) {
    constexpr std::size_t longest = 1024;
    if (!seen_.insert(&dict).second || path.size() > longest) return;
    if (auto keys = keys_of(dict); !keys.empty()) found_.push_back({path, {{"", &dict}}, keys});
    Section joined{.path = path, .parts = {}, .keys = {}};
    for (auto const& [key, value] : dict.items) {
      auto const* name = pickle_.get<std::string>(key);
      auto const* inner = pickle_.get<PickleDict>(value);
      if (name == nullptr || inner == nullptr || name->size() > longest) continue;
      if (means_optimizer(*name)) continue;
      next.emplace_back(path.empty() ? *name : path + "." + *name, inner);
      auto const keys = keys_of(*inner);
      if (keys.empty()) continue;
      joined.parts.emplace_back(*name + ".", inner);
      for (std::string const& leaf : keys) joined.keys.push_back(*name + "." + leaf);
    }
    // {"encoder": …, "decoder": …}: a model saved in parts.
    if (joined.parts.size() > 1) found_.push_back(std::move(joined));
  }

  std::vector<std::string> keys_of(PickleDict const& dict) {
    std::vector<std::string> keys;
    for (auto const& [key, value] : dict.items) {
      auto const* name = pickle_.get<std::string>(key);
      if (name == nullptr || !is_tensor(pickle_, value)) continue;
      // A pickle can refer to one long text a million times.
      if (name->size() + sizeof *name > budget_) break;
      budget_ -= name->size() + sizeof *name;
      keys.push_back(*name);
    }
    return keys;
  }

  Pickle const& pickle_;
  std::size_t budget_ = std::size_t{64} << 20;  ///< for copies of names, in bytes
  std::unordered_set<PickleDict const*> seen_;
  std::vector<Section> found_;
};

/// The order in which sections are taken that hold models of several kinds: the names that training
/// scripts usually use, the root, other names, averages.
inline int section_rank(std::string_view path) {
  constexpr std::string_view usual[] = {"state_dict", "model_state_dict", "model"};
  if (means_average(path)) return 100;
  if (path.empty()) return 50;
  std::string_view const last = path.substr(path.rfind('.') + 1);
  auto const at = std::ranges::find(usual, last);
  return at == std::end(usual) ? 60 : static_cast<int>(at - usual);
}

/// Whether `key` has `part`, a word or several with dots, before its last one.
inline bool stands_below(std::string_view key, std::string_view part) {
  std::string const inside = "." + std::string(part) + ".";
  return key.starts_with(std::string_view(inside).substr(1)) ||
         key.find(inside) != std::string_view::npos;
}

/// Whether a key of the sections stands below `part`.
inline bool begins_a_key(std::vector<Section> const& sections, std::string_view part) {
  auto const below = [&](std::string const& key) { return stands_below(key, part); };
  return std::ranges::any_of(
      sections, [&](Section const& section) { return std::ranges::any_of(section.keys, below); });
}

/// "'net' (380 tensors), 'ema' (380 tensors)"
inline std::string listed(std::vector<Section const*> const& sections) {
  constexpr std::size_t most = 8;
  std::string text;
  for (std::size_t i = 0; i < sections.size() && i < most; ++i)
    text += (i > 0 ? ", " : "") +
            (sections[i]->path.empty() ? "the top level" : shown(sections[i]->path)) + " (" +
            std::to_string(sections[i]->keys.size()) + " tensors)";
  return text + (sections.size() > most ? ", …" : "");
}

}  // namespace detail

/// The section that is meant, and those that hold the same kind of model.
struct ChosenSection {
  Section section;
  std::vector<std::string> rivals;
};

/// Chooses among the sections of a checkpoint: the one that `wanted` names (its path, or the end of
/// it; "." is the root), else the one whose keys the schemes explain best, and the weights before
/// their averages. Throws Error that lists them where that is no answer: no name tells which of two
/// copies is meant ("model" and "model_best").
inline ChosenSection choose_section(std::vector<Section> sections, std::string_view wanted,
                                    std::string const& where) {
  std::vector<Section const*> asked;
  for (Section const& section : sections)
    if (section.path == wanted || section.path.ends_with("." + std::string(wanted)) ||
        (section.path.empty() && wanted == "."))
      asked.push_back(&section);
  bool const named = !wanted.empty() && !asked.empty();
  if (!wanted.empty() && !named && sections.size() > 1 && !detail::begins_a_key(sections, wanted)) {
    std::vector<Section const*> all;
    for (Section const& section : sections) all.push_back(&section);
    throw Error("no state dict is called " + shown(wanted), where,
                "there are: " + detail::listed(all));
  }
  auto const meant = [&](Section const& section) {
    return !named || std::ranges::find(asked, &section) != asked.end();
  };
  std::size_t best = 0;
  std::optional<std::size_t> single;  // the most that one dict alone explains, of those meant
  for (Section& section : sections) {
    Recognized const found = recognize({section.keys.begin(), section.keys.end()});
    section.known = found.known;
    section.scheme = found.scheme.name;
    best = std::max(best, section.known);
    if (section.parts.size() == 1 && meant(section))
      single = std::max(single.value_or(0), section.known);
  }
  std::vector<Section const*> contenders;
  for (Section const& section : sections) {
    // Parts are one model only where they are more together than the largest alone.
    bool const whole = section.parts.size() == 1 || !single || section.known > *single;
    if (meant(section) && whole && (named || 10 * section.known >= 7 * best))
      contenders.push_back(&section);
  }
  auto const better = [&](Section const* a, Section const* b) {
    int const rank_a = detail::section_rank(a->path), rank_b = detail::section_rank(b->path);
    if (named || rank_a == rank_b) {
      if (a->known != b->known) return a->known > b->known;
      // What no scheme knows is hardly the model where it is a single tensor.
      return best == 0 && (a->keys.size() > 1) > (b->keys.size() > 1);
    }
    return rank_a < rank_b;
  };
  std::ranges::stable_sort(contenders, better);
  // The parts of a model that is saved in parts are no models beside it.
  if (!contenders.empty() && contenders[0]->parts.size() > 1) contenders.resize(1);
  std::erase_if(contenders, [&](Section const* section) {
    return section != contenders[0] && section->parts.size() > 1;
  });
  auto const copies = [&](Section const* a, Section const* b) {
    return best > 0 && !named && a->scheme == b->scheme &&
           means_average(a->path) == means_average(b->path);
  };
  bool const tied = contenders.size() > 1 && !better(contenders[0], contenders[1]);
  if (tied || std::any_of(contenders.begin() + (contenders.empty() ? 0 : 1), contenders.end(),
                          [&](Section const* other) { return copies(contenders[0], other); }))
    throw Error(
        "the checkpoint holds several state dicts: " + detail::listed(contenders), where,
        "name the one that is meant (LoadOptions::section; --weights-key KEY, for the other "
        "files --decoder-weights-key, --base-key; . is the top level)");
  ChosenSection chosen{*contenders.at(0), {}};
  for (std::size_t i = 1; i < contenders.size() && best > 0 && !named; ++i)
    chosen.rivals.push_back(contenders[i]->path.empty() ? "the top level" : contenders[i]->path);
  return chosen;
}

}  // namespace vlsm::io
