// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "vlsm/tokenizer/ftfy/ftfy.hpp"

using namespace vlsm::tokenizer;

namespace {

std::string fixed(std::string const& text) {
  return encode_utf8(fix_text(decode(text, Surrogates::accept)));
}
std::string unescaped(std::string const& text) {
  return encode_utf8(unescape_python(decode(text)));
}

/// A text read by mistake in the encoding of this number.
std::string garbled(std::string const& text, std::size_t encoding) {
  Text out;
  for (char c : text) {
    auto const byte = static_cast<unsigned char>(c);
    out +=
        byte < 0x80 ? byte : static_cast<char32_t>(data::encodings.at(encoding).upper[byte - 0x80]);
  }
  return encode_utf8(out);
}

}  // namespace

TEST_CASE("UTF-8 that was read in any of the ten encodings is repaired") {
  CHECK(data::encodings.size() == 10);
  for (std::size_t i = 0; i < data::encodings.size(); ++i) {
    INFO(data::encodings[i].name);
    CHECK(fixed(garbled("“déjà” – naïve…", i)) == "\"déjà\" – naïve…");
    CHECK(fixed(garbled("😀 日本語", i)) == "😀 日本語");
  }
}

TEST_CASE("mojibake is repaired in the cases that ftfy documents") {
  std::vector<std::pair<std::string, std::string>> const cases{
      {"âœ” No problems", "✔ No problems"},
      {"&macr;\\_(ã\u0083\u0084)_/&macr;", "¯\\_(ツ)_/¯"},
      {"Broken text&hellip; it&#x2019;s ﬂubberiﬁc!", "Broken text… it's flubberific!"},
      {"ＬＯＵＤ　ＮＯＩＳＥＳ", "LOUD NOISES"},
      {"sÃ³", "só"},
      {"voilÃ le travail", "voilà le travail"},
      {"Ã la mode", "à la mode"},
      {"â€œ like this â€�", "\" like this �"},
      {"schÃ¶n", "schön"},
      {"don\u00c3\u00a2\u00e2\u201a\u00ac\u00e2\u201e\u00a2t", "don't"},  // garbled twice
      {"l’humanitÃ©", "l'humanité"},                                      // one part only
      {"\u0085 \u0093quoted\u0094", "… \"quoted\""},                      // Windows-1252 controls
      {"smile \u00ed\u00a0\u00bd\u00ed\u00b8\u0080", "smile 😀"},          // surrogates as UTF-8
  };
  for (auto const& one : cases) {  // clang 14 has no structured bindings in INFO's lambda
    INFO(one.first);
    CHECK(fixed(one.first) == one.second);
  }
}

TEST_CASE("text that only looks odd stays as it is") {
  for (std::string text : {"polyp", "naïve café", "über 5 µm", "£5 – 10 €", "Σίσυφος", "日本語",
                           "Größe ≥ 3 cm²", "ÅÄÖ", "¿Qué?", "Œuvre", "été à la plage"}) {
    CHECK(fixed(text) == text);
  }
}

TEST_CASE("ftfy decodes entities with a semicolon, in text without a <") {
  CHECK(fixed("&amp;lt;") == "<");
  CHECK(fixed("caf&eacute; &EACUTE; &SZLIG; &nTILDE;") == "café É SS &nTILDE;");
  CHECK(fixed("&lt &amp") == "&lt &amp");
  CHECK(fixed("a < b &amp; c") == "a < b &amp; c");
  CHECK(fixed("&amp;\na < b &amp;\n&amp;") == "&\na < b &amp;\n&amp;");
  CHECK(fixed("&#65;&#x42;&#12ab;&#59;") == "AB&#12ab;&#59;");
  CHECK(fixed("&CounterClockwiseContourIntegral;") == "&CounterClockwiseContourIntegral;");
}

TEST_CASE("html.unescape decodes entities with and without a semicolon") {
  CHECK(unescaped("&lt &lt; &amp;amp; &ampx &notit; &notin;") == "< < &amp; &x ¬it; ∉");
  CHECK(unescaped("&CounterClockwiseContourIntegral;&NotEqualTilde;") == "∳≂̸");
  CHECK(unescaped("&#65 &#X41; &#x; &#; &# &") == "A A &#x; &#; &# &");
  CHECK(unescaped("&#0; &#x80; &#xD800; &#1114112; &#99999999999999999999;") == "� € � � �");
  CHECK(unescaped("a&#1;b&#xFFFF;c&#127;") == "abc");
  CHECK(unescaped("&unknown; &" + std::string(50, 'a') + ";") ==
        "&unknown; &" + std::string(50, 'a') + ";");
  CHECK(unescaped("&é;") == "&é;");
}

TEST_CASE("every HTML5 name is known") {
  int names = 0;
  for (std::string_view half : {data::entities_a_to_l, data::entities_m_to_z})
    for (char c : half) names += c == '=' ? 1 : 0;
  CHECK(names == 2125);
  CHECK(unescaped("&AElig;&lvnE;&mDDot;&zwnj;") == "Æ≨︀∺\u200c");
}

TEST_CASE("quotes, ligatures, widths, lines, controls and surrogates are made plain") {
  CHECK(fixed("“a” ‘b’ ʼ") == "\"a\" 'b' '");
  CHECK(fixed("ﬁ ﬃ ﬆ ﬅ Ǆ ĳ ŉ") == "fi ffi st ſt DŽ ij 'n");
  CHECK(fixed("Ｕﾀｰﾝ ｶﾞ ￥") == "Uターン ガ ¥");
  CHECK(fixed("a\r\nb\rc\u2028d\u2029e") == "a\nb\nc\nd\ne");
  CHECK(fixed("\x1b[36;44mblue\x1b[0m \x1b[x") == "blue ");
  CHECK(fixed("a\x01\x0b\x7f\ufeff\u206a\ufffcz\u200d") == "az\u200d");
  CHECK(fixed(std::string("a\0b", 3)) == "ab");
  CHECK(fixed("\xed\xa0\xbd\xed\xb2\xa9") == "💩");
  CHECK(fixed("\xed\xb2\xa9\xed\xa0\xbd") == "��");
  CHECK(fixed("e\u0301") == "é");
}

TEST_CASE("repairing twice changes nothing more") {
  for (std::string text : {"âœ” â€œxâ€\u009d", "voilÃ le", "&amp;amp;amp;", "Ã©Ã©Ã©", "ÃƒÂ©"}) {
    std::string const once = fixed(text);
    CHECK(fixed(once) == once);
  }
}
