#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.hpp"
#include "schema/field.hpp"
#include "schema/type.hpp"
#include "schema/value.hpp"

/// The part that knows C++ types: structs with fields() tables to Type and Value and back.
namespace hwflow::schema {

template <class T>
concept HasFields = requires {
  FieldsOf<T>::fields();
};
template <class T>
concept HasShownAs = requires {
  typename ShownAs<T>::Shown;
};

/// Narrows `type` to `range`. For limits written in a fields() table.
void apply_range(Type& type, const Range& range);
/// Adds the properties (and the alternatives) of `inner` to `outer`.
void inline_into(Type& outer, const Type& inner);

/// How one C++ type is described, read and shown; the four kinds below cover what fields may hold.
template <class T>
struct Binding;

template <class T>
[[nodiscard]] Type describe(const T& defaults = T{}) {
  return Binding<T>::describe(defaults);
}
/// The tree of a struct with every default filled in.
template <class T>
[[nodiscard]] Value to_value(const T& object) {
  return Binding<T>::to_value(object);
}
/// Fills `object` from a value that check_value() found nothing wrong with.
template <class T>
void assign(T& object, const Value& value) {
  Binding<T>::assign(object, value);
}

/// What scalars share: a description that does not depend on defaults.
[[nodiscard]] Type scalar_type(Kind kind);
[[nodiscard]] std::int64_t integer_of(const Value& value);
[[nodiscard]] double number_of(const Value& value);

template <>
struct Binding<bool> {
  static Type describe(bool) { return scalar_type(Kind::boolean); }
  static Value to_value(bool x) { return {x}; }
  static void assign(bool& x, const Value& value) { x = *value.as_bool(); }
};

template <std::integral T>
struct Binding<T> {
  static Type describe(T) {
    Type type = scalar_type(Kind::integer);
    if constexpr (std::is_unsigned_v<T>) type.int_min = 0;
    if constexpr (sizeof(T) < sizeof(std::int64_t)) {
      type.int_min = static_cast<std::int64_t>(std::numeric_limits<T>::min());
      type.int_max = static_cast<std::int64_t>(std::numeric_limits<T>::max());
    }
    return type;
  }
  static Value to_value(T x) {
    HWFLOW_CHECK(std::in_range<std::int64_t>(x), "integers above 2^63-1 cannot be shown");
    return Value(static_cast<std::int64_t>(x));
  }
  static void assign(T& x, const Value& value) { x = static_cast<T>(integer_of(value)); }
};

template <std::floating_point T>
struct Binding<T> {
  static Type describe(T) { return scalar_type(Kind::number); }
  static Value to_value(T x) { return Value(static_cast<double>(x)); }
  static void assign(T& x, const Value& value) { x = static_cast<T>(number_of(value)); }
};

template <>
struct Binding<std::string> {
  static Type describe(const std::string&) { return scalar_type(Kind::string); }
  static Value to_value(const std::string& x) { return {x}; }
  static void assign(std::string& x, const Value& value) { x = *value.as_string(); }
};

template <class T>
requires std::is_enum_v<T>
struct Binding<T> {
  static Type describe(T) {
    Type type = scalar_type(Kind::enumeration);
    for (const auto& [name, value] : EnumNames<T>::names()) type.names.emplace_back(name);
    return type;
  }
  static Value to_value(T x) {
    for (const auto& [name, value] : EnumNames<T>::names()) {
      if (value == x) return Value(std::string(name));
    }
    HWFLOW_CHECK(false, "an enumerator has no name in its table");
    return {};
  }
  static void assign(T& x, const Value& value) {
    for (const auto& [name, enumerator] : EnumNames<T>::names()) {
      if (name == *value.as_string()) x = enumerator;
    }
  }
};

template <class T>
struct Binding<std::optional<T>> {
  static Type describe(const std::optional<T>& x) {
    Type type = schema::describe<T>(x.value_or(T{}));
    type.nullable = true;
    return type;
  }
  static Value to_value(const std::optional<T>& x) { return x ? schema::to_value(*x) : Value{}; }
  static void assign(std::optional<T>& x, const Value& value) {
    if (value.is_null()) {
      x.reset();
    } else {
      if (!x) x.emplace();
      schema::assign(*x, value);
    }
  }
};

template <class T>
struct Binding<std::vector<T>> {
  static Type describe(const std::vector<T>&) {
    Type type = scalar_type(Kind::list);
    type.element.push_back(schema::describe<T>());
    return type;
  }
  static Value to_value(const std::vector<T>& x) {
    Value value = Value::list();
    for (const auto& element : x) value.append(schema::to_value<T>(element));
    return value;
  }
  static void assign(std::vector<T>& x, const Value& value) {
    x.clear();
    for (const Value& element : *value.as_list()) {
      T item{};
      schema::assign(item, element);
      x.push_back(std::move(item));
    }
  }
};

template <class T>
struct Binding<std::map<std::string, T>> {
  static Type describe(const std::map<std::string, T>&) {
    Type type = scalar_type(Kind::map);
    type.element.push_back(schema::describe<T>());
    return type;
  }
  static Value to_value(const std::map<std::string, T>& x) {
    Value value = Value::map();
    for (const auto& [key, item] : x) value.set(key, schema::to_value(item));
    return value;
  }
  static void assign(std::map<std::string, T>& x, const Value& value) {
    x.clear();
    for (const auto& entry : *value.as_map()) schema::assign(x[entry.key], entry.value);
  }
};

template <HasShownAs T>
struct Binding<T> {
  using Shown = typename ShownAs<T>::Shown;
  static Type describe(const T& x) {
    Type type = schema::describe<Shown>(ShownAs<T>::to(x));
    if constexpr (requires { ShownAs<T>::kDistinct; }) type.distinct = ShownAs<T>::kDistinct;
    return type;
  }
  static Value to_value(const T& x) { return schema::to_value<Shown>(ShownAs<T>::to(x)); }
  static void assign(T& x, const Value& value) {
    Shown shown = ShownAs<T>::to(x);
    schema::assign(shown, value);
    x = ShownAs<T>::from(shown);
  }
};

template <HasFields T>
struct Binding<T> {
  template <class Visit>
  static void for_each_field(Visit visit) {
    std::apply([&](const auto&... field) { (visit(field), ...); }, FieldsOf<T>::fields());
  }
  static Type describe(const T& defaults) {
    Type type;
    for_each_field([&](const auto& field) {
      Type member = schema::describe(defaults.*field.member);
      if (field.key.empty()) {
        inline_into(type, member);
        return;
      }
      apply_range(member, field.range);
      Value value = field.required ? Value{} : schema::to_value(defaults.*field.member);
      type.properties.push_back({std::string(field.key), std::move(member), field.required,
                                 std::move(value), std::string(field.sentence)});
    });
    return type;
  }
  static Value to_value(const T& x) {
    Value value = Value::map();
    for_each_field([&](const auto& field) {
      Value member = schema::to_value(x.*field.member);
      if (!field.key.empty()) {
        value.set(std::string(field.key), std::move(member));
        return;
      }
      for (const auto& entry : *member.as_map()) value.set(entry.key, entry.value);
    });
    return value;
  }
  static void assign(T& x, const Value& value) {
    for_each_field([&](const auto& field) {
      const Value* member = field.key.empty() ? &value : value.find(field.key);
      if (member != nullptr) schema::assign(x.*field.member, *member);
    });
  }
};

template <HasFields... Choices>
struct Binding<std::variant<Choices...>> {
  using Variant = std::variant<Choices...>;
  static Type describe(const Variant&) {
    Type type;
    type.selector_key = kSelectorKey;
    (type.alternatives.push_back(
         {std::string(KindName<Choices>::value()), schema::describe<Choices>().properties}),
     ...);
    return type;
  }
  static Value to_value(const Variant& x) {
    return std::visit(
        []<class Choice>(const Choice& choice) {
          Value value = Value::map();
          value.set(std::string(kSelectorKey), Value(std::string(KindName<Choice>::value())));
          const Value members = schema::to_value(choice);
          for (const auto& entry : *members.as_map()) {
            value.set(entry.key, entry.value);
          }
          return value;
        },
        x);
  }
  static void assign(Variant& x, const Value& value) {
    const std::string& kind = *value.find(kSelectorKey)->as_string();
    (assign_if<Choices>(x, value, kind), ...);
  }

 private:
  template <class Choice>
  static void assign_if(Variant& x, const Value& value, const std::string& kind) {
    if (kind != KindName<Choice>::value()) return;
    if (!std::holds_alternative<Choice>(x)) x = Choice{};
    schema::assign(std::get<Choice>(x), value);
  }
};

}  // namespace hwflow::schema
