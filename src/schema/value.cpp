#include "schema/value.hpp"

#include <algorithm>
#include <array>

#include "base/check.hpp"

namespace hwflow::schema {

Value::Value(Map value) : data_(std::move(value)) {}

Value Value::map() { return {Map{}}; }

const Value* Value::find(std::string_view key) const {
  const Map* entries = as_map();
  if (entries == nullptr) return nullptr;
  const auto entry = std::find_if(entries->begin(), entries->end(),
                                  [key](const Entry& e) { return e.key == key; });
  return entry == entries->end() ? nullptr : &entry->value;
}

Value* Value::find(std::string_view key) {
  return const_cast<Value*>(std::as_const(*this).find(key));  // NOLINT: this is not const here
}

Value& Value::set(std::string key, Value value) {
  if (is_null()) data_ = Map{};
  Map* entries = as_map();
  HWFLOW_CHECK(entries != nullptr, "set() of a value that is no map");
  if (Value* old = find(key)) {
    *old = std::move(value);
  } else {
    const Mark mark = value.mark();
    entries->push_back({std::move(key), std::move(value), mark});
  }
  return *this;
}

Value& Value::append(Value value) {
  if (is_null()) data_ = List{};
  List* elements = as_list();
  HWFLOW_CHECK(elements != nullptr, "append() to a value that is no list");
  elements->push_back(std::move(value));
  return *this;
}

void Value::erase(std::string_view key) {
  if (Map* entries = as_map()) {
    std::erase_if(*entries, [key](const Entry& entry) { return entry.key == key; });
  }
}

void Value::mark_all(const Mark& mark) {
  mark_ = mark;
  if (List* elements = as_list()) {
    for (Value& element : *elements) element.mark_all(mark);
  } else if (Map* entries = as_map()) {
    for (Entry& entry : *entries) {
      entry.key_mark = mark;
      entry.value.mark_all(mark);
    }
  }
}

std::string_view Value::type_name() const {
  static constexpr std::array<std::string_view, 7> kNames{
      "null", "a boolean", "an integer", "a number", "a string", "a list", "a map"};
  return kNames[data_.index()];
}

}  // namespace hwflow::schema
