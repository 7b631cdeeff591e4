// SPDX-License-Identifier: MIT
#include "fuzz/fuzz.hpp"
#include "vlsm/prompts/attribute_file.hpp"

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace vlsm;
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  fuzz::only_errors([&] {
    AttributeFile const file = parse_attributes(text, "file");
    for (auto const& [mask, row] : file.rows) {
      fuzz::require(!mask.empty(), "a mask has a name");
      fuzz::require(!row.shape || !row.shape->empty(), "a shape has letters");
      fuzz::require(!row.color || !row.color->empty(), "a color has letters");
    }
    std::string const written = attributes_text(file, "file");
    fuzz::require(attributes_text(parse_attributes(written, "file"), "file") == written,
                  "what was written is read again");
  });
  return 0;
}
