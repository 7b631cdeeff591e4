// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/base/strings.hpp"
#include "vlsm/image/box.hpp"
#include "vlsm/image/image.hpp"

// Prompts name an object's shape and color, which no mask tells. An answerer is any function of a
// picture, the object's box and a question: it may ask a person, a table or a model.
namespace vlsm {

/// Answers a question about what lies in a box of a picture, with a word or a few: "round". A
/// lambda, a std::function, BlipAnswerer, ClipAnswerer.
template <class T>
concept AttributeAnswerer = requires(T const& answer, Image const& picture, Box box,
                                     std::string const& question) {
  { answer(picture, box, question) } -> std::convertible_to<std::string>;
};

/// The study's questions (Poudel et al. 2024): `object` is how the object is called, such
/// as "bump" for a polyp.
inline std::string shape_question(std::string_view object) {
  return "What is the shape of " + std::string(object) + " enclosed in green box?";
}
/// The same about its color.
inline std::string color_question(std::string_view object) {
  return "What is the color of " + std::string(object) + " enclosed in green box?";
}

/// The words that a question may be answered with.
struct AnswerChoices {
  std::string asked;               ///< a word of the questions that these are for: "color"
  std::vector<std::string> words;  ///< "white", "pink", …
};

/// Whether the question holds `word` as a whole word, in any case; letters are A to Z.
inline bool asks_about(std::string_view question, std::string_view word) {
  auto const alike = [](char a, char b) {
    return strings::lower_case(a) == strings::lower_case(b);
  };
  auto const letter = [](char c) {
    return strings::lower_case(c) >= 'a' && strings::lower_case(c) <= 'z';
  };
  auto at = question.begin();
  while (true) {
    at = std::search(at, question.end(), word.begin(), word.end(), alike);
    if (at == question.end()) return false;
    auto const behind = at + static_cast<std::ptrdiff_t>(word.size());
    bool const begins = at == question.begin() || !letter(*(at - 1)),
               ends = behind == question.end() || !letter(*behind);
    if (begins && ends) return true;
    ++at;
  }
}

/// The first of `choices` that the question asks about, or nothing.
inline AnswerChoices const* choices_for(std::vector<AnswerChoices> const& choices,
                                        std::string_view question) {
  for (AnswerChoices const& one : choices)
    if (asks_about(question, one.asked)) return &one;
  return nullptr;
}

}  // namespace vlsm
