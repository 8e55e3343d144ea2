#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace hwflow::schema {

/// Where a value stands in its text; both count from 1, 0 = nowhere (made by a program).
struct Mark {
  int line = 0;
  int column = 0;
  bool operator==(const Mark&) const = default;
};

/// Line number of values that came from a `--set` argument.
inline constexpr int kFromSetting = -1;

/// A document tree: what YAML and JSON have in common, in the order of the text, with places.
///
/// Equality compares contents and the order of keys, not places or tags.
class Value {
 public:
  struct Entry;
  using List = std::vector<Value>;
  using Map = std::vector<Entry>;  ///< keys are unique in what the readers return

  Value() = default;              ///< null
  Value(bool value);              // NOLINT: literals of a tree read better without a name
  Value(std::int64_t value);      // NOLINT
  Value(int value);               // NOLINT
  Value(double value);            // NOLINT
  Value(std::string value);       // NOLINT
  Value(std::string_view value);  // NOLINT
  Value(const char* value);       // NOLINT
  Value(List value);              // NOLINT
  Value(Map value);               // NOLINT

  [[nodiscard]] static Value list();
  [[nodiscard]] static Value map();

  [[nodiscard]] bool is_null() const { return data_.index() == 0; }
  /// The content when it is of that type, else null pointer.
  [[nodiscard]] const bool* as_bool() const { return std::get_if<bool>(&data_); }
  [[nodiscard]] const std::int64_t* as_int() const { return std::get_if<std::int64_t>(&data_); }
  [[nodiscard]] const double* as_double() const { return std::get_if<double>(&data_); }
  [[nodiscard]] const std::string* as_string() const& { return std::get_if<std::string>(&data_); }
  [[nodiscard]] const List* as_list() const& { return std::get_if<List>(&data_); }
  [[nodiscard]] const Map* as_map() const& { return std::get_if<Map>(&data_); }
  [[nodiscard]] List* as_list() & { return std::get_if<List>(&data_); }
  [[nodiscard]] Map* as_map() & { return std::get_if<Map>(&data_); }

  void as_string() && = delete;  // would point into a temporary
  void as_list() && = delete;
  void as_map() && = delete;

  /// The value of a key; null pointer when this is no map or has no such key.
  [[nodiscard]] const Value* find(std::string_view key) const;
  [[nodiscard]] Value* find(std::string_view key);
  /// Sets a key of a map, at its end when it is new. A null becomes a map first.
  Value& set(std::string key, Value value);
  /// Appends to a list. A null becomes a list first.
  Value& append(Value value);
  /// Removes a key from a map; nothing when it has none.
  void erase(std::string_view key);

  [[nodiscard]] const Mark& mark() const { return mark_; }
  void set_mark(const Mark& mark) { mark_ = mark; }
  /// Local tag of a map ("!Component"), or empty. Readers that know no tags pass over it.
  [[nodiscard]] const std::string& tag() const { return tag_; }
  void set_tag(std::string tag) { tag_ = std::move(tag); }
  /// Sets the mark of this and everything below.
  void mark_all(const Mark& mark);

  /// "null", "a boolean", "an integer", "a number", "a string", "a list", "a map".
  [[nodiscard]] std::string_view type_name() const;

  friend bool operator==(const Value& a, const Value& b);

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Map> data_;
  Mark mark_;
  std::string tag_;
};

struct Value::Entry {
  std::string key;
  Value value;
  Mark key_mark;
  friend bool operator==(const Entry& a, const Entry& b) {
    return a.key == b.key && a.value == b.value;
  }
};

// Defined here, where Entry is complete: what destroys or compares a Value needs that.
inline Value::Value(bool value) : data_(value) {}
inline Value::Value(std::int64_t value) : data_(value) {}
inline Value::Value(int value) : data_(std::int64_t{value}) {}
inline Value::Value(double value) : data_(value) {}
inline Value::Value(std::string value) : data_(std::move(value)) {}
inline Value::Value(std::string_view value) : data_(std::string(value)) {}
inline Value::Value(const char* value) : data_(std::string(value)) {}
inline Value::Value(List value) : data_(std::move(value)) {}
inline Value Value::list() { return {List{}}; }
inline bool operator==(const Value& a, const Value& b) { return a.data_ == b.data_; }

}  // namespace hwflow::schema
