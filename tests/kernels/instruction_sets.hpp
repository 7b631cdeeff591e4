// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "vlsm/kernels/cpu/isa.hpp"

namespace vlsm::test {

/// Those of this machine that CPU kernels are compiled for.
inline std::vector<kernels::cpu::Isa> instruction_sets() {
  using kernels::cpu::Isa;
  std::vector<Isa> sets{Isa::base};
  if (kernels::cpu::best_isa() >= Isa::avx2) sets.push_back(Isa::avx2);
  if (kernels::cpu::best_isa() >= Isa::avx512) sets.push_back(Isa::avx512);
  return sets;
}

}  // namespace vlsm::test
