// SPDX-License-Identifier: MIT
#include <cmath>
#include <set>
#include <tuple>
#include <vector>

#include "kernels/faults.hpp"
#include "support/doctest.hpp"
#include "vlsm/kernels/common/philox.hpp"
#include "vlsm/kernels/cuda/mma.cuh"

using namespace vlsm::kernels;

namespace {

/// C [16, 8] = A [16, 16] B [16, 8], all row by row: A and B by way of shared memory and ldmatrix.
template <class T, bool complete = true>
__global__ void multiply_16bit(T const* A, T const* B, float* C) {
  auto const a_rows = shared_array<T>(0, 256);
  auto const b_rows = shared_array<T>(512, 256);
  int const lane = static_cast<int>(threadIdx.x), g = lane / 4, t = lane % 4;
  for (int i = lane; i < 256; i += 32) a_rows[i] = A[i];
  for (int i = lane; i < 256; i += 32) b_rows[i] = i % 16 < 8 ? B[i / 16 * 8 + i % 16] : T{};
  if (complete) __syncwarp();
  std::uint32_t a[4], b[4];
  load_matrices(a, a_rows, lane % 16 * 16 + lane / 16 * 8);
  load_matrices_transposed(b, b_rows, lane % 16 * 16 + lane / 16 * 8);
  float d[4] = {};
  std::uint32_t const left[2] = {b[0], b[1]};
  mma_m16n8k16<T>(d, a, left);
  for (int i = 0; i < 4; ++i) C[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = d[i];
}

/// C [16, 8] = A [16, 8] B [8, 8].
__global__ void multiply_tf32(float const* A, float const* B, float* C) {
  int const lane = static_cast<int>(threadIdx.x), g = lane / 4, t = lane % 4;
  std::uint32_t a[4], b[2];
  for (int i = 0; i < 4; ++i) a[i] = to_tf32(A[(g + i % 2 * 8) * 8 + t + i / 2 * 4]);
  for (int i = 0; i < 2; ++i) b[i] = to_tf32(B[(t + i * 4) * 8 + g]);
  float d[4] = {1, 1, 1, 1};
  mma_m16n8k8(d, a, b);
  for (int i = 0; i < 4; ++i) C[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = d[i];
}

/// Small whole numbers: every product and sum is exact.
float number(int i) { return static_cast<float>(i * 37 % 23 - 11); }

template <class T>
void check_product() {
  std::vector<T> A(256), B(128);
  std::vector<float> C(128);
  for (int i = 0; i < 256; ++i) A[i] = from_float<T>(number(i));
  for (int i = 0; i < 128; ++i) B[i] = from_float<T>(number(i + 5));
  VLSM_LAUNCH(multiply_16bit<T>, dim3(1), dim3(32), 1024, nullptr, A.data(), B.data(), C.data());
  for (int row = 0; row < 16; ++row)
    for (int column = 0; column < 8; ++column) {
      float sum = 0;
      for (int k = 0; k < 16; ++k) sum += to_float(A[row * 16 + k]) * to_float(B[k * 8 + column]);
      CHECK(C[row * 8 + column] == sum);
    }
}

}  // namespace

TEST_CASE("tensor cores: ldmatrix and mma.m16n8k16 multiply matrices") {
  check_product<Half>();
  check_product<BFloat16>();
  std::vector<Half> A(256), B(128);
  std::vector<float> C(128);
  CHECK(!vlsm::test::fault_of([&] {
           VLSM_LAUNCH((multiply_16bit<Half, false>), dim3(1), dim3(32), 1024, nullptr, A.data(),
                       B.data(), C.data());
         }).empty());
}

TEST_CASE("tensor cores: mma.m16n8k8 multiplies in TF32") {
  std::vector<float> A(128), B(64), C(128);
  for (int i = 0; i < 128; ++i) A[i] = number(i);
  for (int i = 0; i < 64; ++i) B[i] = number(i + 3);
  // Half a unit of TF32's last place is rounded away from zero, anything less is lost.
  A[0] = 1.0f + 0x1p-11f;
  A[1] = 1.0f + 0x1p-12f;
  VLSM_LAUNCH(multiply_tf32, dim3(1), dim3(32), 0, nullptr, A.data(), B.data(), C.data());
  A[0] = 1.0f + 0x1p-10f;
  A[1] = 1.0f;
  for (int row = 0; row < 16; ++row)
    for (int column = 0; column < 8; ++column) {
      float sum = 1;
      for (int k = 0; k < 8; ++k) sum += A[row * 8 + k] * B[k * 8 + column];
      CHECK(C[row * 8 + column] == doctest::Approx(sum));
    }
}

TEST_CASE("types: every half and bfloat16 survives float, and rounding goes to the nearest even") {
  for (unsigned bits = 0; bits < 65536; ++bits) {
    Half const half{static_cast<std::uint16_t>(bits)};
    if (std::isnan(to_float(half)))
      CHECK(std::isnan(to_float(from_float<Half>(to_float(half)))));
    else
      REQUIRE(from_float<Half>(to_float(half)).bits == bits);
    BFloat16 const brain{static_cast<std::uint16_t>(bits)};
    if (!std::isnan(to_float(brain))) REQUIRE(from_float<BFloat16>(to_float(brain)).bits == bits);
  }
  CHECK(to_float(Half{0x3c01}) == 1.0f + 0x1p-10f);
  CHECK(to_float(Half{0x0001}) == 0x1p-24f);
  CHECK(from_float<Half>(1.0f + 0x1p-11f).bits == 0x3c00);
  CHECK(from_float<Half>(1.0f + 3 * 0x1p-11f).bits == 0x3c02);
  CHECK(from_float<Half>(65519.0f).bits == 0x7bff);
  CHECK(from_float<Half>(65520.0f).bits == 0x7c00);
  CHECK(from_float<Half>(-0x1p-25f).bits == 0x8000);
  CHECK(from_float<Half>(0x1.8p-24f).bits == 0x0002);
  CHECK(from_float<BFloat16>(1.0f + 0x1p-8f).bits == 0x3f80);
  CHECK(from_float<BFloat16>(1.0f + 3 * 0x1p-8f).bits == 0x3f82);
  CHECK(pack<Half>(1.0f, 2.0f) == 0x40003c00u);
  CHECK(pack<BFloat16>(1.0f, 2.0f) == 0x40003f80u);
}

TEST_CASE("philox: the words are those of the paper's known answers") {
  static_assert(philox<10>(0, 0).word[0] == 0x6627e8d5u);
  static_assert(philox<10>(0, 0).word[1] == 0xe169c58du);
  static_assert(philox<10>(0, 0).word[2] == 0xbc57ac4cu);
  static_assert(philox<10>(0, 0).word[3] == 0x9b00dbd8u);
  static_assert(philox<7>(0, 0).word[0] == 0x5f6fb709u);
  static_assert(philox<7>(0, 0).word[1] == 0x0d893f64u);
  static_assert(philox<7>(0, 0).word[2] == 0x4f121f81u);
  static_assert(philox<7>(0, 0).word[3] == 0x4f730a48u);
  DropoutMask const mask{.seed = 7, .offset = 3, .threshold = dropout_threshold(0.25)};
  int kept = 0;
  for (std::uint64_t i = 0; i < 100000; ++i) kept += mask.keeps(i) ? 1 : 0;
  CHECK(kept > 74500);
  CHECK(kept < 75500);
  DropoutMask const later{.seed = 7, .offset = 4, .threshold = mask.threshold};
  for (std::uint64_t i = 0; i < 64; ++i) CHECK(mask.keeps(i + 4) == later.keeps(i));
}

TEST_CASE("score mask: every word of every draw is for one score, a share of them is dropped") {
  ScoreMask const scores({.seed = 7, .offset = 3, .threshold = dropout_threshold(0.25)});
  std::set<std::tuple<int, std::uint32_t, int>> used;
  int kept = 0;
  for (int row = 0; row < 600; ++row)
    for (int key = 0; key < 77; ++key) {
      int const t = key % 8 / 2, word = key % 2 + key / 8 % 2 * 2;
      auto const draw = static_cast<std::uint32_t>(key / 16 * 4 + t);
      CHECK(used.insert({row, draw, word}).second);
      auto const words =
          philox(PhiloxWords{{draw, static_cast<std::uint32_t>(row), 3, 0}}, PhiloxKeys<7>(7));
      CHECK(scores.keeps(row, key) == (words.word[word] >= scores.mask.threshold));
      kept += scores.keeps(row, key) ? 1 : 0;
    }
  CHECK(std::abs(kept / (600 * 77.0) - 0.75) < 0.01);
}
