// SPDX-License-Identifier: MIT
#include <vector>

#include "kernels/faults.hpp"
#include "support/doctest.hpp"
#include "vlsm/kernels/cuda/block.cuh"
#include "vlsm/kernels/cuda/copy.cuh"

using namespace vlsm::kernels;
namespace emulation = vlsm::emulation;

namespace {

/// Sums 256 numbers by halving. Without its second barrier a thread may add what is not there yet.
template <bool complete>
__global__ void sum_by_halving(float const* in, float* out) {
  auto const partial = shared_array<float>(0, 256);
  int const i = static_cast<int>(threadIdx.x);
  partial[i] = in[256 * blockIdx.x + i];
  __syncthreads();
  for (int step = 128; step > 0; step /= 2) {
    if (i < step) partial[i] += partial[i + step];
    if (complete || step != 32) __syncthreads();
  }
  if (i == 0) out[blockIdx.x] = partial[0];
}

/// The lanes of a warp turn their values around by way of shared memory.
template <bool complete>
__global__ void reverse_in_warp(float* values) {
  auto const row = shared_array<float>(0, 64);
  int const i = static_cast<int>(threadIdx.x), base = i / 32 * 32;
  row[i] = values[i];
  if (complete) __syncwarp();
  values[i] = row[base + 31 - i % 32];
}

__global__ void shuffles(float* sums, float* greatest, float* neighbors, unsigned* votes) {
  int const i = static_cast<int>(threadIdx.x);
  sums[i] = warp_sum(static_cast<float>(i));
  greatest[i] = warp_max<4>(static_cast<float>(i));
  neighbors[i] = shuffle(static_cast<float>(i), (i + 1) % 32);
  votes[i / 32] = __ballot_sync(full_warp, i % 3 == 0);
}

__global__ void copy_with_cp_async(float const* in, float* out, int groups_to_wait) {
  auto const row = shared_array<float>(0, 256);
  int const i = static_cast<int>(threadIdx.x);
  copy_async<16>(row, 4 * i, in + 4 * i);
  commit_copies();
  copy_async<4>(row, 128 + i, in + i, i % 2 == 0);
  commit_copies();
  if (groups_to_wait > 1) wait_for_copies<0>();
  if (groups_to_wait == 1) wait_for_copies<1>();
  __syncthreads();
  for (int j = i; j < 160; j += 32) out[j] = row[j];
}

template <class T>
__global__ void one_access(int bytes, int write_at, int read_at) {
  auto const array = shared_array<T>(0, bytes / static_cast<int>(sizeof(T)));
  if (write_at >= 0) array[write_at] = T{};
  if (read_at >= 0) [[maybe_unused]]
    T const value = array[read_at];
}

__global__ void wide_copy(float const* from, float* to) { store_vector(to, load_vector<4>(from)); }

__global__ void wide_access(int at) {
  auto const array = shared_array<float>(0, 16);
  store_vector(array, at, Vector<float, 4>{});
}

__global__ void write_after_read(bool same_warp) {
  auto const array = shared_array<float>(0, 64);
  int const i = static_cast<int>(threadIdx.x);
  array[i] = 0;
  __syncthreads();
  [[maybe_unused]] float const read = array[same_warp ? i / 32 * 32 : 0];
  if (same_warp) __syncwarp();
  if (same_warp ? i % 32 == 5 : i == 0) array[same_warp ? i / 32 * 32 : 0] = 1;
}

__global__ void leave_early(int leaver) {
  if (static_cast<int>(threadIdx.x) == leaver) return;
  __syncthreads();
}

__global__ void part_ways() {
  if (threadIdx.x < 32)
    __syncthreads();
  else if (threadIdx.x == 32)
    __syncwarp();
  else
    __shfl_sync(full_warp, 1, 0);
}

__global__ void note_order(std::vector<unsigned>* order) {
  order->push_back(blockIdx.x * blockDim.x + threadIdx.x);
}

std::vector<float> sums_of(int blocks, void (*kernel)(float const*, float*)) {
  std::vector<float> in(256 * blocks), out(blocks);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>(i % 7);
  VLSM_LAUNCH(kernel, dim3(blocks), dim3(256), 1024, nullptr, in.data(), out.data());
  return out;
}

}  // namespace

TEST_CASE("emulation: barriers order the threads, whatever their order") {
  for (unsigned seed : {1u, 2u, 3u, 4u}) {
    emulation::options.seed = seed;
    auto const sums = sums_of(3, sum_by_halving<true>);
    for (int block = 0; block < 3; ++block) {
      float expected = 0;
      for (int i = 0; i < 256; ++i) expected += static_cast<float>((256 * block + i) % 7);
      CHECK(sums[block] == expected);
    }
  }
}

TEST_CASE("emulation: a barrier taken away is seen under every seed") {
  for (unsigned seed = 1; seed <= 8; ++seed) {
    emulation::options.seed = seed;
    CHECK_FAULT(sums_of(1, sum_by_halving<false>), "race in shared memory");
  }
}

TEST_CASE("emulation: __syncwarp orders the lanes of a warp, and nothing else does") {
  std::vector<float> values(64);
  auto const run = [&](auto kernel) {
    for (int i = 0; i < 64; ++i) values[i] = static_cast<float>(i);
    VLSM_LAUNCH(kernel, dim3(1), dim3(64), 256, nullptr, values.data());
  };
  for (unsigned seed = 1; seed <= 4; ++seed) {
    emulation::options.seed = seed;
    run(reverse_in_warp<true>);
    for (int i = 0; i < 64; ++i) CHECK(values[i] == static_cast<float>(i / 32 * 32 + 31 - i % 32));
    CHECK(!vlsm::test::fault_of([&] { run(reverse_in_warp<false>); }).empty());
  }
}

TEST_CASE("emulation: shuffles and votes exchange the values of lanes") {
  std::vector<float> sums(64), greatest(64), neighbors(64);
  std::vector<unsigned> votes(2);
  VLSM_LAUNCH(shuffles, dim3(1), dim3(64), 0, nullptr, sums.data(), greatest.data(),
              neighbors.data(), votes.data());
  for (int i = 0; i < 64; ++i) {
    CHECK(sums[i] == (i < 32 ? 496.0f : 496.0f + 1024.0f));
    CHECK(greatest[i] == static_cast<float>(i / 4 * 4 + 3));
    CHECK(neighbors[i] == static_cast<float>(i / 32 * 32 + (i + 1) % 32));
  }
  CHECK(votes[0] == 0x49249249u);
  CHECK(votes[1] == 0x92492492u);
}

TEST_CASE("emulation: asynchronous copies arrive when they are waited for") {
  alignas(16) float in[128];
  for (int i = 0; i < 128; ++i) in[i] = static_cast<float>(i + 1);
  std::vector<float> out(160);
  VLSM_LAUNCH(copy_with_cp_async, dim3(1), dim3(32), 1024, nullptr, in, out.data(), 2);
  for (int i = 0; i < 128; ++i) CHECK(out[i] == in[i]);
  for (int i = 0; i < 32; ++i) CHECK(out[128 + i] == (i % 2 == 0 ? in[i] : 0.0f));
  for (int groups : {0, 1})
    CHECK_FAULT(
        VLSM_LAUNCH(copy_with_cp_async, dim3(1), dim3(32), 1024, nullptr, in, out.data(), groups),
        "holds nothing yet");
}

TEST_CASE("emulation: an access outside of an array or of the block's memory is reported") {
  auto const run = [](int bytes, int write_at, int read_at, int allowed) {
    VLSM_LAUNCH(one_access<float>, dim3(1), dim3(1), allowed, nullptr, bytes, write_at, read_at);
  };
  CHECK(vlsm::test::fault_of([&] { run(64, 15, 15, 64); }).empty());
  CHECK_FAULT(run(64, 16, -1, 64), "element 16 of 16");
  CHECK_FAULT(run(64, -1, 16, 64), "element 16 of 16");
  CHECK_FAULT(run(64, 0, -1, 60), "ends at byte 64 of 60");
  CHECK_FAULT(run(64, 16, -1, 128), "block (0, 0, 0), thread (0, 0, 0)");
  auto const wide = [](int at) { VLSM_LAUNCH(wide_access, dim3(1), dim3(1), 64, nullptr, at); };
  CHECK(vlsm::test::fault_of([&] { wide(12); }).empty());
  CHECK_FAULT(wide(16), "element 16 and the next 3 of 16");
  CHECK_FAULT(wide(2), "multiple of 16 bytes");
  alignas(16) float numbers[12] = {};
  auto const copy = [&](int from, int to) {
    VLSM_LAUNCH(wide_copy, dim3(1), dim3(1), 0, nullptr, numbers + from, numbers + to);
  };
  CHECK(vlsm::test::fault_of([&] { copy(4, 8); }).empty());
  CHECK_FAULT(copy(2, 8), "an access of 16 bytes at an address that is no multiple of them");
  CHECK_FAULT(copy(0, 6), "an access of 16 bytes at an address that is no multiple of them");
}

TEST_CASE("emulation: memory that nobody wrote is not read, in the next block neither") {
  auto const run = [](int write_at, int read_at) {
    VLSM_LAUNCH(one_access<std::uint16_t>, dim3(2), dim3(1), 64, nullptr, 64, write_at, read_at);
  };
  CHECK(vlsm::test::fault_of([&] { run(3, 3); }).empty());
  CHECK_FAULT(run(3, 4), "holds nothing yet: element 4");
  CHECK_FAULT(run(-1, 3), "holds nothing yet: element 3");
}

TEST_CASE("emulation: a write after another thread's read is a race, a barrier between is not") {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    emulation::options.seed = seed;
    CHECK_FAULT(VLSM_LAUNCH(write_after_read, dim3(1), dim3(64), 256, nullptr, false), "race");
    CHECK(vlsm::test::fault_of([] {
            VLSM_LAUNCH(write_after_read, dim3(1), dim3(64), 256, nullptr, true);
          }).empty());
  }
}

TEST_CASE("emulation: a deadlock is an error, not a hang") {
  CHECK_FAULT(VLSM_LAUNCH(leave_early, dim3(1), dim3(64), 0, nullptr, 7),
              "thread (7, 0, 0) has left the kernel");
  CHECK(vlsm::test::fault_of([] {
          VLSM_LAUNCH(leave_early, dim3(1), dim3(64), 0, nullptr, -1);
        }).empty());
  CHECK_FAULT(VLSM_LAUNCH(part_ways, dim3(1), dim3(64), 0, nullptr), "lanes of one warp meet in");
}

TEST_CASE("emulation: the seed draws the order of blocks and threads") {
  auto const order_of = [](unsigned seed) {
    emulation::options.seed = seed;
    std::vector<unsigned> order;
    VLSM_LAUNCH(note_order, dim3(4), dim3(32), 0, nullptr, &order);
    return order;
  };
  CHECK(order_of(1) == order_of(1));
  CHECK(order_of(1) != order_of(2));
  CHECK(order_of(3).size() == 128);
}

TEST_CASE("emulation: a launch that no GPU takes is refused") {
  auto const launch = [](unsigned threads, int bytes) {
    VLSM_LAUNCH(leave_early, dim3(1), dim3(threads), bytes, nullptr, -1);
  };
  CHECK_FAULT(launch(1025, 0), "a block of 1025 threads");
  emulation::options.capability = 86;
  CHECK_FAULT(launch(32, 100 * 1024), "take at most 101376");
  emulation::options.capability = 80;
  CHECK(vlsm::test::fault_of([&] { launch(32, 100 * 1024); }).empty());
}
