// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "vlsm/kernels/cuda/block.cuh"

namespace vlsm::kernels {

/// Neighboring elements that move as one; its alignment lets the compiler do that.
template <class T, int N>
struct alignas(sizeof(T) * N) Vector {
  T element[N];
  VLSM_HOST_DEVICE T& operator[](int index) { return element[index]; }
  VLSM_HOST_DEVICE T const& operator[](int index) const { return element[index]; }
};

/// Whether an array may be read in steps of `bytes`: its address and each of its strides (in
/// elements) must allow it.
template <class T, class... Strides>
VLSM_HOST_DEVICE bool aligned(int bytes, T const* pointer, Strides... strides) {
  auto const fits = [&](std::uint64_t value) { return value % bytes == 0; };
  return fits(reinterpret_cast<std::uint64_t>(pointer)) && (fits(strides * sizeof(T)) && ...);
}

/// What a GPU refuses, the emulation must refuse too: its own machine reads at any address.
template <int N, class T>
__device__ void check_vector([[maybe_unused]] T const* address) {
#ifndef __CUDACC__
  emulation::check_aligned(address, sizeof(Vector<T, N>));
#endif
}

/// Under the emulation, what moves between registers and memory is counted.
__device__ inline void count_read([[maybe_unused]] std::size_t bytes) {
#ifndef __CUDACC__
  emulation::traffic.read += bytes;
#endif
}
__device__ inline void count_written([[maybe_unused]] std::size_t bytes) {
#ifndef __CUDACC__
  emulation::traffic.written += bytes;
#endif
}

template <int N, class T>
__device__ Vector<T, N> load_vector(T const* from) {
  check_vector<N>(from);
  count_read(sizeof(Vector<T, N>));
  return *reinterpret_cast<Vector<T, N> const*>(from);
}

template <int N, class T>
__device__ void store_vector(T* to, Vector<T, N> const& value) {
  check_vector<N>(to);
  count_written(sizeof(Vector<T, N>));
  *reinterpret_cast<Vector<T, N>*>(to) = value;
}

#ifdef __CUDACC__

template <int N, class T>
__device__ Vector<T, N> load_vector(Shared<T> from, int index) {
  return load_vector<N>(from.data + index);
}

template <int N, class T>
__device__ void store_vector(Shared<T> to, int index, Vector<T, N> const& value) {
  store_vector<N>(to.data + index, value);
}

/// Starts a copy of `bytes` (4, 8 or 16) into shared memory, or of zeros where not `valid`; `from`
/// must be a good address all the same.
template <int bytes, class T>
__device__ void copy_async(Shared<T> to, int index, T const* from, bool valid = true) {
  auto const address = static_cast<unsigned>(__cvta_generic_to_shared(to.data + index));
  int const size = valid ? bytes : 0;
  if constexpr (bytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(address), "l"(from),
                 "r"(size)
                 : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %3, %2;" ::"r"(address), "l"(from),
                 "r"(size), "n"(bytes)
                 : "memory");
}

/// Closes a group of the copies started so far.
__device__ inline void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

/// Waits until at most `pending` of this thread's groups are under way. The other threads see what
/// was copied after a barrier.
template <int pending>
__device__ void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(pending) : "memory");
}

#else

template <int N, class T>
Vector<T, N> load_vector(Shared<T> from, int index) {
  return from.template read<Vector<T, N> >(index);
}

template <int N, class T>
void store_vector(Shared<T> to, int index, Vector<T, N> const& value) {
  to.write(index, value);
}

template <int bytes, class T>
void copy_async(Shared<T> to, int index, T const* from, bool valid = true) {
  static_assert(bytes == 4 || bytes == 8 || bytes == 16);
  if (valid) count_read(bytes);
  emulation::copy_async(to, index, from, bytes, valid);
}

inline void commit_copies() { emulation::commit_copies(); }

template <int pending>
void wait_for_copies() {
  emulation::wait_for_copies(pending);
}

#endif

}  // namespace vlsm::kernels
