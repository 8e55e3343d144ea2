#include "schema/tree_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "schema/printable.hpp"
#include "schema/read.hpp"

namespace hwflow::schema {
namespace {

/// Long texts count as several values, so that copies of them are limited too.
std::size_t weight_of_text(std::size_t bytes) {
  constexpr std::size_t kBytesPerNode = 64;
  return bytes / kBytesPerNode;
}

std::size_t size_of(const Value& value) {
  std::size_t nodes = 1;
  if (const auto* text = value.as_string()) nodes += weight_of_text(text->size());
  if (const auto* elements = value.as_list()) {
    for (const Value& element : *elements) nodes += size_of(element);
  } else if (const auto* entries = value.as_map()) {
    for (const auto& entry : *entries)
      nodes += size_of(entry.value) + weight_of_text(entry.key.size());
  }
  return nodes;
}

std::size_t depth_of(const Value& value) {
  std::size_t inner = 0;
  if (const auto* elements = value.as_list()) {
    for (const Value& element : *elements) inner = std::max(inner, depth_of(element));
  } else if (const auto* entries = value.as_map()) {
    for (const auto& entry : *entries) inner = std::max(inner, depth_of(entry.value));
  }
  return inner + 1;
}

void check_depth(std::size_t depth, const Mark& mark) {
  if (depth > static_cast<std::size_t>(kMostDepth)) {
    throw Refused(mark, fmt::format("nested deeper than {} levels", kMostDepth));
  }
}

}  // namespace

void TreeBuilder::scalar(Value value, const Mark& mark, std::size_t anchor) {
  count_nodes(size_of(value), mark);
  value.set_mark(mark);
  place(std::move(value), anchor);
}

void TreeBuilder::begin_list(const Mark& mark, std::size_t anchor) {
  open(Value::list(), mark, anchor);
}

void TreeBuilder::begin_map(const Mark& mark, std::size_t anchor, std::string tag) {
  Value map = Value::map();
  map.set_tag(std::move(tag));
  open(std::move(map), mark, anchor);
}

void TreeBuilder::open(Value value, const Mark& mark, std::size_t anchor) {
  count_nodes(1, mark);
  check_depth(open_.size() + 1, mark);
  if (expects_key()) {
    throw Refused(mark, "a key must be plain text (is a bracket left open?)");
  }
  value.set_mark(mark);
  open_.push_back({std::move(value), anchor, false, {}, {}, {}});
}

void TreeBuilder::end() {
  Open done = std::move(open_.back());
  open_.pop_back();
  place(std::move(done.value), done.anchor);
}

void TreeBuilder::alias(std::size_t anchor, const Mark& mark) {
  const auto found = anchors_.find(anchor);
  if (found == anchors_.end()) throw Refused(mark, "an alias inside its own anchor");
  count_nodes(size_of(found->second), mark);
  check_depth(open_.size() + depth_of(found->second), mark);
  Value copy = found->second;
  copy.set_mark(mark);
  place(std::move(copy), 0);
}

void TreeBuilder::place(Value value, std::size_t anchor) {
  if (anchor != 0) {
    count_nodes(size_of(value), value.mark());
    anchors_[anchor] = value;
  }
  if (open_.empty()) {
    root_ = std::move(value);
    return;
  }
  Open& parent = open_.back();
  if (auto* elements = parent.value.as_list()) {
    elements->push_back(std::move(value));
  } else if (!parent.has_key) {
    take_key(value);
  } else {
    parent.value.as_map()->push_back({std::move(parent.key), std::move(value), parent.key_mark});
    parent.has_key = false;
  }
}

void TreeBuilder::take_key(const Value& value) {
  Open& parent = open_.back();
  const std::string* key = value.as_string();
  if (key == nullptr)
    throw Refused(value.mark(), "a key must be plain text (is a bracket left open?)");
  if (!parent.keys.insert(*key).second) {
    throw Refused(value.mark(), fmt::format("key '{}' appears twice", printable(*key)));
  }
  parent.has_key = true;
  parent.key = *key;
  parent.key_mark = value.mark();
}

void TreeBuilder::count_nodes(std::size_t nodes, const Mark& mark) {
  nodes_ += nodes;
  if (nodes_ > kMostNodes) throw Refused(mark, fmt::format("more than {} values", kMostNodes));
}

Unexpected<Diagnostics> syntax_error(std::string_view origin, const Mark& mark,
                                     const std::string& reason, const std::string& hint) {
  const std::string place =
      mark.line > 0 ? fmt::format("{}:{}:{}", origin, mark.line, mark.column) : std::string(origin);
  return Unexpected{Diagnostics{{place, reason, hint}}};
}

Unexpected<Diagnostics> too_large(std::string_view origin) {
  return syntax_error(origin, {}, fmt::format("is larger than {} MiB", kMostBytes >> 20));
}

}  // namespace hwflow::schema
