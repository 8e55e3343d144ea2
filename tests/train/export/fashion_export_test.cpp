// The committed Fashion-MNIST network, exported and run elsewhere on real test images: onnxruntime
// and the qonnx package choose the class that the integer executor chooses.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "tests/train/export/elsewhere.hpp"
#include "tests/train/quant/fashion_network.hpp"
#include "train/export/onnx_export.hpp"
#include "train/nn/training.hpp"
#include "train/quant/integer_executor.hpp"

namespace hwflow::train {
namespace {

IntegerNetwork integers_of(const CompressionPlan& plan, QuantizerMethod method) {
  return to_integer_network(fashion_network().calibrated->quantize(plan, method)).value();
}

std::vector<std::int32_t> predicted_here(const IntegerNetwork& network, std::int64_t images) {
  const std::span<const std::uint8_t> pixels = fashion_network().data.test.pixels;
  return IntegerExecutor::make(network).value().predict(
      pixels.first(static_cast<std::size_t>(images * 784)), images, 1);
}

/// Classes of the first `images` test images as another program gives them.
std::vector<std::int32_t> predicted_elsewhere(const std::string& onnx, OnnxFlavour flavour,
                                              std::int64_t images) {
  const std::span<const std::uint8_t> pixels = fashion_network().data.test.pixels;
  const std::vector<float> logits = run_elsewhere(
      onnx, flavour, pixels.first(static_cast<std::size_t>(images * 784)), {1, 28, 28});
  std::vector<std::int32_t> classes;
  for (auto row = logits.begin(); row != logits.end(); row += 10)
    classes.push_back(static_cast<std::int32_t>(std::max_element(row, row + 10) - row));
  return classes;
}

struct Row {
  const char* name;
  OnnxFlavour flavour;
  int bits;  ///< 0: mixed_fashion_plan()
  QuantizerMethod method;
  std::int64_t images, least;  ///< images whose class must be the same
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class FashionElsewhere : public testing::TestWithParam<Row> {};

TEST_P(FashionElsewhere, ChoosesTheClassesOfTheIntegerExecutor) {
  if (!can_run_elsewhere()) {
    GTEST_SKIP() << "no Python with tools/requirements.txt; 'make test' installs it";
  }
  const Row& row = GetParam();
  const std::size_t layers = fashion_network().network.compute_nodes().size();
  const IntegerNetwork network = integers_of(
      row.bits == 0 ? mixed_fashion_plan() : CompressionPlan::uniform(layers, row.bits, row.bits),
      row.method);
  const Expected<std::string> bytes = to_onnx(network, row.flavour);
  ASSERT_TRUE(bytes) << to_text(bytes.error());
  const auto here = predicted_here(network, row.images);
  const auto there = predicted_elsewhere(*bytes, row.flavour, row.images);
  ASSERT_EQ(there.size(), here.size());
  std::int64_t equal = 0;
  for (std::size_t i = 0; i < here.size(); ++i) equal += here[i] == there[i] ? 1 : 0;
  RecordProperty("equal", static_cast<int>(equal));
  fmt::print("{}: {} of {} images have the same class\n", row.name, equal, row.images);
  EXPECT_GE(equal, row.least);
  // More than one class, or the comparison would say nothing.
  EXPECT_GT(std::ranges::count_if(here, [&](auto c) { return c != here[0]; }), row.images / 2);
}

INSTANTIATE_TEST_SUITE_P(
    Plans, FashionElsewhere,
    testing::Values(Row{"qdq_8_8", OnnxFlavour::qdq, 8, QuantizerMethod::lsq, 1000, 999},
                    Row{"qdq_4_4", OnnxFlavour::qdq, 4, QuantizerMethod::lsq, 1000, 999},
                    Row{"qdq_mixed", OnnxFlavour::qdq, 0, QuantizerMethod::lsq, 1000, 999},
                    Row{"qdq_dorefa_4_4", OnnxFlavour::qdq, 4, QuantizerMethod::dorefa, 200, 199},
                    Row{"qonnx_8_8", OnnxFlavour::qonnx, 8, QuantizerMethod::lsq, 50, 50},
                    Row{"qonnx_4_4", OnnxFlavour::qonnx, 4, QuantizerMethod::lsq, 50, 50},
                    Row{"qonnx_mixed", OnnxFlavour::qonnx, 0, QuantizerMethod::lsq, 50, 50},
                    Row{"qonnx_dorefa_4_4", OnnxFlavour::qonnx, 4, QuantizerMethod::dorefa, 50,
                        50}),
    [](const auto& row) { return std::string(row.param.name); });

/// Without any rounding: torch gets the same images right as onnxruntime.
TEST(FashionExport, FloatsComputeWhatTheNetworkComputes) {
  if (!can_run_elsewhere()) {
    GTEST_SKIP() << "no Python with tools/requirements.txt; 'make test' installs it";
  }
  constexpr std::int64_t kImages = 500;
  const FashionNetwork& fashion = fashion_network();
  const Expected<std::string> bytes =
      to_onnx(fashion.folded.network, fashion.folded.weights, fashion.normalization.mean,
              fashion.normalization.std);
  ASSERT_TRUE(bytes) << to_text(bytes.error());
  std::vector<std::int64_t> first(kImages);
  std::iota(first.begin(), first.end(), std::int64_t{0});
  const ImageSet images = select(fashion.data.test, first);
  const auto right = correct_images(fashion.network, fashion.weights, images, fashion.normalization,
                                    EvaluationOptions{})
                         .value();
  const auto there = predicted_elsewhere(*bytes, OnnxFlavour::qdq, kImages);
  ASSERT_EQ(there.size(), right.size());
  for (std::size_t i = 0; i < right.size(); ++i)
    EXPECT_EQ(there[i] == images.labels[i], right[i] != 0) << "image " << i;

  const auto unfolded = to_onnx(fashion.network, fashion.weights, fashion.normalization.mean,
                                fashion.normalization.std);
  ASSERT_FALSE(unfolded);
  EXPECT_THAT(to_text(unfolded.error()), testing::HasSubstr("has a BatchNorm (fold it first)"));
}

TEST(FashionExport, QdqHasNoPlaceForDorefaCodesOfEightBits) {
  // Odd codes of -255..255: one bit more than their width.
  const std::size_t layers = fashion_network().network.compute_nodes().size();
  const IntegerNetwork network =
      integers_of(CompressionPlan::uniform(layers, 8, 8), QuantizerMethod::dorefa);
  const Expected<std::string> bytes = to_onnx(network, OnnxFlavour::qdq);
  ASSERT_FALSE(bytes);
  EXPECT_THAT(to_text(bytes.error()),
              testing::AllOf(testing::HasSubstr("codes -255..255 do not fit the int8 containers"),
                             testing::HasSubstr("DoReFa weights of 8 bits: export as qonnx")));
  EXPECT_TRUE(to_onnx(network, OnnxFlavour::qonnx));
}

}  // namespace
}  // namespace hwflow::train
