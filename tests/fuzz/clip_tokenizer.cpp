// SPDX-License-Identifier: MIT
#include <algorithm>
#include <optional>
#include <string>

#include "fuzz/fuzz.hpp"
#include "fuzz/naive_bpe.hpp"
#include "support/fixtures.hpp"
#include "vlsm/tokenizer/bpe/vocabulary_files.hpp"
#include "vlsm/tokenizer/clip.hpp"

// CLIP's tokenizers on any prompt, against a second way of computing the ids.
namespace {

using namespace vlsm;
using namespace vlsm::tokenizer;

/// OpenAI's vocabulary, twice.
struct Both {
  Vocabulary vocabulary;
  fuzz::NaiveBpe naive;

  static Both const& get() {
    static Both const both = [] {
      std::string const packed =
          test::read_file(VLSM_TEST_DATA "/tokenizers/bpe_simple_vocab_16e6.txt.gz");
      std::string const list = io::gunzip(packed, largest_vocabulary_file).value();
      auto const merges = parse_merges(list, "list", openai_merges);
      PieceIds ids;
      auto const add = [&](std::string piece) {
        ids.emplace(std::move(piece), static_cast<std::int32_t>(ids.size()));
      };
      for (std::string const& byte : ByteAlphabet::get().spelled) add(byte);
      for (std::string const& byte : ByteAlphabet::get().spelled) add(byte + "</w>");
      for (auto const& [left, right] : merges) add(std::string(left).append(right));
      return Both{vocabulary_from_openai(list, "list"), fuzz::NaiveBpe(ids, merges)};
    }();
    return both;
  }
};

bool letter(char32_t c) { return is_letter(c); }
bool digit(char32_t c) { return !is_letter(c) && is_number(c); }
bool other(char32_t c) { return !is_space(c) && !is_letter(c) && !is_number(c); }

/// The ids of a text that is clean and in lower case, one character after the other: endings of
/// English contractions, runs of letters, digits one by one, runs of other signs.
Ids plain_ids(Text const& text) {
  Ids ids;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    if (text[at] == U'\'')
      for (Text const& ending : {U"'s", U"'t", U"'re", U"'ve", U"'m", U"'ll", U"'d"})
        if (end == at && text.compare(at, ending.size(), ending) == 0) end += ending.size();
    if (end == at && digit(text[at])) ++end;
    for (auto const kind : {letter, other})
      if (end == at)
        while (end < text.size() && kind(text[end])) ++end;
    if (end > at)
      Both::get().naive.encode(encode_utf8(Text(text, at, end - at)), ids);
    else
      ++end;  // white space
    at = end;
  }
  return ids;
}

/// The text of a prompt as `plain_ids` takes it, where that needs none of what the library does to
/// a text; nothing for other prompts.
std::optional<Text> plain_text(std::string_view prompt, ClipFlavor flavor) {
  bool const crate = flavor == ClipFlavor::clip;
  Text text;
  for (char c : prompt) {
    auto const byte = static_cast<unsigned char>(c);
    // Special tokens begin so; ftfy and HTML look at the others.
    if (c == '<' || byte >= 0x80) return std::nullopt;
    if (!crate && (c == '&' || byte < 0x20 || byte == 0x7f)) return std::nullopt;
    text += c >= 'A' && c <= 'Z' ? byte + 32u : byte;
  }
  return text;
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using enum ClipFlavor;
  constexpr ClipFlavor flavors[] = {clip, clip_ftfy, openai, openclip};
  static ClipTokenizer const tokenizers[] = {{Both::get().vocabulary, clip},
                                             {Both::get().vocabulary, clip_ftfy},
                                             {Both::get().vocabulary, openai},
                                             {Both::get().vocabulary, openclip}};
  fuzz::Input input(data, size);
  unsigned const which = input.byte() % 4;
  std::size_t const shorter = 2 + input.byte() % 80;
  ClipTokenizer const& tokenizer = tokenizers[which];
  std::string_view const prompt = input.rest();
  fuzz::only_errors([&] {
    Ids const ids = tokenizer.encode(prompt, prompt.size() * 64 + 64);
    fuzz::require(
        ids.size() >= 2 && ids.front() == tokenizer.start() && ids.back() == tokenizer.end(),
        "ids lie between start and end");
    for (std::int64_t id : ids)
      fuzz::require(id >= 0 && id < tokenizer.vocabulary_size(), "an id is in the vocabulary");
    Ids const cut = tokenizer.encode(prompt, shorter);
    fuzz::require(cut.size() == std::min(shorter, ids.size()), "a row is cut to its length");
    fuzz::require(std::equal(cut.begin(), cut.end() - 1, ids.begin()) && cut.back() == ids.back(),
                  "a row that is cut begins as the whole");
    std::optional<Text> plain = plain_text(prompt, flavors[which]);
    if (!plain && flavors[which] == clip && prompt.find('<') == std::string_view::npos)
      plain = lower_rust(collapse_spaces(normalize_as_crate(decode(prompt))));
    if (plain && plain->find(U'<') == Text::npos)
      fuzz::require(Ids(ids.begin() + 1, ids.end() - 1) == plain_ids(*plain),
                    "the ids are those of the plain way");
  });
  return 0;
}
