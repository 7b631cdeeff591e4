// SPDX-License-Identifier: MIT
#pragma once

#include <cstring>

#include "emulation/block.hpp"

// CUDA's warp functions. Only whole warps are emulated: a mask that leaves lanes out is an error.

namespace vlsm::emulation {

inline void check_mask(unsigned mask) {
  Block& block = *Block::current;
  if (block.warp().size != 32 || mask != 0xffffffffu)
    block.fail("a warp function without all of 32 lanes", "let whole warps call it");
}

template <class T>
T shuffle(char const* operation, unsigned mask, T value, unsigned source) {
  static_assert(sizeof(T) <= Warp::slot);
  check_mask(mask);
  Block& block = *Block::current;
  unsigned const phase = block.meet(operation, &value, sizeof(T), [](auto*, auto*) {});
  std::memcpy(&value, block.warp().in[phase] + source % 32 * Warp::slot, sizeof(T));
  return value;
}

}  // namespace vlsm::emulation

template <class T>
T __shfl_sync(unsigned mask, T value, int lane) {
  return vlsm::emulation::shuffle("__shfl_sync", mask, value, static_cast<unsigned>(lane));
}

template <class T>
T __shfl_xor_sync(unsigned mask, T value, int with) {
  unsigned const lane = vlsm::emulation::Block::current->lane();
  return vlsm::emulation::shuffle("__shfl_xor_sync", mask, value, lane ^ with);
}

template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned by) {
  unsigned const lane = vlsm::emulation::Block::current->lane();
  return vlsm::emulation::shuffle("__shfl_down_sync", mask, value,
                                  lane + by < 32 ? lane + by : lane);
}

template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned by) {
  unsigned const lane = vlsm::emulation::Block::current->lane();
  return vlsm::emulation::shuffle("__shfl_up_sync", mask, value, lane >= by ? lane - by : lane);
}

inline unsigned __ballot_sync(unsigned mask, bool predicate) {
  vlsm::emulation::check_mask(mask);
  auto& block = *vlsm::emulation::Block::current;
  unsigned const phase =
      block.meet("__ballot_sync", &predicate, sizeof(bool), [](auto const* in, auto* out) {
        unsigned votes = 0;
        for (unsigned lane = 0; lane < 32; ++lane)
          votes |= static_cast<unsigned>(in[lane * vlsm::emulation::Warp::slot] != std::byte{0})
                   << lane;
        std::memcpy(out, &votes, sizeof(votes));
      });
  unsigned votes = 0;
  std::memcpy(&votes, block.warp().out[phase], sizeof(votes));
  return votes;
}

inline bool __any_sync(unsigned mask, bool predicate) {
  return __ballot_sync(mask, predicate) != 0;
}

inline bool __all_sync(unsigned mask, bool predicate) {
  return __ballot_sync(mask, predicate) == 0xffffffffu;
}

/// The one warp function that orders shared memory.
inline void __syncwarp(unsigned mask = 0xffffffffu) {
  vlsm::emulation::check_mask(mask);
  auto& block = *vlsm::emulation::Block::current;
  auto& warp = block.warp();
  block.meet("__syncwarp", nullptr, 0, [&](auto*, auto*) { ++warp.sync; });
}

inline void __syncthreads() { vlsm::emulation::Block::current->barrier(); }
