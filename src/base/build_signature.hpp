#pragma once

#include <string_view>

namespace hwflow {

/// Which code computed a number: hashes of the contents of the sources, 16 hexadecimal digits each.
/// What is kept on disk is found again only by the code that computed it.
struct BuildSignature {
  std::string_view training;  ///< of src/train, src/workload and src/base
  std::string_view hardware;  ///< of src/chip, src/workload and src/base
  bool operator==(const BuildSignature&) const = default;
};

/// Of this build. Any change of a source, be it of a comment, gives another one; the place of the
/// source tree, the compiler and the libraries do not.
[[nodiscard]] BuildSignature build_signature();

}  // namespace hwflow
