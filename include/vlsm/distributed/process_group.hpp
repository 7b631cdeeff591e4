// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "vlsm/base/error.hpp"
#include "vlsm/distributed/launch.hpp"

namespace c10d {
class ProcessGroup;
}

namespace vlsm {

/// What the others throw where one process has the reason: it throws that as an Error of its own.
class FailedElsewhere : public Error {
 public:
  /// `rank`: which has it.
  explicit FailedElsewhere(int rank)
      : Error("the training failed in another process", "process " + std::to_string(rank),
              "see what that one says") {}
};

/// The processes that train one model, and what they exchange. All of them call the same
/// functions in the same order, each from one thread; a process that throws instead is to end, by
/// which mpirun or torchrun ends the others. They communicate through MPI where the model is on a
/// CPU, through NCCL where it is on a GPU.
class ProcessGroup {
 public:
  /// One process, to which all below costs nothing.
  ProcessGroup();
  /// The processes of one mpirun or torchrun, a `device` each; returns once all are there. Throws
  /// Error where this build has no MPI (CPU) or NCCL (GPU), or was not started as the device needs
  /// it: by mpirun on CPUs, with an address and a port on GPUs.
  ProcessGroup(Launch const& launch, at::Device device);
  /// Calls `leave`, unless this process failed (`fail`) or an exception is in flight: the others
  /// may be waiting for a call that will not come, so it must not wait for them.
  ~ProcessGroup();
  ProcessGroup(ProcessGroup const&) = delete;
  ProcessGroup& operator=(ProcessGroup const&) = delete;

  int rank() const { return launch_.rank; }
  int size() const { return launch_.size; }
  /// Whether this is the process that writes files and prints.
  bool is_main() const { return launch_.rank == 0; }

  /// Replaces `values`, dense numbers on the group's device, by the sum over all processes.
  void all_reduce(at::Tensor const& values) const;
  /// The same for numbers; the same bits in all processes.
  std::vector<double> all_reduce(std::vector<double> const& values) const;
  /// Replaces `values`, dense on the group's device, by those of the first process.
  void broadcast(at::Tensor const& values) const;
  /// The first process's text, of any bytes.
  std::string broadcast(std::string const& text) const;
  /// The lowest rank for which `here` is true; size() where there is none.
  int first_rank_where(bool here) const;
  /// Whether `here` is true in any process.
  bool any(bool here) const { return first_rank_where(here) < size(); }
  /// Returns when all processes are here.
  void barrier() const;
  /// Waits for the others; from then on this process is one alone, and may end.
  void leave();
  /// This process will call no more: the destructor does not wait for the others.
  void fail() { failed_ = true; }

  /// LibTorch's view of this group, for what is built upon it; null for one process.
  c10d::ProcessGroup* c10d() const;

 private:
  struct Peers;
  Launch launch_;
  at::Device device_;
  std::unique_ptr<Peers> peers_;
  bool failed_ = false;
  int exceptions_;  // on their way when the group was made
};

/// Through what processes can communicate.
struct ProcessBackends {
  bool mpi = false;   ///< on CPUs
  bool nccl = false;  ///< on GPUs
};
/// What this build has of them.
ProcessBackends process_backends();

}  // namespace vlsm

#ifndef VLSM_COMPILED
#include "vlsm/distributed/impl/process_group.hpp"
#endif
