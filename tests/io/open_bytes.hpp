// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "io/builders.hpp"
#include "support/doctest.hpp"
#include "vlsm/io/checkpoint.hpp"

namespace vlsm::test {

/// The checkpoint that `bytes` are.
inline io::Checkpoint open_bytes(std::string const& bytes) {
  TempDir const folder;
  write_file(folder / "weights", bytes);
  return io::open_checkpoint(folder / "weights");
}

/// The tensor of that name, which must be there.
inline io::Array const& get(io::Checkpoint const& checkpoint, std::string const& name) {
  for (io::NamedArray const& tensor : checkpoint.tensors)
    if (tensor.name == name) return tensor.array;
  FAIL("no tensor ", name);
  return checkpoint.tensors[0].array;
}

}  // namespace vlsm::test
