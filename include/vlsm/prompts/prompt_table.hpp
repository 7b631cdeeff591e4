// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/base/json.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/prompts/sentence_template.hpp"

namespace vlsm {

/// The prompts of a family of data sets as a table, read from JSON:
///
///     {"levels": {"p1": "{target}", "p2": ["{shape} {target}", "{target} of shape {shape}"]},
///      "empty":  {"p1": "no {target}"},
///      "values": {"target": "polyp", "description": ["a projecting growth", "a small lump"]},
///      "words":  {"s": {"from": "number", "one": "", "*": "s"}},
///      "known":  {"size": ["tiny", "small", "medium", "large"]}}
///
/// `levels`: a template, or a list of equivalent ones; a level that names a list of `values` holds
/// its sentence once for each item. `empty`: the levels of a mask without objects. `words`: slots
/// whose text follows from the attribute `from`; "*" is for all other values. `known`: what an
/// attribute can be, alone or as a list ("top, left"); used where sentences are parsed, not
/// checked.
class PromptTable {
 public:
  /// A level's sentences; a single one is written as text, not as a list of one.
  struct Prompt {
    std::vector<std::string> sentences;
    bool list = false;
    bool operator==(Prompt const&) const = default;
  };
  using Prompts = std::map<std::string, Prompt>;

  /// Reads a table; `where` is its file, for messages. Throws Error for anything else than the
  /// members above.
  PromptTable(nlohmann::json const& json, std::string const& where) : where_(where) {
    check_object(json, "the table");
    for (auto const& [name, part] : json.items()) {
      check_object(part, "\"" + name + "\"");
      if (name == "levels" || name == "empty")
        read_levels(part, name, name == "levels" ? levels_ : empty_);
      else if (name == "values")
        read_lists(part, name, values_);
      else if (name == "known")
        read_lists(part, name, known_);
      else if (name == "words")
        read_words(part);
      else
        fail("a prompt table has no member \"" + strings::brief(name, 40) + "\"");
    }
    if (levels_.empty()) fail("a prompt table without \"levels\"");
  }

  /// All prompts that these attributes fill, by level. Of a mask without objects (`empty`) those of
  /// the member `empty`, where the table has it. Levels with a slot that has no value are left out.
  Prompts render(Attributes attributes, bool empty = false) const {
    derive(attributes);
    Prompts prompts;
    for (auto const& [level, form] : empty && !empty_.empty() ? empty_ : levels_) {
      Prompt prompt{.sentences = {}, .list = form.list};
      if (sentences_of(form, attributes, prompt)) prompts.emplace(level, std::move(prompt));
    }
    return prompts;
  }

  /// The value of each slot in a sentence of a level, slots of `values` and `words` included;
  /// nothing where no template of the level made it.
  std::optional<Attributes> parse(std::string_view level, std::string_view sentence) const {
    std::optional<Attributes> found;
    for_each_template(level, [&](SentenceTemplate const& form) {
      if (!found) found = form.match(sentence, Allowed{*this});
    });
    return found;
  }

  /// The sentence with other values in some of its slots; `change(slot, value)` gives the new one.
  /// Nothing where no template of the level made it.
  template <class Change>
  std::optional<std::string> rewrite(std::string_view level, std::string_view sentence,
                                     Change const& change) const {
    std::optional<std::string> result;
    for_each_template(level, [&](SentenceTemplate const& form) {
      if (result) return;
      auto slots = form.match(sentence, Allowed{*this});
      if (!slots) return;
      for (auto& [name, value] : *slots) value = change(name, value);
      result = form.render([&](std::string const& name) { return &slots->at(name); });
    });
    return result;
  }

  /// The attributes that the templates of `levels` need: slots that `values` do not fill, and what
  /// those of `words` follow from.
  std::set<std::string> attributes() const {
    std::set<std::string> names;
    for (auto const& [level, form] : levels_)
      for (SentenceTemplate const& sentence : form.templates)
        for (std::string const& slot : sentence.slots()) {
          auto const word = words_.find(slot);
          if (word != words_.end())
            names.insert(word->second.from);
          else if (!values_.contains(slot))
            names.insert(slot);
        }
    return names;
  }

  /// The attribute that a slot's value follows from: its own, or that of `words`.
  std::string const& source_of(std::string const& slot) const {
    auto const word = words_.find(slot);
    return word == words_.end() ? slot : word->second.from;
  }

  /// Whether there are prompts of their own for masks without objects.
  bool tells_empty() const { return !empty_.empty(); }

  /// The names of the levels, sorted as texts.
  std::vector<std::string> levels() const {
    std::vector<std::string> names;
    for (auto const& [level, form] : levels_) names.push_back(level);
    return names;
  }

 private:
  struct Form {
    std::vector<SentenceTemplate> templates;
    bool list = false;
  };
  struct Word {
    std::string from;
    std::map<std::string, std::string> values;
  };
  using Lists = std::map<std::string, std::vector<std::string>, std::less<>>;

  [[noreturn]] void fail(std::string const& what) const {
    throw Error(what, where_, "see docs/prompts.md for what a prompt table is");
  }
  void check_object(nlohmann::json const& json, std::string const& what) const {
    if (!json.is_object()) fail(strings::brief(what, 60) + " is no object");
  }
  std::vector<std::string> texts(nlohmann::json const& json, std::string const& name) const {
    std::vector<std::string> list;
    for (auto const& item : json.is_array() ? json : nlohmann::json::array({json})) {
      if (!item.is_string())
        fail("\"" + strings::brief(name, 60) + "\" is neither text nor a list of texts");
      list.push_back(item.get<std::string>());
    }
    if (list.empty()) fail("\"" + strings::brief(name, 60) + "\" is an empty list");
    return list;
  }

  void read_levels(nlohmann::json const& json, std::string const& name,
                   std::map<std::string, Form>& levels) {
    for (auto const& [level, value] : json.items()) {
      if (level.empty() || level == "random")
        fail(name + ": \"" + level + "\" is no name for a level (\"random\" draws one of them)");
      Form form{.templates = {}, .list = value.is_array()};
      for (std::string const& text : texts(value, level))
        form.templates.emplace_back(text, where_ + ", " + name + ", " + strings::brief(level, 40));
      levels.emplace(level, std::move(form));
    }
  }
  void read_lists(nlohmann::json const& json, std::string const& name, Lists& lists) {
    for (auto const& [key, value] : json.items()) lists[key] = texts(value, name + ", " + key);
  }
  void read_words(nlohmann::json const& json) {
    for (auto const& [slot, value] : json.items()) {
      check_object(value, "words, " + slot);
      Word word;
      for (auto const& [key, text] : value.items())
        (key == "from" ? word.from : word.values[key]) = texts(text, "words, " + slot)[0];
      if (word.from.empty()) fail("words, " + strings::brief(slot, 40) + ": \"from\" is missing");
      words_.emplace(slot, std::move(word));
    }
  }

  void derive(Attributes& attributes) const {
    for (auto const& [slot, word] : words_) {
      auto const from = attributes.find(word.from);
      if (from == attributes.end()) continue;
      auto value = word.values.find(from->second);
      if (value == word.values.end()) value = word.values.find("*");
      if (value != word.values.end()) attributes.insert_or_assign(slot, value->second);
    }
  }

  /// Appends the sentences of a level, one for each item of the longest list that a template's
  /// slots name; shorter lists repeat their last item. False where a slot has no value.
  bool sentences_of(Form const& form, Attributes const& attributes, Prompt& prompt) const {
    for (SentenceTemplate const& sentence : form.templates) {
      std::size_t count = 1;
      for (std::string const& slot : sentence.slots())
        if (auto const value = values_.find(slot); value != values_.end())
          count = std::max(count, value->second.size());
      for (std::size_t i = 0; i < count; ++i) {
        auto const text = sentence.render([&](std::string const& slot) -> std::string const* {
          if (auto const value = values_.find(slot); value != values_.end())
            return &value->second[std::min(i, value->second.size() - 1)];
          auto const value = attributes.find(slot);
          return value == attributes.end() ? nullptr : &value->second;
        });
        if (!text) return false;
        prompt.sentences.push_back(*text);
      }
      prompt.list |= count > 1;
    }
    return true;
  }

  template <class Do>
  void for_each_template(std::string_view level, Do const& act) const {
    // "no polyp" is of an empty mask, not a polyp of the shape "no".
    for (auto const* levels : {&empty_, &levels_})
      if (auto const form = levels->find(std::string(level)); form != levels->end())
        for (SentenceTemplate const& sentence : form->second.templates) act(sentence);
  }

  /// What a slot may hold where a sentence is read.
  struct Allowed {
    PromptTable const& table;
    bool operator()(std::string const& slot, std::string const& text) const {
      if (auto const value = table.values_.find(slot); value != table.values_.end())
        return std::ranges::find(value->second, text) != value->second.end();
      if (auto const word = table.words_.find(slot); word != table.words_.end())
        return std::ranges::any_of(word->second.values,
                                   [&](auto const& pair) { return pair.second == text; });
      auto const known = table.known_.find(slot);
      return known == table.known_.end() ? !text.empty() : is_list_of(known->second, text);
    }
  };
  static bool is_list_of(std::vector<std::string> const& words, std::string_view text) {
    return std::ranges::all_of(strings::split_text(text, ", "), [&](std::string_view item) {
      return std::ranges::find(words, item) != words.end();
    });
  }

  std::string where_;
  std::map<std::string, Form> levels_, empty_;
  Lists values_, known_;
  std::map<std::string, Word> words_;
};

}  // namespace vlsm
