#pragma once

#include <array>
#include <limits>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

namespace hwflow::schema {

/// Limits of a number; for a list or map, of its elements.
struct Range {
  std::optional<double> min, max;
  bool min_excluded = false;
};
[[nodiscard]] constexpr Range at_least(double min) { return {min, std::nullopt, false}; }
[[nodiscard]] constexpr Range at_most(double max) { return {std::nullopt, max, false}; }
[[nodiscard]] constexpr Range above(double min) { return {min, std::nullopt, true}; }
[[nodiscard]] constexpr Range between(double min, double max) { return {min, max, false}; }

/// One row of a fields() table.
template <class Owner, class Member>
struct Field {
  std::string_view key;  ///< empty: the keys of the member stand in the owner itself
  Member Owner::*member;
  Range range;
  std::string_view sentence;
  bool required = false;
};

/// An option that may be left out: it keeps the default of the struct.
template <class Owner, class Member>
constexpr Field<Owner, Member> field(std::string_view key, Member Owner::*member,
                                     std::string_view sentence) {
  return {key, member, {}, sentence, false};
}
template <class Owner, class Member>
constexpr Field<Owner, Member> field(std::string_view key, Member Owner::*member, Range range,
                                     std::string_view sentence) {
  return {key, member, range, sentence, false};
}
template <class Owner, class Member>
constexpr Field<Owner, Member> field(std::string_view key, Member Owner::*member, double min,
                                     double max, std::string_view sentence) {
  return {key, member, between(min, max), sentence, false};
}

/// An option that must be given.
template <class Owner, class Member>
constexpr Field<Owner, Member> required(std::string_view key, Member Owner::*member,
                                        std::string_view sentence) {
  return {key, member, {}, sentence, true};
}
template <class Owner, class Member>
constexpr Field<Owner, Member> required(std::string_view key, Member Owner::*member, Range range,
                                        std::string_view sentence) {
  return {key, member, range, sentence, true};
}
template <class Owner, class Member>
constexpr Field<Owner, Member> required(std::string_view key, Member Owner::*member, double min,
                                        double max, std::string_view sentence) {
  return {key, member, between(min, max), sentence, true};
}

/// A struct or std::variant member whose keys stand among those of its owner.
template <class Owner, class Member>
constexpr Field<Owner, Member> inlined(Member Owner::*member) {
  return {{}, member, {}, {}, false};
}

/// The table of a struct: T::fields(), or a specialisation for a struct that must not know us:
///   template <> struct schema::FieldsOf<Fanout> {
///     static constexpr auto fields() { return std::tuple{schema::field("x", &Fanout::x, "...")}; }
///   };
template <class T>
struct FieldsOf {
  static constexpr auto fields() requires requires { T::fields(); }
  { return T::fields(); }
};

/// Names of an enum: a function found beside it,
///   constexpr auto enum_names(Fusion) {
///     return std::array{std::pair{std::string_view{"lanes"}, Fusion::lanes}, ...};
///   }
/// or a specialisation of this.
template <class Enum>
struct EnumNames {
  static constexpr auto names() requires requires { enum_names(Enum{}); }
  { return enum_names(Enum{}); }
};

/// Name of a struct as alternative of a std::variant: T::kKind, or a specialisation of this. In a
/// file the key `kind` names the alternative and is required.
template <class T>
struct KindName {
  static constexpr std::string_view value() { return T::kKind; }
};
inline constexpr std::string_view kSelectorKey = "kind";

/// A type that files show as another one: specialise with
///   using Shown = std::vector<Role>;
///   static RoleSet from(const Shown&);   // total: what can fail belongs into the type's make()
///   static Shown to(const RoleSet&);
///   static constexpr bool kDistinct = true;  // optional: a list whose elements differ
template <class T>
struct ShownAs;

}  // namespace hwflow::schema
