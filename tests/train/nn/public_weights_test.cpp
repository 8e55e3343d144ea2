// Published networks on exact CIFAR-10 test images: the counts were measured with the networks'
// own code on the same images, so every reader, shape, pad and constant on the way is witnessed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <numeric>
#include <string>

#include "tests/train/nn/data_folder.hpp"
#include "train/nn/batch_norm_folding.hpp"
#include "train/nn/dataset.hpp"
#include "train/nn/normalization.hpp"
#include "train/nn/safetensors.hpp"
#include "train/nn/training.hpp"
#include "train/nn/weight_names.hpp"
#include "workload/builtin_networks.hpp"

namespace hwflow::train {
namespace {

struct Published {
  const char* file;
  const char* network;
  std::int64_t correct;  ///< of the first 1,017 test images
};

void PrintTo(const Published& row, std::ostream* out) { *out << row.file; }

class PublicWeights : public testing::TestWithParam<Published> {
 protected:
  static std::int64_t count(const std::vector<std::uint8_t>& correct) {
    return std::accumulate(correct.begin(), correct.end(), std::int64_t{0});
  }
};

TEST_P(PublicWeights, GivesTheCountOfTheOriginalCode) {
  const std::filesystem::path folder = data_folder();
  if (folder.empty()) GTEST_SKIP() << "needs HWFLOW_DATA";
  const auto data = read_dataset({.name = "cifar10", .directory = {}, .data_root = folder});
  ASSERT_TRUE(data) << to_text(data.error());
  ImageSet images = data->test;
  if (images.count() < 1017) GTEST_SKIP() << "needs 1,017 test images";
  std::vector<std::int64_t> first(1017);
  std::iota(first.begin(), first.end(), std::int64_t{0});
  images = select(images, first);

  const auto file = read_safetensors(folder / "weights" / GetParam().file);
  ASSERT_TRUE(file) << to_text(file.error());
  const Network network = make_builtin_network(GetParam().network).value();
  const auto weights = match_weights(network, file->tensors, GetParam().file);
  ASSERT_TRUE(weights) << to_text(weights.error());
  const auto normalization = normalization_from_metadata(file->metadata, images.channels);
  ASSERT_TRUE(normalization);

  const auto correct = correct_images(network, weights.value(), images, *normalization, {});
  ASSERT_TRUE(correct) << to_text(correct.error());
  EXPECT_EQ(count(correct.value()), GetParam().correct);

  const FoldedNetwork folded = fold_batch_norm(network, weights.value());
  const auto again = correct_images(folded.network, folded.weights, images, *normalization, {});
  ASSERT_TRUE(again) << to_text(again.error());
  EXPECT_EQ(again.value(), correct.value());
}

// The committed model: its metadata hold the count of the machine that trained it. Another machine
// may round a handful of images the other way.
TEST(CommittedModel, FashionMnistResNetKeepsItsAccuracy) {
  const char* source = std::getenv("HWFLOW_SOURCE_DIR");
  ASSERT_NE(source, nullptr) << "run by ctest, or name the repository in HWFLOW_SOURCE_DIR";
  const auto file =
      read_safetensors(std::filesystem::path(source) / "models" / "fmnist_resnet.safetensors");
  ASSERT_TRUE(file) << to_text(file.error());
  const auto data = read_dataset({});
  ASSERT_TRUE(data) << to_text(data.error());
  const Network network = make_builtin_network(file->metadata.at("network")).value();
  const auto weights = match_weights(network, file->tensors, "fmnist_resnet.safetensors");
  ASSERT_TRUE(weights) << to_text(weights.error());
  const auto normalization = normalization_from_metadata(file->metadata, 1);
  ASSERT_EQ(normalization, default_normalization("fashion-mnist", 1));
  const EvaluationOptions options;
  const auto correct =
      correct_images(network, weights.value(), data->test, *normalization, options);
  ASSERT_TRUE(correct) << to_text(correct.error());
  const auto right = std::accumulate(correct->begin(), correct->end(), std::int64_t{0});
  EXPECT_GE(right, 9300);
  EXPECT_NEAR(static_cast<double>(right), std::stod(file->metadata.at("test")), 5.0);
}

INSTANTIATE_TEST_SUITE_P(
    Files, PublicWeights,
    testing::Values(Published{"akamaster_resnet20-12fca82f.safetensors", "resnet20", 932},
                    Published{"akamaster_resnet32-d509ac18.safetensors", "resnet32", 944},
                    Published{"akamaster_resnet44-014dd654.safetensors", "resnet44", 950},
                    Published{"akamaster_resnet56-4bfd9763.safetensors", "resnet56", 943},
                    Published{"distiller_resnet20_dense.safetensors", "resnet20b", 937},
                    Published{"mlperftiny_resnet8_cifar10.safetensors", "resnet8", 895}),
    [](const auto& row) { return std::string(row.param.network); });

}  // namespace
}  // namespace hwflow::train
