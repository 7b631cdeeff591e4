// SPDX-License-Identifier: MIT
#include <atomic>
#include <future>
#include <thread>

#include "serve/annotation_writer.hpp"
#include "serve/job_queue.hpp"
#include "support/doctest.hpp"
#include "support/fixtures.hpp"

// The parts of `vlsm serve` that need neither a model nor HTTP; who gets in is test_serve_guard's.
using namespace tool::serve;
using vlsm::test::TempDir;

TEST_CASE("the queue is bounded, in order, and skips whose client has gone") {
  std::promise<void> loaded;
  JobQueue queue(2, [&] { loaded.get_future().wait(); });
  std::vector<int> done;
  auto const here = [] { return false; };
  auto first = std::async(std::launch::async, [&] { queue.run([&] { done.push_back(1); }, here); });
  while (queue.waiting() < 1) std::this_thread::yield();
  std::atomic<bool> gone = false;
  auto second = std::async(std::launch::async, [&] {
    queue.run([&] { done.push_back(2); }, [&] { return gone.load(); });
  });
  while (queue.waiting() < 2) std::this_thread::yield();
  try {
    queue.run([&] { done.push_back(3); }, here);
    FAIL("a third waits");
  } catch (Refusal const& e) {
    CHECK(e.status == 503);
  }
  gone = true;
  loaded.set_value();
  first.get();
  CHECK_THROWS_AS(second.get(), Refusal);
  CHECK(done == std::vector<int>{1});
  queue.run([&] { done.push_back(4); }, here);
  CHECK(done == std::vector<int>{1, 4});
  CHECK_THROWS_AS(queue.run([] { throw std::runtime_error("in a job"); }, here),
                  std::runtime_error);
  queue.run([&] { done.push_back(5); }, here);  // it goes on
  CHECK(done.size() == 3);
  queue.stop();
  CHECK_THROWS_AS(queue.run([] {}, here), Refusal);
}

TEST_CASE("whose client has gone makes room in a full queue") {
  std::promise<void> loaded;
  JobQueue queue(1, [&] { loaded.get_future().wait(); });
  std::atomic<bool> gone = false, done = false;
  auto left =
      std::async(std::launch::async, [&] { queue.run([] {}, [&] { return gone.load(); }); });
  while (queue.waiting() < 1) std::this_thread::yield();
  CHECK_THROWS_AS(queue.run([] {}, [] { return false; }), Refusal);
  gone = true;
  auto next = std::async(std::launch::async,
                         [&] { queue.run([&] { done = true; }, [] { return false; }); });
  CHECK_THROWS_AS(left.get(), Refusal);
  loaded.set_value();
  next.get();
  CHECK(done);
}

TEST_CASE("a model that fails to load fails all who wait for it") {
  std::promise<void> go;
  JobQueue queue(4, [&] {
    go.get_future().wait();
    throw vlsm::Error("no weights", "here", "bring some");
  });
  auto waiting = std::async(std::launch::async, [&] { queue.run([] {}, [] { return false; }); });
  while (queue.waiting() < 1) std::this_thread::yield();
  CHECK_FALSE(queue.failure());
  go.set_value();
  CHECK_THROWS_AS(waiting.get(), vlsm::Error);
  CHECK(queue.failure());
  CHECK_THROWS_AS(queue.run([] {}, [] { return false; }), vlsm::Error);
}

TEST_CASE("a stopped queue ends its job and none that waits") {
  std::atomic<bool> begun = false, finish = false, other = false;
  JobQueue queue(4, [] {});
  auto const here = [] { return false; };
  auto running = std::async(std::launch::async, [&] {
    queue.run(
        [&] {
          begun = true;
          while (!finish) std::this_thread::yield();
        },
        here);
  });
  while (!begun) std::this_thread::yield();
  auto waiting = std::async(std::launch::async, [&] { queue.run([&] { other = true; }, here); });
  while (queue.waiting() < 1) std::this_thread::yield();
  auto stopped = std::async(std::launch::async, [&] { queue.stop(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  finish = true;
  stopped.get();
  running.get();
  CHECK_THROWS_AS(waiting.get(), Refusal);
  CHECK_FALSE(other);
}

TEST_CASE("annotations are added, and nothing is overwritten") {
  using vlsm::test::read_file, vlsm::test::write_file;
  TempDir const folder;
  std::filesystem::create_directories(folder / "images");
  write_file(folder / "images/0a.png", "another picture");
  AnnotationWriter writer(folder.path());
  auto const one = writer.add("0a", ".png", "picture", "mask 1", "a \"small\" polyp");
  CHECK(one.image == "images/0a-2.png");
  CHECK(one.rows == 1);
  auto const two = writer.add("0a", ".png", "picture", "mask 2", "\xff");
  CHECK(two.image == one.image);  // the same bytes are kept once
  CHECK(two.file == one.file);
  CHECK(two.mask != one.mask);
  CHECK(two.rows == 2);
  CHECK(read_file(folder / "images/0a.png") == "another picture");
  CHECK(read_file(folder / one.image) == "picture");
  CHECK(read_file(folder / one.mask) == "mask 1");
  CHECK(read_file(folder / two.mask) == "mask 2");
  auto const rows = nlohmann::json::parse(read_file(folder / one.file));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].at("prompts").at("p1")[0] == "a \"small\" polyp");
  CHECK("masks/" + rows[1].at("mask_name").get<std::string>() == two.mask);

  AnnotationWriter later(folder.path());  // another start in the same second, perhaps
  std::string const before = read_file(folder / one.file);
  auto const three = later.add("0a", ".png", "picture", "mask 3", "");
  CHECK(three.file != one.file);
  CHECK(three.mask != two.mask);
  CHECK(read_file(folder / one.file) == before);
  CHECK(read_file(folder / three.mask) == "mask 3");
  for (auto const& entry : std::filesystem::recursive_directory_iterator(folder.path()))
    CHECK(entry.path().string().find("partial") == std::string::npos);
}

TEST_CASE("a folder that cannot be written is said, and the rows stay") {
  TempDir const folder;
  vlsm::test::write_file(folder / "a-file", "");
  AnnotationWriter writer(folder / "a-file");
  CHECK_THROWS_AS(writer.add("0a", ".png", "picture", "mask", ""), vlsm::Error);
}

TEST_CASE("annotations that someone mended are left alone, and a new file begins") {
  using vlsm::test::read_file, vlsm::test::write_file;
  TempDir const folder;
  AnnotationWriter writer(folder.path());
  auto const one = writer.add("0a", ".png", "picture", "mask 1", "polip");
  std::string mended = read_file(folder / one.file);
  mended.replace(mended.find("polip"), 5, "polyp");
  write_file(folder / one.file, mended);
  auto const two = writer.add("0a", ".png", "picture", "mask 2", "second");
  CHECK(two.file != one.file);
  CHECK(two.rows == 1);
  CHECK(read_file(folder / one.file) == mended);
  auto const three = writer.add("0a", ".png", "picture", "mask 3", "third");
  CHECK(three.file == two.file);
  CHECK(three.rows == 2);
  auto const rows = nlohmann::json::parse(read_file(folder / three.file));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].at("prompts").at("p1")[0] == "second");
  std::filesystem::remove(folder / three.file);  // as good as mended
  CHECK(writer.add("0a", ".png", "picture", "mask 4", "fourth").rows == 1);
}
