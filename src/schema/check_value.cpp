#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "schema/printable.hpp"
#include "schema/schema.hpp"
#include "schema/type.hpp"

namespace hwflow::schema {
namespace {

/// A value as it is named in a message: "-8", "'abc'", "a list".
std::string shown(const Value& value) {
  if (const auto* x = value.as_bool()) return *x ? "true" : "false";
  if (const auto* x = value.as_int()) return fmt::format("{}", *x);
  if (const auto* x = value.as_double()) return fmt::format("{}", *x);
  if (const auto* x = value.as_string()) return fmt::format("'{}'", printable(*x));
  return std::string(value.type_name());
}

class Checker {
 public:
  explicit Checker(std::string_view origin) : origin_(origin) {}

  void check(const Value& value, const Type& type, const std::string& path) {
    if (value.is_null() && type.nullable) return;
    switch (type.kind) {
      case Kind::boolean: return check_boolean(value, path);
      case Kind::integer: return check_integer(value, type, path);
      case Kind::number: return check_number(value, type, path);
      case Kind::string: return check_string(value, path);
      case Kind::enumeration: return check_name(value, type.names, path);
      case Kind::list: return check_list(value, type, path);
      case Kind::map: return check_map(value, type, path);
      case Kind::object: return check_object(value, type, path);
    }
  }

  [[nodiscard]] Diagnostics take() {
    if (left_out_ > 0) {
      problems_.push_back({std::string(origin_), fmt::format("{} more problems", left_out_), ""});
    }
    return std::move(problems_);
  }

 private:
  void add(const Mark& mark, const std::string& path, std::string reason, std::string hint = {}) {
    if (problems_.size() >= kMostProblems) {
      ++left_out_;
      return;
    }
    problems_.push_back({place_of(origin_, mark, path), std::move(reason), std::move(hint)});
  }

  void wrong_type(const Value& value, const std::string& path, std::string_view wanted,
                  std::string hint = {}) {
    add(value.mark(), path, fmt::format("must be {}, got {}", wanted, shown(value)),
        std::move(hint));
  }

  void check_boolean(const Value& value, const std::string& path) {
    if (value.as_bool() == nullptr) wrong_type(value, path, "true or false");
  }

  void check_integer(const Value& value, const Type& type, const std::string& path) {
    std::int64_t integer = 0;
    if (const auto* x = value.as_int()) {
      integer = *x;
    } else if (const auto* d = value.as_double()) {
      // 1e6 is as good as 1000000 as long as it is exact.
      if (!(std::abs(*d) <= 9007199254740992.0) || *d != std::floor(*d)) {
        return wrong_type(value, path, "an integer");
      }
      integer = static_cast<std::int64_t>(*d);
    } else {
      return wrong_type(value, path, "an integer");
    }
    if (integer < type.int_min) {
      wrong_type(value, path, fmt::format(">= {}", type.int_min));
    } else if (integer > type.int_max) {
      wrong_type(value, path, fmt::format("<= {}", type.int_max));
    }
  }

  void check_number(const Value& value, const Type& type, const std::string& path) {
    double number = 0.0;
    if (const auto* x = value.as_int()) {
      number = static_cast<double>(*x);
    } else if (const auto* d = value.as_double()) {
      number = *d;
    } else {
      return wrong_type(value, path, "a number");
    }
    if (!std::isfinite(number)) return wrong_type(value, path, "a finite number");
    if (type.min && (type.min_excluded ? number <= *type.min : number < *type.min)) {
      wrong_type(value, path, fmt::format("{} {}", type.min_excluded ? ">" : ">=", *type.min));
    } else if (type.max && number > *type.max) {
      wrong_type(value, path, fmt::format("<= {}", *type.max));
    }
  }

  void check_string(const Value& value, const std::string& path) {
    if (value.as_string() != nullptr) return;
    const bool scalar = value.as_bool() || value.as_int() || value.as_double();
    wrong_type(value, path, "a string", scalar ? "put it in quotes" : "");
  }

  void check_name(const Value& value, const std::vector<std::string>& names,
                  const std::string& path) {
    const auto* name = value.as_string();
    if (name != nullptr && std::find(names.begin(), names.end(), *name) != names.end()) return;
    wrong_type(value, path, fmt::format("one of {}", fmt::join(names, ", ")),
               name == nullptr ? "" : nearest_name_hint(printable(*name), names));
  }

  void check_list(const Value& value, const Type& type, const std::string& path) {
    const auto* elements = value.as_list();
    if (elements == nullptr) return wrong_type(value, path, "a list");
    for (std::size_t i = 0; i < elements->size(); ++i) {
      check((*elements)[i], type.element.front(), fmt::format("{}[{}]", path, i));
    }
    if (type.distinct) check_distinct(*elements, path);
  }

  /// Tells the first doubled element only: a hostile list may hold a million.
  void check_distinct(const Value::List& elements, const std::string& path) {
    std::map<std::string, std::size_t> first;
    for (std::size_t i = 0; i < elements.size(); ++i) {
      if (elements[i].as_string() == nullptr) continue;  // of a wrong type: told already
      const auto [entry, is_new] = first.emplace(*elements[i].as_string(), i);
      if (is_new) continue;
      return add(elements[i].mark(), fmt::format("{}[{}]", path, i),
                 fmt::format("{} is also {}[{}]", shown(elements[i]), path, entry->second),
                 "leave one of them out");
    }
  }

  void check_map(const Value& value, const Type& type, const std::string& path) {
    const auto* entries = value.as_map();
    if (entries == nullptr) return wrong_type(value, path, "a map");
    for (const auto& entry : *entries) {
      check(entry.value, type.element.front(), joined(path, entry.key));
    }
  }

  void check_object(const Value& value, const Type& type, const std::string& path) {
    if (value.as_map() == nullptr) return wrong_type(value, path, "a map");
    std::vector<std::string> known;
    check_properties(value, type.properties, path, known);
    if (!type.alternatives.empty() && !check_alternative(value, type, path, known)) return;
    for (const auto& entry : *value.as_map()) {
      if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
      if (problems_.size() >= kMostProblems) {  // hints are dear, files may be hostile
        ++left_out_;
        continue;
      }
      std::string hint = key_hint(printable(entry.key), known);
      if (hint.empty()) hint = fmt::format("known keys: {}", fmt::join(known, ", "));
      add(entry.key_mark, joined(path, entry.key), "unknown key", std::move(hint));
    }
  }

  void check_properties(const Value& value, const std::vector<Property>& properties,
                        const std::string& path, std::vector<std::string>& known) {
    for (const Property& property : properties) {
      known.push_back(property.key);
      if (const Value* member = value.find(property.key)) {
        check(*member, property.type, joined(path, property.key));
      } else if (property.required) {
        add(value.mark(), path, fmt::format("missing required key '{}'", property.key),
            property.sentence);
      }
    }
  }

  /// Returns whether the keys of the object are known, that is, whether its kind is.
  bool check_alternative(const Value& value, const Type& type, const std::string& path,
                         std::vector<std::string>& known) {
    known.push_back(type.selector_key);
    std::vector<std::string> names;
    for (const Alternative& alternative : type.alternatives) names.push_back(alternative.name);
    const Value* selector = value.find(type.selector_key);
    if (selector == nullptr) {
      add(value.mark(), path, fmt::format("missing required key '{}'", type.selector_key),
          fmt::format("one of {}", fmt::join(names, ", ")));
      return false;
    }
    check_name(*selector, names, joined(path, type.selector_key));
    for (const Alternative& alternative : type.alternatives) {
      if (selector->as_string() == nullptr || *selector->as_string() != alternative.name) continue;
      check_properties(value, alternative.properties, path, known);
      return true;
    }
    return false;
  }

  static std::string joined(const std::string& path, const std::string& key) {
    return path.empty() ? printable(key) : fmt::format("{}.{}", path, printable(key));
  }

  std::string_view origin_;
  Diagnostics problems_;
  std::size_t left_out_ = 0;
};

}  // namespace

Diagnostics check_value(const Value& value, const Type& type, std::string_view origin) {
  Checker checker(origin);
  checker.check(value, type, "");
  return checker.take();
}

Diagnostics take_version(Value& document, std::string_view origin) {
  if (document.as_map() == nullptr) return {};  // check_value() says so
  const Value* version = document.find("schema");
  if (version == nullptr) {
    return {{std::string(origin), "missing required key 'schema'",
             fmt::format("write schema: {} at the top", kSchemaVersion)}};
  }
  Diagnostics problems;
  if (version->as_int() == nullptr || *version->as_int() != kSchemaVersion) {
    problems.push_back({place_of(origin, version->mark(), "schema"),
                        fmt::format("must be {}, got {}", kSchemaVersion, shown(*version)),
                        "this is the version of the file format that we read"});
  }
  document.erase("schema");
  return problems;
}

}  // namespace hwflow::schema
