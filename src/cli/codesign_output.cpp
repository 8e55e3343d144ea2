#include "cli/codesign_output.hpp"

#include <fmt/format.h>

#include <cstdlib>

#include "report/json.hpp"
#include "report/terminal_table.hpp"
#include "report/write_report.hpp"
#include "train/export/onnx_export.hpp"
#include "train/quant/quantized_checkpoint.hpp"

namespace hwflow::cli {
namespace {

namespace fs = std::filesystem;

train::OnnxFlavour flavour_of(study::ExportFormat format) {
  return format == study::ExportFormat::qdq ? train::OnnxFlavour::qdq : train::OnnxFlavour::qonnx;
}

}  // namespace

study::StudyFolders study_folders(const fs::path& data_directory) {
  study::StudyFolders folders;
  if (!data_directory.empty()) folders.search.push_back(data_directory);
  const char* root = std::getenv("HWFLOW_DATA");
  if (root != nullptr && *root != '\0') folders.search.emplace_back(root);
  return folders;
}

std::string plan_file(study::ExportFormat format, const std::string& stem) {
  if (format == study::ExportFormat::checkpoint) return stem + ".safetensors";
  return fmt::format("{}.{}.onnx", stem, train::name(flavour_of(format)));
}

std::string export_plan(const fs::path& folder, study::ExportFormat format,
                        const train::FinishedPlan& plan, const std::string& stem) {
  std::string name = plan_file(format, stem);
  if (format == study::ExportFormat::checkpoint) {
    train::write_integer_network(folder / name, plan.network);
    return name;
  }
  const train::OnnxFlavour flavour = flavour_of(format);
  const Expected<std::string> bytes = train::to_onnx(plan.network, flavour);
  if (!bytes) {
    fmt::print(stderr, "\n{}not exported as {}: {}\n", to_text(bytes.error()), train::name(flavour),
               stem);
    return {};
  }
  write_file(folder / name, *bytes);
  return name;
}

void show_result(const study::CodesignResult& result, const fs::path& folder,
                 const GlobalOptions& options) {
  const std::string page = (folder / "report.html").string();
  if (!result.evaluated.empty()) report::write_report(result, folder);
  write_json(options, report::result_json(result, page));
  if (options.json != "-" && !options.quiet) {
    fmt::print("{}\nreport: {}\n", report::terminal_table(result), page);
  }
}

}  // namespace hwflow::cli
