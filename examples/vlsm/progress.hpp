// SPDX-License-Identifier: MIT
#pragma once

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace tool {

/// A time for people: 0:07, 1:23, 2:05:09.
inline std::string readable_time(double seconds) {
  // Also catches NaN; ten thousand hours are as good as for ever.
  if (!(seconds >= 0)) seconds = 0;
  auto const all = static_cast<long>(std::lround(std::min(seconds, 3.6e7)));
  auto const two = [](long n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  long const hours = all / 3600, minutes = all / 60 % 60;
  return (hours > 0 ? std::to_string(hours) + ":" + two(minutes) : std::to_string(minutes)) + ":" +
         two(all % 60);
}

/// How far a long job is, on stderr: on a terminal one line that is redrawn, elsewhere (a log file)
/// a plain line at most every five seconds. It never touches stdout. For one thread at a time.
class Progress {
 public:
  /// `what` names the job, `all` is its number of steps (0: unknown).
  Progress(std::string const& what, std::size_t all) : what_(clean(what)), all_(all) {}

  /// Leaves a clean line for whatever is written next, an error message for example.
  ~Progress() { erase(); }
  Progress(Progress const&) = delete;
  Progress& operator=(Progress const&) = delete;

  /// Tells that an earlier run did `already` of the steps: the estimate of the time left does not
  /// count them.
  void skip(std::size_t already) { already_ = done_ = already; }

  /// Tells that `done` of the steps are done, with a short note (the loss, say).
  void update(std::size_t done, std::string_view note = {}) {
    if (finished_) return;
    done_ = done;
    note_ = clean(note);
    auto const now = Clock::now();
    // More than ten redraws a second would only cost time.
    if (now - shown_ < (terminal_ ? redraw : interval)) return;
    shown_ = now;
    if (terminal_) {
      draw();
    } else {
      print(status() + "\n");
    }
  }

  /// Ends with one line of summary; further calls do nothing.
  void finish() {
    if (finished_) return;
    finished_ = true;
    erase();
    print(what_ + ": " + count() + " in " + readable_time(elapsed()) + after_comma(note_) + "\n");
  }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr Clock::duration redraw = std::chrono::milliseconds(100);
  static constexpr Clock::duration interval = std::chrono::seconds(5);

  static bool is_terminal() {
    char const* kind = std::getenv("TERM");
    return ::isatty(STDERR_FILENO) && kind != nullptr && std::string_view(kind) != "dumb";
  }

  // Control characters of names and prompts would move the cursor.
  static std::string clean(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    }
    return result;
  }

  static void print(std::string const& text) {
    // Progress is worth no failure: a closed stderr is ignored.
    [[maybe_unused]] ssize_t const written = ::write(STDERR_FILENO, text.data(), text.size());
  }

  static std::string after_comma(std::string const& text) {
    return text.empty() ? "" : ", " + text;
  }

  // A window may be resized at any time.
  static std::size_t columns() {
    winsize size{};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  }

  static bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }
  static std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
  }
  static std::string first_characters(std::string const& text, std::size_t count) {
    std::size_t at = 0;
    while (at < text.size() && (count > 0 || !starts_character(text[at]))) {
      count -= starts_character(text[at++]) ? 1 : 0;
    }
    return text.substr(0, at);
  }

  double elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  double fraction() const {
    return std::min(1.0, static_cast<double>(done_) / static_cast<double>(all_));
  }
  std::string count() const {
    return std::to_string(done_) + (all_ > 0 ? "/" + std::to_string(all_) : "");
  }
  std::string percentage() const {
    return std::to_string(static_cast<int>(std::floor(100 * fraction()))) + "%";
  }

  std::string times() const {
    std::string text = readable_time(elapsed());
    if (all_ == 0 || done_ <= already_ || done_ >= all_) return text;
    double const left =
        elapsed() / static_cast<double>(done_ - already_) * static_cast<double>(all_ - done_);
    return text + ", " + readable_time(left) + " left";
  }

  std::string status() const {
    return what_ + ": " + count() + (all_ > 0 ? " (" + percentage() + ")" : "") +
           after_comma(note_) + ", " + times();
  }

  std::string bar(std::size_t width) const {
    auto const full = static_cast<std::size_t>(fraction() * static_cast<double>(width));
    return "[" + std::string(full, '#') + std::string(width - full, '-') + "]";
  }

  // Name, bar, figures, note. The bar makes room for the note down to ten characters; a narrow
  // window then loses the note's end, and where even ten do not fit, the bar.
  void draw() {
    std::size_t const room = columns() - 1;
    std::string const note = note_.empty() ? "" : "  " + note_;
    std::string const figures =
        (all_ > 0 ? " " + percentage() : "") + " " + count() + "  " + times();
    std::string line = what_;
    std::size_t const used = characters(what_) + 3 + figures.size();  // 3: the bar's frame
    if (all_ > 0 && used + 10 <= room) {
      std::size_t const left = room - used, wished = characters(note);
      line += " " + bar(std::clamp<std::size_t>(left - std::min(left, wished), 10, 30));
    }
    line += figures + note;
    // Wrapping is off while the line is drawn: wide characters may need more room than was counted.
    print("\r\x1b[?7l" + first_characters(line, room) + "\x1b[K\x1b[?7h");
    drawn_ = true;
  }

  void erase() {
    if (std::exchange(drawn_, false)) print("\r\x1b[K");
  }

  std::string what_;
  std::string note_;
  std::size_t all_;
  std::size_t already_ = 0;
  std::size_t done_ = 0;
  bool terminal_ = is_terminal();
  bool drawn_ = false;
  bool finished_ = false;
  Clock::time_point start_ = Clock::now();
  // A terminal shows the first update at once, a log only what takes long.
  Clock::time_point shown_ = terminal_ ? start_ - redraw : start_;
};

}  // namespace tool
