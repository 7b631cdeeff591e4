// SPDX-License-Identifier: MIT
#include <map>
#include <set>

#include "support/doctest.hpp"
#include "support/error.hpp"
#include "vlsm/data/shard.hpp"
#include "vlsm/distributed/launch.hpp"

// Who of several processes sees which examples, and who they are.
namespace {

using namespace vlsm;

std::vector<std::size_t> mixed(std::size_t count) {
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i)
    order[i] = (i * 7 + 3) % count;  // 7 and count are coprime
  return order;
}

/// The shards of all processes.
std::vector<Shard> shards(std::vector<std::size_t> const& order, ShardOptions how) {
  std::vector<Shard> all;
  for (how.rank = 0; how.rank < how.processes; ++how.rank) all.push_back(shard_of(order, how));
  return all;
}

/// Positions of pass `pass`.
std::vector<std::size_t> pass_of(Shard const& shard, std::size_t pass) {
  auto const begin = shard.positions.begin() + (pass ? shard.ends[pass - 1] : 0);
  return {begin, shard.positions.begin() + shard.ends[pass]};
}

}  // namespace

TEST_CASE("the shards of a step are its batch, each example once, in as many passes") {
  int cases = 0;
  for (std::size_t count : {1, 2, 5, 13, 33, 60})
    for (std::size_t batch : {1, 2, 8, 100})
      for (std::size_t pass : {1, 3, 8, 100})
        for (std::size_t processes : {1, 2, 3, 7})
          for (bool by_example : {false, true}) {
            auto const order = mixed(count);
            auto const all = shards(order, {.batch = batch,
                                            .pass = pass,
                                            .processes = processes,
                                            .by_example = by_example,
                                            .stand_ins = true});
            std::size_t const steps = (count + batch - 1) / batch;
            for (std::size_t step = 0; step < steps; ++step) {
              std::multiset<std::size_t> seen;
              std::size_t least = count, most = 0;
              for (Shard const& shard : all) {
                REQUIRE(shard.passes == all[0].passes);
                REQUIRE(shard.passes.size() == steps);
                std::size_t own = 0;
                for (std::size_t p = shard.passes_before(step); p < shard.passes[step]; ++p) {
                  auto const positions = pass_of(shard, p);
                  REQUIRE(!positions.empty());
                  REQUIRE(positions.size() <= pass);
                  if (!shard.counts[p]) {
                    REQUIRE(positions.size() == 1);
                    continue;
                  }
                  own += positions.size();
                  seen.insert(positions.begin(), positions.end());
                  for (std::size_t position : positions)
                    if (by_example)
                      REQUIRE(order[position] % processes ==
                              static_cast<std::size_t>(&shard - all.data()));
                }
                least = std::min(least, own);
                most = std::max(most, own);
              }
              std::multiset<std::size_t> wanted;
              for (std::size_t p = step * batch; p < std::min(count, (step + 1) * batch); ++p)
                wanted.insert(p);
              REQUIRE(seen == wanted);
              if (!by_example && batch <= pass * processes) REQUIRE(most - least <= 1);
              ++cases;
            }
          }
  CHECK(cases > 1000);
}

TEST_CASE("one process has the epoch as it is, cut into passes") {
  Shard const shard = shard_of(mixed(13), {.batch = 5, .pass = 2, .stand_ins = true});
  CHECK(shard.ends == std::vector<std::size_t>{2, 4, 5, 7, 9, 10, 12, 13});
  CHECK(shard.passes == std::vector<std::size_t>{3, 6, 8});
  for (std::size_t i = 0; i < 13; ++i) CHECK(shard.positions[i] == i);
  CHECK(shard.of(mixed(13)) == mixed(13));
}

TEST_CASE("without stand-ins a process may have nothing at all") {
  auto const all = shards({0}, {.batch = 4, .pass = 4, .processes = 3});
  CHECK(all[0].positions.size() == 1);
  CHECK(all[1].positions.empty());
  CHECK(all[1].ends.empty());
  CHECK(all[2].passes == std::vector<std::size_t>{0});
}

TEST_CASE("who stands in sees a picture of its own where it has one") {
  // Process 1 owns the odd examples; the second batch has none.
  Shard const shard = shard_of(
      {0, 1, 2, 4},
      {.batch = 2, .pass = 2, .rank = 1, .processes = 2, .by_example = true, .stand_ins = true});
  CHECK(shard.positions == std::vector<std::size_t>{1, 1});
  CHECK(shard.counts == std::vector<bool>{true, false});
}

namespace {

Launch launch(std::map<std::string, std::string> const& variables) {
  return find_launch([&](char const* name) -> char const* {
    auto const found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

}  // namespace

TEST_CASE("a launcher is known by its variables") {
  CHECK(launch({}).by == Launch::By::hand);
  CHECK(launch({}).size == 1);
  Launch const open = launch({{"OMPI_COMM_WORLD_RANK", "2"},
                              {"OMPI_COMM_WORLD_SIZE", "4"},
                              {"OMPI_COMM_WORLD_LOCAL_RANK", "0"},
                              {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}});
  CHECK(open.by == Launch::By::mpirun);
  CHECK(open.rank == 2);
  CHECK(open.size == 4);
  CHECK(open.local_rank == 0);
  CHECK(open.local_size == 2);
  Launch const mpich = launch({{"PMI_RANK", "1"}, {"PMI_SIZE", "2"}});
  CHECK(mpich.by == Launch::By::mpirun);
  CHECK(mpich.rank == 1);
  Launch const torch = launch({{"RANK", "1"},
                               {"WORLD_SIZE", "2"},
                               {"LOCAL_RANK", "1"},
                               {"MASTER_ADDR", "host"},
                               {"MASTER_PORT", "29500"}});
  CHECK(torch.by == Launch::By::torchrun);
  CHECK(torch.address == "host");
  CHECK(torch.port == 29500);
  // One process is one by hand, so nothing is waited for.
  CHECK(launch({{"OMPI_COMM_WORLD_SIZE", "1"}}).by == Launch::By::hand);
  CHECK(launch({{"WORLD_SIZE", "1"}}).by == Launch::By::hand);
}

TEST_CASE("a launcher's variables that make no sense are an error that names them") {
  auto const refused = [](std::map<std::string, std::string> const& variables, char const* word) {
    CHECK(test::says(test::error_of([&] { return launch(variables); }), word));
  };
  refused({{"OMPI_COMM_WORLD_SIZE", "two"}}, "OMPI_COMM_WORLD_SIZE=two");
  refused({{"OMPI_COMM_WORLD_SIZE", ""}}, "OMPI_COMM_WORLD_SIZE=");
  refused({{"OMPI_COMM_WORLD_SIZE", "2"}, {"OMPI_COMM_WORLD_RANK", "-1"}}, "=-1");
  refused({{"PMI_SIZE", "2"}, {"PMI_RANK", "2"}}, "process 2 of 2");
  refused({{"WORLD_SIZE", "2"}, {"RANK", "0"}, {"MASTER_ADDR", "host"}}, "MASTER_PORT");
  refused({{"WORLD_SIZE", "2"}, {"MASTER_ADDR", "host"}, {"MASTER_PORT", "1"}}, "RANK");
}
