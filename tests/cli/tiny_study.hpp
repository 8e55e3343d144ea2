#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace hwflow::cli {

/// A folder with a small study and a small data set that it reads: 300 training and 40 test images
/// in the files of Fashion-MNIST, each a bright square whose place tells the class. The network is
/// fmnist_resnet with its shipped weights. Gone at the end of the test.
class TinyStudy {
 public:
  TinyStudy();
  ~TinyStudy();
  TinyStudy(const TinyStudy&) = delete;
  TinyStudy& operator=(const TinyStudy&) = delete;

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path data() const { return folder_ / "data"; }
  [[nodiscard]] std::filesystem::path out(const std::string& name) const { return folder_ / name; }
  /// codesign STUDY --data-dir DATA --out FOLDER/out_name, and what follows.
  [[nodiscard]] std::vector<std::string> codesign(const std::string& out_name,
                                                  const std::vector<std::string>& more) const;
  /// The words after `begin` (a command and its network) of a training on these images that is the
  /// same every time, and what follows.
  [[nodiscard]] std::vector<std::string> training(std::vector<std::string> begin,
                                                  const std::string& out_name,
                                                  const std::vector<std::string>& more) const;

 private:
  std::filesystem::path folder_;
};

/// The result without what may differ between two runs of one study: times, dates, threads, paths,
/// and how much came from the store.
[[nodiscard]] nlohmann::json lasting_part(nlohmann::json result);

[[nodiscard]] nlohmann::json read_json(const std::filesystem::path& file);

}  // namespace hwflow::cli
