// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace vlsm {

/// A number from 0 to 999 in words, as the study writes numbers and ages: "seven", "twenty-one",
/// "one hundred and four". Larger ones in digits.
inline std::string cardinal(std::size_t number) {
  constexpr std::string_view small[] = {"zero",    "one",     "two",       "three",    "four",
                                        "five",    "six",     "seven",     "eight",    "nine",
                                        "ten",     "eleven",  "twelve",    "thirteen", "fourteen",
                                        "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"};
  constexpr std::string_view tens[] = {"",      "",      "twenty",  "thirty", "forty",
                                       "fifty", "sixty", "seventy", "eighty", "ninety"};
  if (number > 999) return std::to_string(number);
  if (number >= 100) {
    std::string const hundreds = std::string(small[number / 100]) + " hundred";
    return number % 100 == 0 ? hundreds : hundreds + " and " + cardinal(number % 100);
  }
  if (number < 20) return std::string(small[number]);
  std::string const word(tens[number / 10]);
  return number % 10 == 0 ? word : word + "-" + std::string(small[number % 10]);
}

}  // namespace vlsm
