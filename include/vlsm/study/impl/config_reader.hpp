// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "vlsm/base/edit_distance.hpp"
#include "vlsm/base/error.hpp"
#include "vlsm/base/json.hpp"
#include "vlsm/base/strings.hpp"

namespace vlsm::study {

/// What is wrong with a config, all of it.
class Complaints {
 public:
  explicit Complaints(std::vector<std::string> list = {}) : list_(std::move(list)) {}
  void add(std::string const& what) { list_.push_back(what); }
  std::vector<std::string> const& list() const { return list_; }
  /// Throws Error that lists them, if there are any.
  void raise(std::string const& where) const {
    if (list_.empty()) return;
    if (list_.size() == 1) throw Error(list_[0], where, "mend the study's config");
    std::string text = std::to_string(list_.size()) + " problems";
    for (std::size_t i = 0; i < list_.size(); ++i)
      text += (i ? "; (" : ": (") + std::to_string(i + 1) + ") " + list_[i];
    throw Error(text, where, "mend the study's config");
  }

 private:
  std::vector<std::string> list_;
};

/// "; did you mean "prompts"?" or, where no name is near, "; choose one of a, b".
template <class Names>
std::string suggestion(std::string_view typed, Names const& names) {
  std::string const near = nearest_name(typed, names);
  if (!near.empty()) return ", did you mean \"" + near + "\"?";
  return names.empty() ? std::string() : ", choose one of " + strings::joined(names);
}

/// A text out of a file as a message shows it.
inline std::string in_quotes(std::string_view text) { return '"' + strings::brief(text, 60) + '"'; }

namespace detail_config {

template <class T>
struct Is : std::false_type {
  using Inner = T;
};
template <class T>
struct Is<std::optional<T>> : std::true_type {
  using Inner = T;
};
template <class T>
struct IsList : std::false_type {};
template <class T>
struct IsList<std::vector<T>> : std::true_type {};

template <class T>
constexpr std::string_view expected() {
  if constexpr (std::same_as<T, bool>) return "true or false";
  if constexpr (std::integral<T>) return "a whole number from 0 on";
  if constexpr (std::floating_point<T>) return "a number";
  if constexpr (IsList<T>::value) return "a list";
  return "a text";
}

}  // namespace detail_config

/// One object of a config: values are asked for by key, and at the end every key that nobody asked
/// for is a complaint.
class ConfigReader {
 public:
  /// `path` is how messages name the object: "" or "training." or "models[2]."
  ConfigReader(nlohmann::json const& json, std::string path, Complaints& complaints)
      : json_(&json), path_(std::move(path)), complaints_(&complaints) {
    if (!json.is_object()) complain("", "is no object of keys and values");
  }
  ~ConfigReader() {
    if (!json_->is_object()) return;
    for (auto const& [key, value] : json_->items())
      if (!known_.contains(key))
        complaints_->add("unknown key " + in_quotes(path_ + key) + suggestion(key, known_));
  }
  ConfigReader(ConfigReader const&) = delete;
  ConfigReader& operator=(ConfigReader const&) = delete;

  /// The value of a key, or null where there is none.
  nlohmann::json const* find(std::string const& key) {
    known_.insert(key);
    if (!json_->is_object()) return nullptr;
    auto const found = json_->find(key);
    return found == json_->end() ? nullptr : &*found;
  }
  /// Reads a value; what is there stays where the key is missing or of another type.
  template <class T>
  void read(std::string const& key, T& into) {
    nlohmann::json const* const value = find(key);
    if (!value) return;
    if constexpr (detail_config::Is<T>::value) {
      typename T::value_type inner{};
      if (convert(key, *value, inner)) into = std::move(inner);
    } else {
      convert(key, *value, into);
    }
  }
  void complain(std::string const& key, std::string const& what) {
    complaints_->add(in_quotes(path_ + key) + " " + what);
  }
  std::string name_of(std::string const& key) const { return path_ + key; }

 private:
  template <class T>
  bool convert(std::string const& key, nlohmann::json const& value, T& into) {
    bool fits = false;
    if constexpr (std::same_as<T, bool>)
      fits = value.is_boolean();
    else if constexpr (std::same_as<T, int>)
      fits = value.is_number_unsigned() && value.template get<std::uint64_t>() <= 1'000'000'000;
    else if constexpr (std::integral<T>)
      fits = value.is_number_unsigned();
    else if constexpr (std::floating_point<T>)
      fits = value.is_number();
    else if constexpr (detail_config::IsList<T>::value) {
      if (value.is_array()) {
        T list;
        bool all = true;
        for (std::size_t i = 0; i < value.size(); ++i) {
          typename T::value_type item{};
          all = convert(key + "[" + std::to_string(i) + "]", value[i], item) && all;
          list.push_back(std::move(item));
        }
        if (all) into = std::move(list);
        return all;
      }
    } else {
      fits = value.is_string();
    }
    if (fits) {
      into = value.template get<T>();
      return true;
    }
    complain(key, "is " + strings::brief(value.dump(-1, ' ', true), 40) + ", write " +
                      std::string(detail_config::expected<T>()));
    return false;
  }

  nlohmann::json const* json_;
  std::string path_;
  Complaints* complaints_;
  std::set<std::string> known_;
};

/// Keys that an object of a JSON text has twice, each once; nlohmann keeps the last of two.
inline std::vector<std::string> doubled_keys(std::string_view text) {
  std::vector<std::set<std::string>> open;
  std::vector<std::string> doubled;
  auto const ignored = nlohmann::json::parse(
      text.begin(), text.end(),
      [&](int, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
        if (event == nlohmann::json::parse_event_t::object_start) open.emplace_back();
        if (event == nlohmann::json::parse_event_t::object_end && !open.empty()) open.pop_back();
        if (event == nlohmann::json::parse_event_t::key && !open.empty()) {
          auto const& key = parsed.get_ref<std::string const&>();
          if (!open.back().insert(key).second && !std::ranges::count(doubled, key))
            doubled.push_back(key);
        }
        return true;
      });
  static_cast<void>(ignored);
  return doubled;
}

}  // namespace vlsm::study
