// SPDX-License-Identifier: MIT
#pragma once

#include <cstdlib>
#include <functional>
#include <string>

#include "vlsm/base/error.hpp"

namespace vlsm {

/// How this process was started, and which of how many it is.
struct Launch {
  enum class By {
    hand,      ///< alone
    mpirun,    ///< of OpenMPI, MPICH or Intel
    torchrun,  ///< or whoever else sets its variables
  };
  By by = By::hand;
  int rank = 0, size = 1;              ///< of all processes
  int local_rank = 0, local_size = 1;  ///< of those on this machine
  std::string address = {};  ///< MASTER_ADDR and MASTER_PORT: where the first process listens
  int port = 0;
};

/// Reads a variable of the environment; null where it is not set.
using Environment = std::function<char const*(char const* name)>;

/// How this process was started, by the variables that mpirun (OMPI_COMM_WORLD_RANK, PMI_RANK, …)
/// or torchrun (RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT) sets. One process of one is started by
/// hand, whoever started it. Throws Error where a variable is not a number, or torchrun's are not
/// all there.
inline Launch find_launch(Environment const& variable = [](char const* name) {
  return static_cast<char const*>(std::getenv(name));
}) {
  auto const number = [&](char const* name, int low, int otherwise) {
    char const* const text = variable(name);
    if (!text) return otherwise;
    char* end = nullptr;
    long const value = std::strtol(text, &end, 10);
    if (end == text || *end != 0 || value < low || value > 1'000'000)
      throw Error("a variable of the launcher is no number from " + std::to_string(low),
                  std::string(name) + "=" + text,
                  "start by mpirun or torchrun, or unset it to run one process");
    return static_cast<int>(value);
  };
  auto const found = [&](Launch launch) {
    if (launch.size <= 1) return Launch{};
    if (launch.rank >= launch.size)
      throw Error("the launcher counts no process of this number",
                  "process " + std::to_string(launch.rank) + " of " + std::to_string(launch.size),
                  "start by mpirun or torchrun");
    if (char const* const address = variable("MASTER_ADDR")) launch.address = address;
    launch.port = number("MASTER_PORT", 1, 0);
    return launch;
  };
  if (variable("OMPI_COMM_WORLD_SIZE"))
    return found({.by = Launch::By::mpirun,
                  .rank = number("OMPI_COMM_WORLD_RANK", 0, 0),
                  .size = number("OMPI_COMM_WORLD_SIZE", 1, 1),
                  .local_rank = number("OMPI_COMM_WORLD_LOCAL_RANK", 0, 0),
                  .local_size = number("OMPI_COMM_WORLD_LOCAL_SIZE", 1, 1)});
  if (variable("PMI_SIZE"))
    return found({.by = Launch::By::mpirun,
                  .rank = number("PMI_RANK", 0, 0),
                  .size = number("PMI_SIZE", 1, 1),
                  .local_rank = number("MPI_LOCALRANKID", 0, 0),
                  .local_size = number("MPI_LOCALNRANKS", 1, 1)});
  if (!variable("WORLD_SIZE")) return {};
  Launch const launch = found({.by = Launch::By::torchrun,
                               .rank = number("RANK", 0, 0),
                               .size = number("WORLD_SIZE", 1, 1),
                               .local_rank = number("LOCAL_RANK", 0, 0),
                               .local_size = number("LOCAL_WORLD_SIZE", 1, 1)});
  for (char const* name : {"RANK", "MASTER_ADDR", "MASTER_PORT"})
    if (launch.size > 1 && !variable(name))
      throw Error("a variable of the launcher is missing", name,
                  "start by torchrun, or unset WORLD_SIZE to run one process");
  return launch;
}

}  // namespace vlsm
