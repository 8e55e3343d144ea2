#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>

#include "base/input_file.hpp"
#include "schema/read.hpp"
#include "schema/tree_builder.hpp"

namespace hwflow::schema {
namespace {

/// An input iterator that tells how far the lexer has come; the SAX interface does not.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    *furthest_ = ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator old = *this;
    ++*this;
    return old;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  const char** furthest_;
};

/// SAX events to a TreeBuilder. A token starts after the end of the last one and what separates
/// them; the lexer is at most one character (never a line break inside a token) ahead.
class Events {
 public:
  using json = nlohmann::json;
  Events(std::string_view text, const char* const* furthest) : text_(text), furthest_(furthest) {}

  bool null() { return scalar(Value{}); }
  bool boolean(bool x) { return scalar(Value(x)); }
  bool number_integer(json::number_integer_t x) { return scalar(Value(std::int64_t{x})); }
  bool number_unsigned(json::number_unsigned_t x) {
    if (std::in_range<std::int64_t>(x)) return scalar(Value(static_cast<std::int64_t>(x)));
    return scalar(Value(static_cast<double>(x)));
  }
  bool number_float(json::number_float_t x, const std::string& /*text*/) {
    return scalar(Value(x));
  }
  bool string(std::string& x) { return scalar(Value(std::move(x))); }
  bool key(std::string& x) { return scalar(Value(std::move(x))); }
  bool binary(json::binary_t& /*x*/) { return false; }
  bool start_object(std::size_t /*size*/) {
    tree_.begin_map(next_token());
    return true;
  }
  bool start_array(std::size_t /*size*/) {
    tree_.begin_list(next_token());
    return true;
  }
  bool end_object() { return end(); }
  bool end_array() { return end(); }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const json::exception& wrong) {
    advance_to(position == 0 ? 0 : position - 1);
    std::string reason = wrong.what();
    if (const auto colon = reason.find(": "); colon != std::string::npos) {
      reason = reason.substr(colon + 2);
    }
    throw Refused(mark_, reason);
  }

  [[nodiscard]] Value take() { return tree_.take(); }

 private:
  bool scalar(Value value) {
    tree_.scalar(std::move(value), next_token());
    return true;
  }
  bool end() {
    (void)next_token();
    tree_.end();
    return true;
  }
  Mark next_token() {
    const std::size_t start = text_.find_first_not_of(" \t\r\n,:", at_);
    advance_to(start == std::string_view::npos ? text_.size() : start);
    const Mark mark = mark_;
    advance_to(static_cast<std::size_t>(*furthest_ - text_.data()));
    return mark;
  }
  void advance_to(std::size_t position) {
    for (; at_ < position && at_ < text_.size(); ++at_) {
      mark_ = text_[at_] == '\n' ? Mark{mark_.line + 1, 1} : Mark{mark_.line, mark_.column + 1};
    }
  }

  std::string_view text_;
  const char* const* furthest_;
  std::size_t at_ = 0;
  Mark mark_{1, 1};
  TreeBuilder tree_;
};

}  // namespace

Expected<Value> parse_json(std::string_view text, std::string_view origin) {
  if (text.size() > kMostBytes) return too_large(origin);
  const char* furthest = text.data();
  Events events(text, &furthest);
  try {
    (void)nlohmann::json::sax_parse(CountingIterator(text.data(), &furthest),
                                    CountingIterator(text.data() + text.size(), &furthest),
                                    &events);
  } catch (const Refused& refused) {
    return syntax_error(origin, refused.mark, refused.what());
  }
  return events.take();
}

Expected<std::string> read_text(const std::filesystem::path& file) {
  return read_input_file(file, kMostBytes);
}

Expected<Value> read_file(const std::filesystem::path& file) {
  auto text = read_text(file);
  if (!text) return Unexpected{text.error()};
  return file.extension() == ".json" ? parse_json(*text, file.string())
                                     : parse_yaml(*text, file.string());
}

}  // namespace hwflow::schema
