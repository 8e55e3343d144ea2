#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/expected.hpp"
#include "schema/value.hpp"

namespace hwflow::schema {

/// Stops a parser from within its events; never leaves the readers.
struct Refused : std::runtime_error {
  Refused(const Mark& at, const std::string& reason) : std::runtime_error(reason), mark(at) {}
  Mark mark;
};

/// Turns the events of a YAML or JSON parser into a Value, within the limits of read.hpp.
/// Errors   every member may throw Refused.
class TreeBuilder {
 public:
  void scalar(Value value, const Mark& mark, std::size_t anchor = 0);
  void begin_list(const Mark& mark, std::size_t anchor = 0);
  void begin_map(const Mark& mark, std::size_t anchor = 0, std::string tag = {});
  void end();  ///< of the innermost list or map
  void alias(std::size_t anchor, const Mark& mark);

  /// Whether the next scalar is a key of a map.
  [[nodiscard]] bool expects_key() const {
    return !open_.empty() && open_.back().value.as_map() != nullptr && !open_.back().has_key;
  }
  [[nodiscard]] Value take() { return std::move(root_); }

 private:
  struct Open {
    Value value;
    std::size_t anchor = 0;
    bool has_key = false;
    std::string key;
    Mark key_mark;
    std::unordered_set<std::string> keys;
  };
  void open(Value value, const Mark& mark, std::size_t anchor);
  void place(Value value, std::size_t anchor);
  void take_key(const Value& value);
  void count_nodes(std::size_t nodes, const Mark& mark);

  std::vector<Open> open_;
  std::unordered_map<std::size_t, Value> anchors_;
  std::size_t nodes_ = 0;
  Value root_;
};

/// A syntax error as a Diagnostic at "origin:line:column".
[[nodiscard]] Unexpected<Diagnostics> syntax_error(std::string_view origin, const Mark& mark,
                                                   const std::string& reason,
                                                   const std::string& hint = {});

[[nodiscard]] Unexpected<Diagnostics> too_large(std::string_view origin);

}  // namespace hwflow::schema
