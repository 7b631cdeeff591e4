// SPDX-License-Identifier: MIT
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/doctest.hpp"
#include "vlsm/beside.hpp"

using tool::Ahead;
using tool::Behind;

namespace {

void pause(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

/// The message of what `call` throws; empty: it throws nothing.
template <class Call>
std::string thrown_by(Call call) {
  try {
    call();
  } catch (std::runtime_error const& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("values that are made ahead come in order, however long each takes") {
  std::atomic<int> at_once = 0, most = 0;
  Ahead<int> values(40, 3, [&](std::size_t i) {
    int const now = ++at_once;
    for (int before = most; before < now && !most.compare_exchange_weak(before, now);) {
    }
    pause(i % 5 == 0 ? 4 : 0);
    --at_once;
    return static_cast<int>(i);
  });
  for (int i = 0; i < 40; ++i) CHECK(values.next() == i);
  CHECK(most <= 4);  // the one that is waited for and three ahead
}

TEST_CASE("a value that cannot be made is told at its turn, and those ahead are let go") {
  std::atomic<int> made = 0;
  {
    Ahead<int> values(100, 4, [&](std::size_t i) {
      if (i % 3 == 2) throw std::runtime_error("value " + std::to_string(i));
      ++made;
      return static_cast<int>(i);
    });
    CHECK(values.next() == 0);
    pause(5);
    CHECK(values.next() == 1);
    CHECK(thrown_by([&] { values.next(); }) == "value 2");
  }
  CHECK(made <= 5);
  Ahead<int> none(0, 2, [](std::size_t) { return 1; });  // never asked
}

TEST_CASE("jobs behind are done one after the other, all before the end") {
  for (std::size_t most : {1u, 2u, 7u}) {
    std::vector<int> done;
    Behind jobs(most);
    for (int i = 0; i < 50; ++i)
      jobs.add([&done, i] {
        if (i % 9 == 0) pause(1);
        done.push_back(i);
      });
    jobs.finish();
    REQUIRE(done.size() == 50);
    for (int i = 0; i < 50; ++i) CHECK(done[static_cast<std::size_t>(i)] == i);
  }
}

TEST_CASE("after a job that fails none begins, and its mistake is told") {
  std::vector<int> done;
  Behind jobs(3);
  auto const add_all = [&] {
    for (int i = 0; i < 1000; ++i)
      jobs.add([&done, i] {
        if (i == 4 || i == 5) throw std::runtime_error("job " + std::to_string(i));
        done.push_back(i);
      });
  };
  CHECK(thrown_by(add_all) == "job 4");
  CHECK(thrown_by([&] { jobs.finish(); }) == "job 4");
  CHECK(done == std::vector<int>{0, 1, 2, 3});

  Behind last(3);  // nobody adds after it
  last.add([] { throw std::runtime_error("the last job"); });
  CHECK(thrown_by([&] { last.finish(); }) == "the last job");
}

TEST_CASE("jobs that wait are not begun where they are given up") {
  std::atomic<int> begun = 0;
  {
    Behind jobs(5);
    for (int i = 0; i < 5; ++i)
      jobs.add([&] {
        ++begun;
        pause(30);
      });
    while (begun == 0) pause(1);
  }
  CHECK(begun == 1);
}
