// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "vlsm/base/error.hpp"
#include "vlsm/base/file/atomic_file.hpp"
#include "vlsm/base/file/mapped_file.hpp"
#include "vlsm/base/json.hpp"
#include "vlsm/base/strings.hpp"

// What is known of a data set's objects that masks do not tell, in a JSON file: a model of 1.5 GB
// need be asked only once.
//
//     {
//      "": {"answerer": "blip_vqa_base", "model": "0123456789abcdef"},
//      "mask1.png": {"color": "pink", "shape": "round"},
//      …
//     }
//
// The entry "" says who answered. No mask has that name, it sorts first, and it is an object of
// texts as all others are. A file without it is read, too.
namespace vlsm {

/// What is known of one mask's object.
struct AttributeRow {
  std::optional<std::string> shape{}, color{};       ///< as answered; nothing: not asked
  nlohmann::json others = nlohmann::json::object();  ///< members of other names, kept
  bool operator==(AttributeRow const&) const = default;
};

/// An attribute file.
struct AttributeFile {
  std::string answerer{};  ///< who answered: "blip_vqa_base"; empty: not said
  std::string model{};     ///< its weights (`io::model_hash`); empty: not said
  nlohmann::json others = nlohmann::json::object();  ///< what else the entry "" holds, kept
  std::map<std::string, AttributeRow> rows{};        ///< by the mask's name
  bool operator==(AttributeFile const&) const = default;
};

namespace detail {

/// What to do about a file of another form.
inline constexpr std::string_view mend_attributes = "write mask name -> {\"shape\", \"color\"}";

/// Takes the text member `key` out of `row`, or nothing where there is none. Throws Error, which
/// names `where`, for one that is empty or no text.
inline std::optional<std::string> take_text(nlohmann::json& row, char const* key,
                                            std::string const& where) {
  auto const found = row.find(key);
  if (found == row.end()) return std::nullopt;
  if (!found->is_string() || found->get_ref<std::string const&>().empty())
    throw Error(std::string("\"") + key + "\" is " + (found->is_string() ? "empty" : "no text"),
                where, "write a word there, or leave the member out");
  std::string text = found->get<std::string>();
  row.erase(key);
  return text;
}

/// Gives `row` the text as member `key`, or nothing where there is none. Throws Error for an empty
/// one.
inline void put_text(nlohmann::json& row, char const* key, std::optional<std::string> const& text,
                     std::string const& where) {
  if (text && text->empty())
    throw Error(std::string("\"") + key + "\" is empty", where, "leave the answer out");
  if (text) row[key] = *text;
}

/// A mask's row, for messages.
inline std::string attribute_row(std::string const& file, std::string_view mask) {
  return file + ", row \"" + strings::brief(mask, 80) + "\"";
}

}  // namespace detail

/// The attributes of a text; `where` is its file, for messages. Throws Error with the file and the
/// row for JSON that is not an object of objects, for a mask that is there twice, and for a shape
/// or color that is empty or not a string.
inline AttributeFile parse_attributes(std::string_view text, std::string const& where) {
  nlohmann::json json =
      parse_json(text, where, "mend the attributes", {.deepest = 16, .unique_keys = true});
  if (!json.is_object())
    throw Error("the attributes are no JSON object", where, detail::mend_attributes);
  AttributeFile file;
  for (auto& [mask, row] : json.items()) {
    std::string const here = detail::attribute_row(where, mask);
    if (!row.is_object()) throw Error("the row is no JSON object", here, detail::mend_attributes);
    if (mask.empty()) {
      file.answerer = detail::take_text(row, "answerer", here).value_or("");
      file.model = detail::take_text(row, "model", here).value_or("");
      file.others = std::move(row);
      continue;
    }
    AttributeRow& one = file.rows[mask];
    one.shape = detail::take_text(row, "shape", here);
    one.color = detail::take_text(row, "color", here);
    one.others = std::move(row);
  }
  return file;
}

/// Reads an attribute file. Throws Error where it cannot be read, and as `parse_attributes` does.
inline AttributeFile read_attributes(std::filesystem::path const& path) {
  std::shared_ptr<io::MappedFile const> const file = io::MappedFile::open(path);
  return parse_attributes(
      {reinterpret_cast<char const*>(file->bytes().data()), file->bytes().size()}, path.string());
}

/// The text of an attribute file, rows in the order of their names. Throws Error with the row for a
/// mask without a name, an empty answer, and what is not UTF-8; `where` is its file, for messages.
inline std::string attributes_text(AttributeFile const& file, std::string const& where) {
  nlohmann::json json = nlohmann::json::object();
  nlohmann::json who = file.others;
  detail::put_text(who, "answerer", strings::unless_empty(file.answerer), where);
  detail::put_text(who, "model", strings::unless_empty(file.model), where);
  if (!who.empty()) json[""] = std::move(who);
  for (auto const& [mask, row] : file.rows) {
    std::string const here = detail::attribute_row(where, mask);
    if (mask.empty()) throw Error("a mask has no name", here, "name its file");
    nlohmann::json& one = json[mask] = row.others;
    detail::put_text(one, "shape", row.shape, here);
    detail::put_text(one, "color", row.color, here);
    try {
      static_cast<void>(nlohmann::json(mask).dump() + one.dump());
    } catch (nlohmann::json::exception const&) {
      throw Error("a name or an answer is not UTF-8", here, "write it in UTF-8");
    }
  }
  try {
    return json.dump(1) + "\n";
  } catch (nlohmann::json::exception const&) {
    throw Error("the answerer's name is not UTF-8", where, "write it in UTF-8");
  }
}

/// Writes an attribute file, whole or not at all. Throws Error as `attributes_text` does, and where
/// the file cannot be written.
inline void write_attributes(std::filesystem::path const& path, AttributeFile const& file) {
  io::write_whole_file(path, attributes_text(file, path.string()));
}

}  // namespace vlsm
