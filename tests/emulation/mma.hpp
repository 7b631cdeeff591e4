// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "emulation/shared.hpp"
#include "emulation/warp.hpp"

// Tensor-core instructions as an exchange over their lane layout (vlsm/kernels/cuda/mma.cuh says
// it): each lane hands in its registers, the last one multiplies the matrices.

namespace vlsm::emulation {

struct Fragments {
  std::uint32_t a[4], b[2];
};

/// d += A B over the lanes of a warp; `spread(lane, fragments, A, B)` writes what one lane holds
/// into A [16, k] and B [k, 8].
template <int k, class Spread>
void multiply(char const* operation, float (&d)[4], std::uint32_t const (&a)[4],
              std::uint32_t const (&b)[2], Spread const& spread) {
  check_mask(0xffffffffu);
  static_assert(sizeof(Fragments) <= Warp::slot);
  Fragments own;
  std::memcpy(own.a, a, sizeof(own.a));
  std::memcpy(own.b, b, sizeof(own.b));
  Block& block = *Block::current;
  unsigned const phase =
      block.meet(operation, &own, sizeof(own), [&](std::byte const* in, std::byte* out) {
        float A[16][k], B[k][8], D[16][8] = {};
        for (unsigned lane = 0; lane < 32; ++lane) {
          Fragments fragments;
          std::memcpy(&fragments, in + lane * Warp::slot, sizeof(fragments));
          spread(lane, fragments, A, B);
        }
        for (int row = 0; row < 16; ++row)
          for (int i = 0; i < k; ++i)
            for (int column = 0; column < 8; ++column) D[row][column] += A[row][i] * B[i][column];
        for (unsigned lane = 0; lane < 32; ++lane) {
          unsigned const g = lane / 4, t = lane % 4;
          float const result[4] = {D[g][2 * t], D[g][2 * t + 1], D[g + 8][2 * t],
                                   D[g + 8][2 * t + 1]};
          std::memcpy(out + lane * Warp::slot, result, sizeof(result));
        }
      });
  float product[4];
  std::memcpy(product, block.warp().out[phase] + block.lane() * Warp::slot, sizeof(product));
  for (int i = 0; i < 4; ++i) d[i] += product[i];
}

/// `value(bits)` is the float of a 16-bit element.
template <class Value>
void mma_m16n8k16(float (&d)[4], std::uint32_t const (&a)[4], std::uint32_t const (&b)[2],
                  Value const& value) {
  multiply<16>(
      "mma.m16n8k16", d, a, b, [&](unsigned lane, Fragments const& from, auto& A, auto& B) {
        unsigned const g = lane / 4, t = lane % 4;
        for (unsigned i = 0; i < 4; ++i)
          for (unsigned half = 0; half < 2; ++half)
            A[g + i % 2 * 8][2 * t + half + i / 2 * 8] =
                value(static_cast<std::uint16_t>(from.a[i] >> 16 * half));
        for (unsigned i = 0; i < 2; ++i)
          for (unsigned half = 0; half < 2; ++half)
            B[2 * t + half + i * 8][g] = value(static_cast<std::uint16_t>(from.b[i] >> 16 * half));
      });
}

/// The tensor core does not see the lower 13 bits of its input.
inline void mma_m16n8k8(float (&d)[4], std::uint32_t const (&a)[4], std::uint32_t const (&b)[2]) {
  multiply<8>("mma.m16n8k8", d, a, b, [](unsigned lane, Fragments const& from, auto& A, auto& B) {
    auto const value = [](std::uint32_t bits) { return std::bit_cast<float>(bits & 0xffffe000u); };
    unsigned const g = lane / 4, t = lane % 4;
    for (unsigned i = 0; i < 4; ++i) A[g + i % 2 * 8][t + i / 2 * 4] = value(from.a[i]);
    for (unsigned i = 0; i < 2; ++i) B[t + i * 4][g] = value(from.b[i]);
  });
}

/// The element at which row `row` of matrix `matrix` begins, as the lane 8 matrix + row says.
template <class T>
class MatrixRows {
 public:
  MatrixRows(char const* operation, Shared<T> from, int index) {
    check_mask(0xffffffffu);
    from.check_inside(index, 8);
    if (from.address(index) % 16 != 0) from.fail_alignment(index, 16);
    Block& block = *Block::current;
    std::size_t const address = from.address(index);
    unsigned const phase =
        block.meet(operation, &address, sizeof(address), [](auto const*, auto*) {});
    slots_ = block.warp().in[phase];
    lane_ = block.lane();
  }

  /// Read by the lane that gets it, so that a race with it is seen.
  std::uint32_t read(unsigned matrix, unsigned row, unsigned column) const {
    std::size_t address = 0;
    std::memcpy(&address, slots_ + (8 * matrix + row) * Warp::slot, sizeof(address));
    return Shared<std::uint16_t>{address, 8}.read<std::uint16_t>(static_cast<int>(column));
  }

  unsigned g() const { return lane_ / 4; }
  unsigned t() const { return lane_ % 4; }

 private:
  std::byte const* slots_;
  unsigned lane_;
};

template <class T>
void load_matrices(std::uint32_t (&r)[4], Shared<T> from, int index) {
  static_assert(sizeof(T) == 2);
  MatrixRows<T> const rows("ldmatrix", from, index);
  for (unsigned i = 0; i < 4; ++i)
    r[i] = rows.read(i, rows.g(), 2 * rows.t()) | rows.read(i, rows.g(), 2 * rows.t() + 1) << 16;
}

template <class T>
void load_matrices_transposed(std::uint32_t (&r)[4], Shared<T> from, int index) {
  static_assert(sizeof(T) == 2);
  MatrixRows<T> const rows("ldmatrix.trans", from, index);
  for (unsigned i = 0; i < 4; ++i)
    r[i] = rows.read(i, 2 * rows.t(), rows.g()) | rows.read(i, 2 * rows.t() + 1, rows.g()) << 16;
}

}  // namespace vlsm::emulation
