// SPDX-License-Identifier: MIT
#include "vlsm/tokenizer/ftfy/ftfy.hpp"

#include "fuzz/fuzz.hpp"
#include "vlsm/tokenizer/byte.hpp"
#include "vlsm/tokenizer/ftfy/html.hpp"
#include "vlsm/tokenizer/unicode/lowercase.hpp"
#include "vlsm/tokenizer/unicode/normalize.hpp"

// What is done to a prompt before it is split: repairs, entities, case, normal forms.
namespace {

using namespace vlsm;
using namespace vlsm::tokenizer;

void check_text(Text const& text) {
  for (char32_t c : text) fuzz::require(c <= 0x10ffff, "a text holds code points");
  fuzz::require(decode(encode_utf8(text), Surrogates::accept) == text, "UTF-8 holds every text");
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const prompt(reinterpret_cast<char const*>(data), size);
  fuzz::only_errors([&] {
    Text const text = decode(prompt, Surrogates::accept);
    fuzz::require(encode_utf8(text) == prompt, "a prompt is what its code points say");
    check_text(fix_text(text));
    check_text(unescape_python(text));
    check_text(lower_python(text));
    check_text(upper_python(text));
    check_text(lower_rust(text));
    Text const composed = normalize(text);
    check_text(composed);
    fuzz::require(normalize(composed) == composed, "a normal form is one");
    fuzz::require(ByteTokenizer().encode(prompt).size() <= clip_length, "a row has its length");
  });
  return 0;
}
