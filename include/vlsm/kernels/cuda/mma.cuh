// SPDX-License-Identifier: MIT
#pragma once

#include <type_traits>

#include "vlsm/kernels/common/element.hpp"
#include "vlsm/kernels/cuda/block.cuh"

// Tensor cores. Lane layouts from the PTX ISA, "Matrix fragments for mma.m16n8k16 / .m16n8k8", with
// g = lane / 4 and t = lane % 4:
//   A 16 x 16, two elements a register: a[0] row g, columns 2t 2t+1; a[1] row g+8; a[2], a[3] the
//   same rows, columns + 8.                A 16 x 8, TF32: rows as above, columns t and t+4.
//   B 16 x 8: b[0] rows 2t 2t+1 of column g; b[1] rows + 8.          B 8 x 8, TF32: rows t and t+4.
//   D 16 x 8: d[0] d[1] row g, columns 2t 2t+1; d[2] d[3] row g+8.

#ifdef __CUDACC__

namespace vlsm::kernels {

// Macros, since the text of an instruction must be a literal.
#define VLSM_MMA(kind)                                                                           \
  asm volatile("mma.sync.aligned." kind " {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};" \
               : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])                                  \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))
#define VLSM_LDMATRIX(kind)                                                              \
  asm volatile("ldmatrix.sync.aligned." kind " {%0,%1,%2,%3}, [%4];"                     \
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])                          \
               : "r"(static_cast<unsigned>(__cvta_generic_to_shared(from.data + index))) \
               : "memory")

/// d += a b, 16-bit in, float sums.
template <class T>
__device__ void mma_m16n8k16(float (&d)[4], std::uint32_t const (&a)[4],
                             std::uint32_t const (&b)[2]) {
  if constexpr (std::is_same_v<T, Half>)
    VLSM_MMA("m16n8k16.row.col.f32.f16.f16.f32");
  else
    VLSM_MMA("m16n8k16.row.col.f32.bf16.bf16.f32");
}

/// d += a b, TF32 in (to_tf32), float sums.
__device__ inline void mma_m16n8k8(float (&d)[4], std::uint32_t const (&a)[4],
                                   std::uint32_t const (&b)[2]) {
  VLSM_MMA("m16n8k8.row.col.f32.tf32.tf32.f32");
}

/// Four 8 x 8 matrices of 16-bit elements: lane 8 i + r gives the element at which row r of matrix
/// i begins (16-byte aligned); r[i] gets row g, columns 2t 2t+1 of matrix i.
template <class T>
__device__ void load_matrices(std::uint32_t (&r)[4], Shared<T> from, int index) {
  static_assert(sizeof(T) == 2);
  VLSM_LDMATRIX("m8n8.x4.shared.b16");
}

/// The same of the transposed matrices: r[i] gets rows 2t 2t+1 of column g.
template <class T>
__device__ void load_matrices_transposed(std::uint32_t (&r)[4], Shared<T> from, int index) {
  static_assert(sizeof(T) == 2);
  VLSM_LDMATRIX("m8n8.x4.trans.shared.b16");
}

#undef VLSM_MMA
#undef VLSM_LDMATRIX

}  // namespace vlsm::kernels

#else

#include "emulation/mma.hpp"

namespace vlsm::kernels {

template <class T>
void mma_m16n8k16(float (&d)[4], std::uint32_t const (&a)[4], std::uint32_t const (&b)[2]) {
  emulation::mma_m16n8k16(d, a, b, [](std::uint16_t bits) { return to_float(T{bits}); });
}

using emulation::load_matrices;
using emulation::load_matrices_transposed;
using emulation::mma_m16n8k8;

}  // namespace vlsm::kernels

#endif
