// SPDX-License-Identifier: MIT
#include <span>

#include "fuzz/fuzz.hpp"
#include "fuzz/touch.hpp"
#include "vlsm/io/checkpoint.hpp"

// A weights file of any format, as it lies on a disk.
int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace vlsm;
  fuzz::only_errors([&] {
    auto const file = io::MappedFile::in_memory(std::as_bytes(std::span(data, size)), "file");
    fuzz::touch(io::detail::read_checkpoint_file(file, {}));
  });
  return 0;
}
