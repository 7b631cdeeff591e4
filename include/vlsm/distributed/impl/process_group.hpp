// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/ATen.h>

#include <cstring>
#include <exception>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>

#include "vlsm/base/compiled.hpp"
#include "vlsm/distributed/mpi_backend.hpp"
#include "vlsm/distributed/nccl_backend.hpp"
#include "vlsm/distributed/process_group.hpp"

namespace vlsm {

struct ProcessGroup::Peers {
  c10::intrusive_ptr<c10d::ProcessGroup> group;
#ifdef VLSM_MPI
  c10::intrusive_ptr<MpiBackend> mpi;
#endif
};

VLSM_INLINE ProcessBackends process_backends() {
  ProcessBackends has;
#ifdef VLSM_MPI
  has.mpi = true;
#endif
#ifdef VLSM_NCCL
  has.nccl = true;
#endif
  return has;
}

VLSM_INLINE ProcessGroup::ProcessGroup()
    : device_(at::kCPU), exceptions_(std::uncaught_exceptions()) {}

VLSM_INLINE ProcessGroup::ProcessGroup(Launch const& launch, at::Device device)
    : launch_(launch), device_(device), exceptions_(std::uncaught_exceptions()) {
  if (launch.size <= 1) return;
  bool const by_hand = launch.address.empty() || launch.port == 0;
  c10::intrusive_ptr<c10d::Backend> backend;
  auto kind = c10d::ProcessGroup::BackendType::CUSTOM;
  auto peers = std::make_unique<Peers>();
  if (device.is_cuda()) {
    if (by_hand)
      throw Error("processes with a GPU each need a place to meet", "MASTER_ADDR, MASTER_PORT",
                  "start by torchrun, or set both for mpirun (-x MASTER_ADDR=host -x "
                  "MASTER_PORT=29500)");
#ifdef VLSM_NCCL
    kind = c10d::ProcessGroup::BackendType::NCCL;
    backend = nccl_backend(launch, device);
#else
    throw Error("this build has no NCCL, through which GPUs communicate", "several processes",
                "build with the preset cuda on a machine that has nccl.h, or start one process");
#endif
  } else {
    if (launch.by != Launch::By::mpirun)
      throw Error("processes on CPUs talk through MPI: LibTorch's wheel has no Gloo",
                  std::to_string(launch.size) + " processes of torchrun",
                  "start them by mpirun, or give each a GPU");
#ifdef VLSM_MPI
    peers->mpi = MpiBackend::start();
    backend = peers->mpi;
    if (backend->getSize() != launch.size)
      throw Error("MPI counts " + std::to_string(backend->getSize()) + " processes, mpirun " +
                      std::to_string(launch.size),
                  "several processes", "start by the mpirun of the MPI that vlsm was built with");
#else
    throw Error("this build has no MPI, through which processes on CPUs communicate",
                "several processes",
                "install libopenmpi-dev and openmpi-bin, configure and build again");
#endif
  }
  peers->group = c10::make_intrusive<c10d::ProcessGroup>(launch.rank, launch.size);
  peers->group->setBackend(device.type(), kind, backend);
  peers->group->setDefaultBackend(kind);
  peers_ = std::move(peers);
}

VLSM_INLINE ProcessGroup::~ProcessGroup() {
  if (failed_ || std::uncaught_exceptions() > exceptions_) return;
  try {
    leave();
  } catch (std::exception const&) {
    // The launcher notices a process that exits early.
  }
}

VLSM_INLINE void ProcessGroup::leave() {
  if (!peers_) return;
  barrier();
#ifdef VLSM_MPI
  if (peers_->mpi) peers_->mpi->leave();
#endif
  peers_.reset();
  launch_ = {};
}

VLSM_INLINE c10d::ProcessGroup* ProcessGroup::c10d() const {
  return peers_ ? peers_->group.get() : nullptr;
}

VLSM_INLINE void ProcessGroup::all_reduce(at::Tensor const& values) const {
  if (!peers_ || values.numel() == 0) return;
  at::NoGradGuard const no_grad;
  std::vector<at::Tensor> tensors{values.detach()};
  peers_->group->allreduce(tensors)->wait();
}

VLSM_INLINE std::vector<double> ProcessGroup::all_reduce(std::vector<double> const& values) const {
  if (!peers_ || values.empty()) return values;
  at::Tensor const there = at::tensor(values, at::kDouble).to(device_);
  all_reduce(there);
  at::Tensor const here = there.cpu();
  return {here.const_data_ptr<double>(), here.const_data_ptr<double>() + here.numel()};
}

VLSM_INLINE void ProcessGroup::broadcast(at::Tensor const& values) const {
  if (!peers_ || values.numel() == 0) return;
  at::NoGradGuard const no_grad;
  at::Tensor const plain = values.detach(), dense = plain.contiguous();
  std::vector<at::Tensor> tensors{dense};
  peers_->group->broadcast(tensors)->wait();
  if (!plain.is_contiguous()) plain.copy_(dense);
}

VLSM_INLINE std::string ProcessGroup::broadcast(std::string const& text) const {
  if (!peers_) return text;
  auto const bytes = static_cast<std::int64_t>(
      all_reduce(std::vector<double>{is_main() ? 1.0 * text.size() : 0.0})[0]);
  at::Tensor here = at::empty({bytes}, at::kByte);
  if (is_main() && bytes > 0) std::memcpy(here.mutable_data_ptr(), text.data(), text.size());
  here = here.to(device_);
  broadcast(here);
  here = here.cpu();
  return {static_cast<char const*>(here.const_data_ptr()), static_cast<std::size_t>(bytes)};
}

VLSM_INLINE int ProcessGroup::first_rank_where(bool here) const {
  std::vector<double> flags(static_cast<std::size_t>(size()), 0);
  flags[static_cast<std::size_t>(rank())] = here;
  flags = all_reduce(flags);
  int first = 0;
  while (first < size() && flags[static_cast<std::size_t>(first)] == 0) ++first;
  return first;
}

VLSM_INLINE void ProcessGroup::barrier() const { any(false); }

}  // namespace vlsm
