#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace onnx {
class TensorProto;
}

namespace hwflow::onnx_import {

using Dims = std::vector<std::int64_t>;

/// Elements of a tensor. Throws Problem: a negative size, or more than 2^53 elements.
[[nodiscard]] std::int64_t element_count(const Dims& dims);
[[nodiscard]] std::string to_text(const Dims& dims);

/// A tensor known when the file is read: an initializer, or arithmetic on such. Its values are
/// absent where the file has a shape only.
struct Constant {
  Dims dims;
  bool has_values = false;
  std::variant<std::vector<float>, std::vector<std::int64_t>> values;

  [[nodiscard]] bool is_integer() const { return values.index() == 1; }
  [[nodiscard]] std::size_t size() const;
  /// One value as a double or as an integer, whatever the type is.
  [[nodiscard]] double number(std::size_t index) const;
  [[nodiscard]] std::int64_t integer(std::size_t index) const;
  /// All values; the tensor must have some.
  [[nodiscard]] std::vector<float> floats() const;
  [[nodiscard]] std::vector<std::int64_t> integers() const;
};
using ConstantPtr = std::shared_ptr<const Constant>;

[[nodiscard]] ConstantPtr make_floats(Dims dims, std::vector<float> values);
[[nodiscard]] ConstantPtr make_integers(Dims dims, std::vector<std::int64_t> values);
[[nodiscard]] ConstantPtr make_unknown(Dims dims);

/// A tensor of the file. External data are read when their file exists inside `folder`.
/// Throws Problem: sizes that do not fit the data, unknown types, a path that leaves the folder.
[[nodiscard]] ConstantPtr read_tensor(const ::onnx::TensorProto& proto,
                                      const std::filesystem::path& folder);

}  // namespace hwflow::onnx_import
