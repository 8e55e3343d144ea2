#pragma once

#include <type_traits>
#include <utility>
#include <variant>

#include "base/check.hpp"
#include "base/diagnostics.hpp"

namespace hwflow {

/// The error side of an Expected, as std::unexpected.
template <class E>
struct Unexpected {
  E error;
};
template <class E>
Unexpected(E) -> Unexpected<E>;

/// A value or why there is none; the part of std::expected (C++23) that we use, with its spelling.
template <class T, class E = Diagnostics>
class [[nodiscard]] Expected {
 public:
  using value_type = T;
  using error_type = E;

  Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: as std
  template <class U>
  requires std::is_constructible_v<E, U> Expected(Unexpected<U> unexpected)  // NOLINT: as std
      : state_(std::in_place_index<1>, std::move(unexpected.error)) {}

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] T& value() & {
    HWFLOW_CHECK(has_value(), "value() of an Expected that holds an error");
    return std::get<0>(state_);
  }
  [[nodiscard]] const T& value() const& {
    HWFLOW_CHECK(has_value(), "value() of an Expected that holds an error");
    return std::get<0>(state_);
  }
  [[nodiscard]] T&& value() && {
    HWFLOW_CHECK(has_value(), "value() of an Expected that holds an error");
    return std::get<0>(std::move(state_));
  }
  [[nodiscard]] const E& error() const& {
    HWFLOW_CHECK(!has_value(), "error() of an Expected that holds a value");
    return std::get<1>(state_);
  }
  [[nodiscard]] E&& error() && {
    HWFLOW_CHECK(!has_value(), "error() of an Expected that holds a value");
    return std::get<1>(std::move(state_));
  }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  std::variant<T, E> state_;
};

}  // namespace hwflow
