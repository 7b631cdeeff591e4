// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vlsm/base/error.hpp"

namespace vlsm {

/// What one pixel of a mask file says, in one number: a gray level of 8 or 16 bits, or a color;
/// with a palette, its index besides. Gray levels are colors of three equal channels where a set
/// has both; `alike` compares what is seen, == the index, too.
class MaskValue {
 public:
  static constexpr MaskValue gray(std::uint16_t level) { return MaskValue(level); }
  static constexpr MaskValue color(std::uint8_t r, std::uint8_t g, std::uint8_t b) {
    return MaskValue(is_color | std::uint64_t{r} << 16 | std::uint64_t{g} << 8 | b);
  }
  constexpr MaskValue with_index(std::uint8_t index) const {
    return MaskValue(code_ | has_index | std::uint64_t{index} << 32);
  }

  constexpr MaskValue without_index() const { return MaskValue(code_ & seen); }

  constexpr bool is_gray() const { return (code_ & is_color) == 0; }
  constexpr int level() const { return static_cast<int>(code_ & 0xffff); }  ///< of a gray value
  /// 0 to 255 of red, green, blue. A gray level of 16 bits is its high byte there, as colors of 16
  /// bits are read.
  constexpr int channel(int c) const {
    if (is_gray()) return level() > 255 ? level() >> 8 : level();
    return static_cast<int>(code_ >> (8 * (2 - c)) & 0xff);
  }
  constexpr int index() const {  ///< in the palette; -1 without one
    return code_ & has_index ? static_cast<int>(code_ >> 32 & 0xff) : -1;
  }
  constexpr bool operator==(MaskValue const&) const = default;
  constexpr auto operator<=>(MaskValue const&) const = default;

  /// "2", "0,128,0"; with a palette "2 (0,128,0)", "1 (255)".
  std::string text() const {
    if (is_gray())
      return index() < 0 || index() == level()
                 ? std::to_string(level())
                 : std::to_string(index()) + " (" + std::to_string(level()) + ")";
    std::string const rgb = std::to_string(channel(0)) + "," + std::to_string(channel(1)) + "," +
                            std::to_string(channel(2));
    return index() < 0 ? rgb : std::to_string(index()) + " (" + rgb + ")";
  }

 private:
  static constexpr std::uint64_t is_color = 1ull << 24, seen = (1ull << 25) - 1,
                                 has_index = 1ull << 40;
  explicit constexpr MaskValue(std::uint64_t code) : code_(code) {}
  std::uint64_t code_;
};

/// Whether two values look alike: no gray level or channel is more than `tolerance` apart.
constexpr bool alike(MaskValue a, MaskValue b, int tolerance = 0) {
  auto const near = [&](int one, int other) {
    return one - other <= tolerance && other - one <= tolerance;
  };
  if (a.is_gray() && b.is_gray()) return near(a.level(), b.level());
  return near(a.channel(0), b.channel(0)) && near(a.channel(1), b.channel(1)) &&
         near(a.channel(2), b.channel(2));
}

/// What `--mask-value` says: a gray level or an index of the palette ("2"), a color ("0,128,0"),
/// or "any" for all but the background.
struct MaskChoice {
  bool any = false;
  std::vector<int> numbers;  ///< one, or red, green, blue
  bool level = false;        ///< one number is a gray level in files with a palette, too

  /// Whether a value is told by its index in the palette.
  constexpr bool by_index(MaskValue value) const {
    return numbers.size() == 1 && !level && value.index() >= 0;
  }
  /// The level or color of numbers.
  constexpr MaskValue wanted() const {
    auto const channel = [&](std::size_t c) { return static_cast<std::uint8_t>(numbers[c]); };
    return numbers.size() == 3 ? MaskValue::color(channel(0), channel(1), channel(2))
                               : MaskValue::gray(static_cast<std::uint16_t>(numbers[0]));
  }
  constexpr bool takes(MaskValue value, MaskValue background) const {
    if (any) return !alike(value, background);
    if (by_index(value)) return value.index() == numbers[0];
    return (numbers.size() == 3 || value.is_gray()) && alike(value, wanted());
  }
};

/// Reads a choice. Throws Error for anything else than the three forms.
inline MaskChoice parse_mask_choice(std::string_view text) {
  MaskChoice choice{.any = text == "any", .numbers = {}};
  if (choice.any) return choice;
  std::string_view rest = text;
  bool good = !rest.empty();
  while (good && !rest.empty()) {
    int number = -1;
    auto const [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    good = error == std::errc() && number >= 0 && number <= 65535;
    choice.numbers.push_back(number);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (good && !rest.empty()) {
      good = rest[0] == ',' && rest.size() > 1;
      rest.remove_prefix(1);
    }
  }
  good = good && (choice.numbers.size() == 1 || choice.numbers.size() == 3);
  if (good && choice.numbers.size() == 3)
    good = std::ranges::all_of(choice.numbers, [](int number) { return number <= 255; });
  constexpr std::size_t longest = 60;
  if (!good)
    throw Error(
        "this is no value of a mask",
        "\"" + std::string(text.substr(0, longest)) + (text.size() > longest ? "…\"" : "\""),
        "give a gray level or palette index (2), a color (0,128,0), or any");
  return choice;
}

}  // namespace vlsm
