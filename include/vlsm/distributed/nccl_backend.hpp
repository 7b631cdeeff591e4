// SPDX-License-Identifier: MIT
#pragma once

#ifdef VLSM_NCCL
#ifndef USE_C10D_NCCL
#define USE_C10D_NCCL
#endif
#include <c10/cuda/CUDAFunctions.h>

#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "vlsm/distributed/launch.hpp"

namespace vlsm {

/// LibTorch's collectives over NCCL, between the GPUs of the processes that `launch` tells of.
/// They meet at a TCPStore: torchrun's own, or where the first process listens at `launch.address`.
inline c10::intrusive_ptr<c10d::Backend> nccl_backend(Launch const& launch, at::Device gpu) {
  c10::cuda::set_device(gpu.index());
  c10d::TCPStoreOptions how;
  how.port = static_cast<std::uint16_t>(launch.port);
  // torchrun's agent listens at that port already, unless it says that it does not.
  char const* const agent = std::getenv("TORCHELASTIC_USE_AGENT_STORE");
  how.isServer = launch.rank == 0 && !(agent && std::string(agent) == "True");
  how.numWorkers = static_cast<std::size_t>(launch.size);
  auto store = c10::make_intrusive<c10d::PrefixStore>(
      "vlsm", c10::make_intrusive<c10d::TCPStore>(launch.address, how));
  auto backend = c10::make_intrusive<c10d::ProcessGroupNCCL>(
      std::move(store), launch.rank, launch.size, c10d::ProcessGroupNCCL::Options::create());
  backend->setBoundDeviceId(gpu);
  return backend;
}

}  // namespace vlsm
#endif
