#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/cli/command_line.hpp"
#include "tests/cli/tiny_study.hpp"
#include "workload/network.hpp"

/// What tests of `hwflow inject` share.
namespace hwflow::cli {

inline constexpr std::int64_t kInjectImages = 5;
inline const std::vector<std::string> kSmall{"--most-faults", "60", "--round", "20", "--fixed"};

std::string shipped(const std::string& file);

/// ResNet-20 with weights and inputs of 4 bits, 8 in the first and last layer, on random images in
/// the files of CIFAR-10.
std::vector<std::string> inject_words(const TinyStudy& study, const std::string& out,
                                      const std::vector<std::string>& more);
/// The same of float weights, on images of TinyStudy.
std::vector<std::string> float_words(const TinyStudy& study, const std::string& out,
                                     const std::vector<std::string>& more);
/// What inject_words() tells.
nlohmann::json inject(const TinyStudy& study, const std::string& out,
                      const std::vector<std::string>& more);
/// Without times and places.
nlohmann::json lasting(nlohmann::json result);

std::vector<std::string> lines_of(const std::filesystem::path& file);
std::string text_of(const std::filesystem::path& file);
/// The first `lines` of a list, and half of the next.
void cut_off(const std::filesystem::path& from, const std::filesystem::path& to, std::size_t lines);

std::int64_t weights_of(const Network& network);
std::int64_t sum_of(const nlohmann::json& groups, const std::string& key);

}  // namespace hwflow::cli
