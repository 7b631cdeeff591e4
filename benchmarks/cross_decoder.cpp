// SPDX-License-Identifier: MIT
#include "benchmarks/support/decoder.hpp"
#include "vlsm/models/cris.hpp"

// CRIS's decoder: three layers in which the cells look at each other, then at the words.
namespace vlsm::bench {
namespace {

Registration const all([] { add_decoder<Cris, io::cris>("cris"); });

}  // namespace
}  // namespace vlsm::bench
