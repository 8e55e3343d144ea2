#include "workload/onnx/tensor.hpp"

#include <fmt/format.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <string_view>
#include <utility>

#include "workload/onnx/problem.hpp"

namespace hwflow::onnx_import {
namespace {

using ::onnx::TensorProto;

constexpr std::int64_t kMaxElements = std::int64_t{1} << 53;

static_assert(std::endian::native == std::endian::little, "ONNX raw data are little endian");

/// IEEE 754 half precision.
float half_to_float(std::uint16_t half) {
  const int exponent = (half >> 10) & 0x1F;
  const int mantissa = half & 0x3FF;
  float magnitude = 0.0F;
  if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(mantissa), -24);
  } else if (exponent == 31) {
    magnitude = mantissa == 0 ? std::numeric_limits<float>::infinity()
                              : std::numeric_limits<float>::quiet_NaN();
  } else {
    magnitude = std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
  }
  return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

float bfloat_to_float(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U);
}

template <class Stored, class Value, class Convert>
std::vector<Value> unpack(std::string_view bytes, std::size_t count, Convert convert) {
  if (bytes.size() != count * sizeof(Stored)) {
    throw Problem(fmt::format("holds {} bytes where its shape needs {}", bytes.size(),
                              count * sizeof(Stored)));
  }
  std::vector<Value> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    Stored stored;
    std::memcpy(&stored, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = static_cast<Value>(convert(stored));
  }
  return values;
}

template <class Stored>
ConstantPtr unpack_floats(Dims dims, std::string_view bytes, std::size_t count) {
  return make_floats(std::move(dims),
                     unpack<Stored, float>(bytes, count, [](Stored x) { return x; }));
}

template <class Stored>
ConstantPtr unpack_integers(Dims dims, std::string_view bytes, std::size_t count) {
  return make_integers(std::move(dims),
                       unpack<Stored, std::int64_t>(bytes, count, [](Stored x) { return x; }));
}

ConstantPtr from_bytes(int type, Dims dims, std::string_view bytes, std::size_t count) {
  switch (type) {
    case TensorProto::FLOAT: return unpack_floats<float>(std::move(dims), bytes, count);
    case TensorProto::DOUBLE: return unpack_floats<double>(std::move(dims), bytes, count);
    case TensorProto::FLOAT16:
      return make_floats(std::move(dims),
                         unpack<std::uint16_t, float>(bytes, count, half_to_float));
    case TensorProto::BFLOAT16:
      return make_floats(std::move(dims),
                         unpack<std::uint16_t, float>(bytes, count, bfloat_to_float));
    case TensorProto::INT8: return unpack_integers<std::int8_t>(std::move(dims), bytes, count);
    case TensorProto::BOOL:
    case TensorProto::UINT8: return unpack_integers<std::uint8_t>(std::move(dims), bytes, count);
    case TensorProto::INT16: return unpack_integers<std::int16_t>(std::move(dims), bytes, count);
    case TensorProto::UINT16: return unpack_integers<std::uint16_t>(std::move(dims), bytes, count);
    case TensorProto::INT32: return unpack_integers<std::int32_t>(std::move(dims), bytes, count);
    case TensorProto::UINT32: return unpack_integers<std::uint32_t>(std::move(dims), bytes, count);
    case TensorProto::INT64: return unpack_integers<std::int64_t>(std::move(dims), bytes, count);
    case TensorProto::UINT64: return unpack_integers<std::uint64_t>(std::move(dims), bytes, count);
    default: throw Problem(fmt::format("has the unsupported element type {}", type));
  }
}

template <class Field>
void check_field(const Field& field, std::size_t count) {
  if (static_cast<std::size_t>(field.size()) != count) {
    throw Problem(fmt::format("holds {} values where its shape needs {}", field.size(), count));
  }
}

template <class Field>
ConstantPtr integers_of(Dims dims, const Field& field, std::size_t count) {
  check_field(field, count);
  std::vector<std::int64_t> values;
  values.reserve(count);
  for (const auto value : field) values.push_back(static_cast<std::int64_t>(value));
  return make_integers(std::move(dims), std::move(values));
}

template <class Field>
ConstantPtr floats_of(Dims dims, const Field& field, std::size_t count) {
  check_field(field, count);
  std::vector<float> values;
  values.reserve(count);
  for (const auto value : field) values.push_back(static_cast<float>(value));
  return make_floats(std::move(dims), std::move(values));
}

/// 16-bit floats in the int32_data field.
ConstantPtr packed_halves(const TensorProto& proto, Dims dims, std::size_t count) {
  check_field(proto.int32_data(), count);
  std::vector<float> values;
  values.reserve(count);
  const bool is_half = proto.data_type() == TensorProto::FLOAT16;
  for (const std::int32_t bits : proto.int32_data()) {
    const auto word = static_cast<std::uint16_t>(bits);
    values.push_back(is_half ? half_to_float(word) : bfloat_to_float(word));
  }
  return make_floats(std::move(dims), std::move(values));
}

ConstantPtr from_fields(const TensorProto& proto, Dims dims, std::size_t count) {
  switch (proto.data_type()) {
    case TensorProto::FLOAT: return floats_of(std::move(dims), proto.float_data(), count);
    case TensorProto::DOUBLE: return floats_of(std::move(dims), proto.double_data(), count);
    case TensorProto::INT64: return integers_of(std::move(dims), proto.int64_data(), count);
    case TensorProto::UINT32:
    case TensorProto::UINT64: return integers_of(std::move(dims), proto.uint64_data(), count);
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16: return packed_halves(proto, std::move(dims), count);
    case TensorProto::INT32:
    case TensorProto::INT16:
    case TensorProto::INT8:
    case TensorProto::UINT16:
    case TensorProto::UINT8:
    case TensorProto::BOOL: return integers_of(std::move(dims), proto.int32_data(), count);
    default: throw Problem(fmt::format("has the unsupported element type {}", proto.data_type()));
  }
}

bool has_no_values(const TensorProto& proto) {
  return proto.raw_data().empty() && proto.float_data().empty() && proto.double_data().empty() &&
         proto.int32_data().empty() && proto.int64_data().empty() && proto.uint64_data().empty();
}

std::size_t element_bytes(int type) {
  switch (type) {
    case TensorProto::DOUBLE:
    case TensorProto::INT64:
    case TensorProto::UINT64: return 8;
    case TensorProto::FLOAT:
    case TensorProto::INT32:
    case TensorProto::UINT32: return 4;
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
    case TensorProto::INT16:
    case TensorProto::UINT16: return 2;
    default: return 1;
  }
}

struct ExternalPlace {
  std::string location;
  std::uint64_t offset = 0;
};

ExternalPlace external_place(const TensorProto& proto) {
  ExternalPlace place;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") place.location = entry.value();
    if (entry.key() != "offset") continue;
    const std::string& text = entry.value();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), place.offset);
    if (error != std::errc() || end != text.data() + text.size())
      throw Problem(fmt::format("has the external offset '{}', which is no number", text));
  }
  const std::filesystem::path path(place.location);
  bool leaves = path.empty() || path.is_absolute();
  for (const auto& part : path) leaves = leaves || part == "..";
  if (leaves) {
    throw Problem(
        fmt::format("has its data in '{}', outside the folder of the model", place.location));
  }
  return place;
}

ConstantPtr read_external(const TensorProto& proto, Dims dims, std::size_t count,
                          const std::filesystem::path& folder) {
  const ExternalPlace place = external_place(proto);
  std::error_code error;
  const auto file = std::filesystem::weakly_canonical(folder / place.location, error);
  const auto root = std::filesystem::weakly_canonical(folder, error);
  if (error || !std::filesystem::is_regular_file(file, error)) return make_unknown(std::move(dims));
  const auto relative = file.lexically_relative(root);
  if (relative.empty() || *relative.begin() == "..")
    throw Problem(fmt::format("has its data in '{}', a link out of the folder", place.location));

  const std::uint64_t size = std::filesystem::file_size(file, error);
  const std::uint64_t bytes = count * element_bytes(proto.data_type());
  if (error || place.offset > size || bytes > size - place.offset) {
    throw Problem(fmt::format("needs {} bytes at {} of '{}', which has {}", bytes, place.offset,
                              place.location, size));
  }
  std::string data(bytes, '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(place.offset));
  stream.read(data.data(), static_cast<std::streamsize>(bytes));
  if (!stream) throw Problem(fmt::format("could not be read from '{}'", place.location));
  return from_bytes(proto.data_type(), std::move(dims), data, count);
}

std::int64_t clamp_to_integer(double value) {
  constexpr double kLimit = 9.0e18;
  if (std::isnan(value)) return 0;
  return static_cast<std::int64_t>(std::clamp(value, -kLimit, kLimit));
}

}  // namespace

std::int64_t element_count(const Dims& dims) {
  std::int64_t count = 1;
  bool is_empty = false;
  for (const std::int64_t size : dims) {
    if (size < 0) throw Problem(fmt::format("shape {} has a negative size", to_text(dims)));
    if (size == 0) is_empty = true;
    if (size > 0 && count > kMaxElements / size)
      throw Problem(fmt::format("shape {} has more than 2^53 elements", to_text(dims)));
    if (size > 0) count *= size;
  }
  return is_empty ? 0 : count;
}

std::string to_text(const Dims& dims) { return fmt::format("[{}]", fmt::join(dims, ",")); }

std::size_t Constant::size() const {
  return std::visit([](const auto& list) { return list.size(); }, values);
}

double Constant::number(std::size_t index) const {
  return std::visit([index](const auto& list) { return static_cast<double>(list.at(index)); },
                    values);
}

std::int64_t Constant::integer(std::size_t index) const {
  if (is_integer()) return std::get<1>(values).at(index);
  return clamp_to_integer(std::get<0>(values).at(index));
}

std::vector<float> Constant::floats() const {
  if (!is_integer()) return std::get<0>(values);
  std::vector<float> list;
  for (const std::int64_t value : std::get<1>(values)) list.push_back(static_cast<float>(value));
  return list;
}

std::vector<std::int64_t> Constant::integers() const {
  if (is_integer()) return std::get<1>(values);
  std::vector<std::int64_t> list;
  for (const float value : std::get<0>(values)) list.push_back(clamp_to_integer(value));
  return list;
}

ConstantPtr make_floats(Dims dims, std::vector<float> values) {
  return std::make_shared<const Constant>(Constant{std::move(dims), true, std::move(values)});
}

ConstantPtr make_integers(Dims dims, std::vector<std::int64_t> values) {
  return std::make_shared<const Constant>(Constant{std::move(dims), true, std::move(values)});
}

ConstantPtr make_unknown(Dims dims) {
  return std::make_shared<const Constant>(Constant{std::move(dims), false, std::vector<float>()});
}

ConstantPtr read_tensor(const TensorProto& proto, const std::filesystem::path& folder) {
  Dims dims(proto.dims().begin(), proto.dims().end());
  const auto count = static_cast<std::size_t>(element_count(dims));
  if (proto.has_segment()) throw Problem("is stored in segments, which no exporter writes");
  if (proto.data_location() == TensorProto::EXTERNAL)
    return read_external(proto, std::move(dims), count, folder);
  if (has_no_values(proto) && count > 0) return make_unknown(std::move(dims));
  if (proto.has_raw_data() && !proto.raw_data().empty())
    return from_bytes(proto.data_type(), std::move(dims), proto.raw_data(), count);
  return from_fields(proto, std::move(dims), count);
}

}  // namespace hwflow::onnx_import
