#include "train/nn/safetensors.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <system_error>

#include "base/input_file.hpp"
#include "base/random.hpp"

namespace hwflow::train {
namespace {

using Json = nlohmann::json;

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // limit of the format's own reader

enum class Dtype { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };

struct DtypeRow {
  std::string_view name;
  Dtype dtype;
  std::uint64_t bytes;
};
constexpr DtypeRow kDtypes[] = {{"F64", Dtype::f64, 8}, {"F32", Dtype::f32, 4},
                                {"F16", Dtype::f16, 2}, {"BF16", Dtype::bf16, 2},
                                {"I64", Dtype::i64, 8}, {"I32", Dtype::i32, 4},
                                {"I16", Dtype::i16, 2}, {"I8", Dtype::i8, 1},
                                {"U8", Dtype::u8, 1},   {"BOOL", Dtype::boolean, 1}};

/// What the header says of one tensor; bytes [begin, end) of the data part.
struct Entry {
  std::string name;
  const DtypeRow* dtype = nullptr;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0, end = 0;
};

float from_half(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000U) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1FU;
  const std::uint32_t mantissa = bits & 0x3FFU;
  if (exponent == 0) {  // zero or subnormal: mantissa * 2^-24
    const float magnitude = static_cast<float>(mantissa) * 0x1.0p-24F;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t wide = exponent == 31 ? 0xFFU : exponent + 112;
  return std::bit_cast<float>(sign | (wide << 23) | (mantissa << 13));
}

template <class T>
T load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

float to_float(Dtype dtype, const char* at) {
  switch (dtype) {
    case Dtype::f64: return static_cast<float>(load<double>(at));
    case Dtype::f32: return load<float>(at);
    case Dtype::f16: return from_half(load<std::uint16_t>(at));
    case Dtype::bf16:
      return std::bit_cast<float>(static_cast<std::uint32_t>(load<std::uint16_t>(at)) << 16);
    case Dtype::i64: return static_cast<float>(load<std::int64_t>(at));
    case Dtype::i32: return static_cast<float>(load<std::int32_t>(at));
    case Dtype::i16: return static_cast<float>(load<std::int16_t>(at));
    case Dtype::i8: return static_cast<float>(load<std::int8_t>(at));
    case Dtype::u8: return static_cast<float>(load<std::uint8_t>(at));
    case Dtype::boolean: return load<std::uint8_t>(at) != 0 ? 1.0F : 0.0F;
  }
  return 0.0F;
}

/// Product of the sizes, none when it exceeds `limit`.
std::optional<std::uint64_t> count_elements(const std::vector<std::int64_t>& shape,
                                            std::uint64_t limit) {
  std::uint64_t product = 1;
  for (const std::int64_t size : shape) {
    const auto factor = static_cast<std::uint64_t>(size);
    if (factor != 0 && product > limit / factor) return std::nullopt;
    product *= factor;
  }
  return product;
}

/// Reads one header and its data, collecting every problem.
class Reader {
 public:
  Reader(std::string file, std::span<const char> bytes) : file_(std::move(file)), bytes_(bytes) {}

  Expected<Safetensors> read() {
    const std::optional<Json> header = parse_header();
    if (header) {
      for (const auto& [name, value] : header->items()) read_item(name, value);
      check_layout();
    }
    if (!problems_.empty()) return Unexpected{std::move(problems_)};
    for (const Entry& entry : entries_) content_.tensors.emplace(entry.name, convert(entry));
    return std::move(content_);
  }

 private:
  void refuse(std::string place, std::string reason, std::string hint = {}) {
    problems_.push_back({std::move(place), std::move(reason), std::move(hint)});
  }
  [[nodiscard]] std::string tensor_place(const std::string& name) const {
    return fmt::format("{}: tensor '{}'", file_, name);
  }

  std::optional<Json> parse_header() {
    if (bytes_.size() < kLengthBytes) {
      refuse(file_, fmt::format("has {} bytes; the header length alone takes 8", bytes_.size()),
             "is it a safetensors file?");
      return std::nullopt;
    }
    const auto length = load<std::uint64_t>(bytes_.data());
    if (length > kMaxHeaderBytes || length > bytes_.size() - kLengthBytes) {
      refuse(file_ + ": byte 0",
             fmt::format("header length {} goes beyond the {} bytes that follow", length,
                         bytes_.size() - kLengthBytes),
             "is it a whole safetensors file?");
      return std::nullopt;
    }
    data_ = bytes_.subspan(kLengthBytes + length);
    return parse_json({bytes_.data() + kLengthBytes, length});
  }

  std::optional<Json> parse_json(std::string_view text) {
    std::set<std::string> names;
    const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
      if (event == Json::parse_event_t::key && depth == 1 &&
          !names.insert(value.get<std::string>()).second) {
        refuse(tensor_place(value.get<std::string>()), "is in the header twice");
      }
      return true;
    };
    try {
      Json header = Json::parse(text, watch);
      if (header.is_object()) return header;
      refuse(file_ + ": byte 8", "the header is not a JSON object");
    } catch (const Json::exception& error) {
      refuse(file_ + ": byte 8", fmt::format("the header is not JSON: {}", error.what()));
    }
    return std::nullopt;
  }

  void read_item(const std::string& name, const Json& value) {
    if (name == "__metadata__") return read_metadata(value);
    if (!value.is_object()) return refuse(tensor_place(name), "is not described by an object");
    Entry entry;
    entry.name = name;
    const bool has_dtype = read_dtype(value, entry);
    const bool has_shape = read_shape(value, entry);
    const bool has_offsets = read_offsets(value, entry);
    if (!has_offsets) return;
    if (has_dtype && has_shape) check_size(entry);
    entries_.push_back(std::move(entry));
  }

  void read_metadata(const Json& value) {
    if (!value.is_object()) return refuse(file_ + ": __metadata__", "is not an object");
    for (const auto& [key, text] : value.items()) {
      if (text.is_string()) {
        content_.metadata.emplace(key, text.get<std::string>());
      } else {
        refuse(file_ + ": __metadata__." + key, "is not a string");
      }
    }
  }

  bool read_dtype(const Json& value, Entry& entry) {
    const auto found = value.find("dtype");
    if (found == value.end() || !found->is_string()) {
      refuse(tensor_place(entry.name), "has no dtype");
      return false;
    }
    const auto text = found->get<std::string>();
    const auto* row =
        std::ranges::find_if(kDtypes, [&](const DtypeRow& dtype) { return dtype.name == text; });
    if (row == std::end(kDtypes)) {
      refuse(tensor_place(entry.name), fmt::format("dtype '{}' is not one that we read", text),
             "F64, F32, F16, BF16, I64, I32, I16, I8, U8 or BOOL");
      return false;
    }
    entry.dtype = row;
    return true;
  }

  bool read_shape(const Json& value, Entry& entry) {
    const auto found = value.find("shape");
    const bool good =
        found != value.end() && found->is_array() && std::ranges::all_of(*found, [](const Json& v) {
          return v.is_number_unsigned() &&
                 v.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max();
        });
    if (!good) {
      refuse(tensor_place(entry.name), "shape is not a list of whole numbers >= 0");
      return false;
    }
    entry.shape = found->get<std::vector<std::int64_t>>();
    return true;
  }

  bool read_offsets(const Json& value, Entry& entry) {
    const auto found = value.find("data_offsets");
    if (found == value.end() || !found->is_array() || found->size() != 2 ||
        !found->at(0).is_number_unsigned() || !found->at(1).is_number_unsigned()) {
      refuse(tensor_place(entry.name), "data_offsets is not a pair of whole numbers >= 0");
      return false;
    }
    entry.begin = found->at(0).get<std::uint64_t>();
    entry.end = found->at(1).get<std::uint64_t>();
    if (entry.begin > entry.end || entry.end > data_.size()) {
      refuse(tensor_place(entry.name),
             fmt::format("data_offsets [{}, {}) leave the {} bytes of data", entry.begin, entry.end,
                         data_.size()),
             "is the file cut short?");
      return false;
    }
    return true;
  }

  void check_size(const Entry& entry) {
    const std::uint64_t bytes = entry.end - entry.begin;
    const auto elements = count_elements(entry.shape, std::numeric_limits<std::int64_t>::max());
    if (!elements || *elements > bytes / entry.dtype->bytes ||
        *elements * entry.dtype->bytes != bytes) {
      refuse(tensor_place(entry.name),
             fmt::format("has {} bytes of data, which its shape and dtype {} contradict", bytes,
                         entry.dtype->name));
    }
  }

  /// The tensors must tile the data part: no overlap, no hole, nothing left over.
  void check_layout() {
    if (!problems_.empty()) return;
    std::ranges::sort(entries_, {}, [](const Entry& e) { return std::pair{e.begin, e.end}; });
    std::uint64_t covered = 0;
    for (const Entry& entry : entries_) {
      if (entry.begin < covered) {
        refuse(tensor_place(entry.name),
               fmt::format("starts at byte {} of the data, inside another "
                           "tensor that ends at {}",
                           entry.begin, covered));
      } else if (entry.begin > covered) {
        refuse(tensor_place(entry.name),
               fmt::format("leaves a hole: data bytes {} to {} belong to no tensor", covered,
                           entry.begin));
      }
      covered = std::max(covered, entry.end);
    }
    if (covered != data_.size()) {
      refuse(file_, fmt::format("has {} bytes after the last tensor", data_.size() - covered));
    }
  }

  [[nodiscard]] FloatTensor convert(const Entry& entry) const {
    FloatTensor tensor{.shape = entry.shape, .values = {}};
    tensor.values.resize((entry.end - entry.begin) / entry.dtype->bytes);
    const char* at = data_.data() + entry.begin;
    for (float& value : tensor.values) {
      value = to_float(entry.dtype->dtype, at);
      at += entry.dtype->bytes;
    }
    return tensor;
  }

  std::string file_;
  std::span<const char> bytes_, data_;
  std::vector<Entry> entries_;
  Safetensors content_;
  Diagnostics problems_;
};

/// Length and text of the header, padded with spaces so that the data are aligned to 8 bytes.
std::string make_header(const Safetensors& content) {
  Json header = Json::object();
  if (!content.metadata.empty()) header["__metadata__"] = content.metadata;
  std::uint64_t at = 0;
  for (const auto& [name, tensor] : content.tensors) {
    const std::uint64_t end = at + tensor.values.size() * sizeof(float);
    header[name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text = header.dump();
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes, ' ');
  const std::uint64_t length = text.size();
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes + text;
}

[[noreturn]] void throw_system_error(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// A file descriptor that is closed and whose file is removed unless it is committed.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::filesystem::path path)
      : path_(std::move(path)),
        descriptor_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {
    if (descriptor_ < 0) throw_system_error("cannot create " + path_.string());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }

  void append(const void* data, std::size_t size) {
    const char* at = static_cast<const char*>(data);
    while (size > 0) {
      const ssize_t written = ::write(descriptor_, at, size);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw_system_error("cannot write " + path_.string());
      at += written;
      size -= static_cast<std::size_t>(written);
    }
  }

  void commit(const std::filesystem::path& target) {
    if (::fsync(descriptor_) != 0) throw_system_error("cannot write " + path_.string());
    if (::rename(path_.c_str(), target.c_str()) != 0) {
      throw_system_error("cannot rename " + path_.string());
    }
    ::close(descriptor_);
    descriptor_ = -1;
  }

 private:
  std::filesystem::path path_;
  int descriptor_;
};

}  // namespace

Expected<Safetensors> read_safetensors(const std::filesystem::path& file) {
  constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;
  const Expected<std::string> bytes = read_input_file(file, kMostBytes);
  if (!bytes) return Unexpected{bytes.error()};
  return Reader(file.string(), *bytes).read();
}

void write_safetensors(const std::filesystem::path& file, const Safetensors& content) {
  for (const auto& [name, tensor] : content.tensors) {
    const auto elements = count_elements(tensor.shape, tensor.values.size());
    HWFLOW_CHECK(elements == tensor.values.size(), "tensor '" + name + "' contradicts its shape");
    HWFLOW_CHECK(name != "__metadata__", "a tensor cannot be called __metadata__");
  }
  TemporaryFile temporary(file.string() + ".part" + std::to_string(::getpid()));
  const std::string header = make_header(content);
  temporary.append(header.data(), header.size());
  for (const auto& [name, tensor] : content.tensors) {
    temporary.append(tensor.values.data(), tensor.values.size() * sizeof(float));
  }
  temporary.commit(file);
}

std::uint64_t fingerprint(const WeightMap& weights) {
  std::string bytes;
  for (const auto& [name, tensor] : weights) {
    bytes += name;
    const std::size_t at = bytes.size();
    bytes.resize(at + tensor.values.size() * sizeof(float));
    if (!tensor.values.empty())
      std::memcpy(bytes.data() + at, tensor.values.data(), tensor.values.size() * sizeof(float));
  }
  return stable_hash(bytes);
}

}  // namespace hwflow::train
