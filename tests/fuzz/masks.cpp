// SPDX-License-Identifier: MIT
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/fuzz.hpp"
#include "vlsm/data/mask_survey.hpp"

// What the masks of a set mean: pictures of every kind that a decoder gives, and a choice.
namespace {

using namespace vlsm;

RawPicture picture_of(fuzz::Input& input) {
  constexpr int depths[] = {8, 8, 8, 16, 1, 2, 4, 8};
  unsigned const kind = input.byte();
  RawPicture picture{.height = 1 + input.byte() % 12, .width = 1 + input.byte() % 12};
  picture.bits = depths[kind % 8];
  // As PNG has it: less than 8 bits are gray or an index, 16 bits are no index.
  picture.channels = picture.bits < 8 ? 1 : 1 + static_cast<int>(kind >> 3 & 3);
  bool const indexed = picture.channels == 1 && picture.bits <= 8 && (kind & 32) != 0;
  picture.lossy = picture.bits == 8 && !indexed && picture.channels % 2 == 1 && (kind & 64) != 0;
  // Of a few levels, or of any.
  unsigned const levels = kind & 128 ? 0 : 1 + input.byte() % 4;
  std::vector<unsigned> table;
  for (unsigned i = 0; i < levels; ++i)
    table.push_back(picture.bits == 16 ? input.word() : input.byte());
  unsigned const mask = (1u << picture.bits) - 1;
  std::size_t const samples =
      picture.height * picture.width * static_cast<std::size_t>(picture.channels);
  for (std::size_t i = 0; i < samples; ++i) {
    unsigned const value = (levels               ? table[input.byte() % levels]
                            : picture.bits == 16 ? input.word()
                                                 : input.byte()) &
                           mask;
    if (picture.bits == 16)
      picture.words.push_back(static_cast<std::uint16_t>(value));
    else
      picture.bytes.push_back(static_cast<std::uint8_t>(value));
  }
  if (indexed) {
    picture.palette.assign(256, {0, 0, 0, 255});
    for (unsigned i = 0, count = input.byte() % 8; i < count; ++i)
      for (std::uint8_t& channel : picture.palette[input.byte()])
        channel = static_cast<std::uint8_t>(input.byte());
  }
  return picture;
}

/// Gray of 8 bits, 0 and 255 alone: what the study's masks are.
bool plain(RawPicture const& picture) {
  return picture.bits == 8 && picture.channels == 1 && !picture.lossy && picture.palette.empty() &&
         std::ranges::all_of(picture.bytes, [](auto level) { return level == 0 || level == 255; });
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  fuzz::Input input(data, size);
  unsigned const flags = input.byte();
  std::optional<MaskChoice> choice;
  std::string_view const text = flags & 1 ? input.until('\n') : "";
  fuzz::only_errors([&] {
    if (flags & 1) choice = parse_mask_choice(text);
    std::vector<RawPicture> pictures;
    for (unsigned i = 0; i <= (flags >> 2 & 3); ++i) pictures.push_back(picture_of(input));
    MaskSurvey survey;
    std::vector<MaskValues> read;
    for (RawPicture const& picture : pictures) {
      read.push_back(mask_values(picture, "file"));
      survey.add(MaskSurvey::file_of(read.back(), "file"));
    }
    MaskMeaning const meaning = survey.meaning(choice, (flags & 2) != 0, "masks");
    bool const all_plain = std::ranges::all_of(pictures, plain);
    if (all_plain && !choice)
      fuzz::require(meaning.kind == MaskMeaning::Kind::soft && meaning.notice.empty(),
                    "masks of 0 and 255 are read as they are");
    bool object = false;
    for (std::size_t i = 0; i < read.size(); ++i) {
      Mask const mask = meaning.apply(read[i]);
      fuzz::require(mask.size() == pictures[i].height * pictures[i].width,
                    "a target is as large as its file");
      for (std::size_t p = 0; p < mask.size(); ++p) {
        object |= mask.data()[p] >= 128;
        if (all_plain && !choice)
          fuzz::require(mask.data()[p] == pictures[i].bytes[p], "0 and 255 stay what they are");
        if (meaning.kind != MaskMeaning::Kind::soft)
          fuzz::require(mask.data()[p] == 0 || mask.data()[p] == 255, "a target is 0 or 255");
      }
    }
    fuzz::require(object || (flags & 2) != 0, "a set without objects is an error");
  });
  return 0;
}
