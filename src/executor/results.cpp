// SPDX-License-Identifier: Apache-2.0
#include "parley/executor/results.hpp"

#include <algorithm>

#include "parley/base/file.hpp"
#include "parley/base/text.hpp"
#include "parley/base/try.hpp"
#include "parley/report/matrix.hpp"

namespace parley::executor {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxLog = std::size_t{1} << 20;

Failure cannot(const std::string &what, const FileError &error, std::string what_to_do) {
  return {what + " " + error.path.string(), errno_text(error.error), std::move(what_to_do)};
}

fs::path file_of(const fs::path &folder, const matrix::CellId &cell, const char *ending) {
  return folder / (matrix::name(cell) + ending);
}

std::expected<void, Failure> write(const fs::path &folder, const fs::path &file, std::string_view text) {
  std::error_code error;
  fs::create_directories(folder, error);
  const auto written =
      error ? std::unexpected(FileError{folder, error.value()}) : replace_file(file, std::as_bytes(std::span(text)));
  if (written) return {};
  return std::unexpected(cannot("cannot write the result to", written.error(),
                                "name a writable folder with --results, on a disk with room"));
}

std::expected<matrix::Report, Failure> read_result(const fs::path &file) {
  // Opening a pipe would block until its writer comes.
  std::error_code error;
  if (fs::exists(file, error) && !fs::is_regular_file(file, error))
    return std::unexpected(Failure{"cannot read the result " + file.string(), "it is not a file", "remove it"});
  const auto text = read_text(file, kMaxReportSize);
  if (!text) return std::unexpected(cannot("cannot read the result", text.error(), "try that cell again"));
  return report::read_matrix_json(*text, file.string());
}

bool has_ending(const fs::path &file, std::string_view ending) {
  return file.extension() == ending && !file.filename().string().starts_with('.');
}

void collect(const fs::path &file, Results &results) {
  const std::string stem = file.stem().string();
  if (has_ending(file, ".error")) {
    std::error_code error;
    if (!fs::is_regular_file(file, error)) return;
    auto text = read_text(file, kMaxLog);
    results.errors[stem] =
        text ? std::move(*text) : "the reason for the missing result cannot be read: " + errno_text(text.error().error);
  } else if (has_ending(file, ".json")) {
    if (auto report = read_result(file)) {
      results.reports.push_back(std::move(*report));
    } else {
      results.errors[stem] = "the result cannot be read: " + report.error().why;
    }
  }
}

bool has_result(const fs::path &folder, const matrix::CellId &cell) {
  const auto report = read_result(file_of(folder, cell, ".json"));
  if (!report) return false;
  return std::ranges::any_of(report->hosts, [&](const matrix::HostReport &host) {
    const auto found = std::ranges::find(host.cells, cell, &matrix::Cell::id);
    return found != host.cells.end() && found->observed;
  });
}

}  // namespace

std::vector<matrix::CellId> without_result(const fs::path &folder, std::vector<matrix::CellId> cells) {
  std::erase_if(cells, [&](const matrix::CellId &cell) { return has_result(folder, cell); });
  return cells;
}

std::expected<void, Failure> write_result(const fs::path &folder, const matrix::CellId &cell,
                                          const matrix::Report &report) {
  return write(folder, file_of(folder, cell, ".json"), report::matrix(report, report::MatrixFormat::kJson));
}

std::expected<void, Failure> write_error(const fs::path &folder, const matrix::CellId &cell, const std::string &text) {
  return write(folder, file_of(folder, cell, ".error"), text);
}

std::expected<Results, Failure> collect_results(const fs::path &folder) {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    files.push_back(it->path());
  if (error)
    return std::unexpected(cannot("cannot read the results in", {folder, error.value()},
                                  "name the folder that 'parley matrix run --results' wrote to"));
  std::ranges::sort(files);
  Results results;
  for (const auto &file : files) collect(file, results);
  return results;
}

std::expected<std::vector<matrix::CellId>, Failure> read_plan(const fs::path &file) {
  const auto text = read_text(file, kMaxReportSize);
  if (!text) return std::unexpected(cannot("cannot read the plan", text.error(), "'parley matrix plan' writes one"));
  std::vector<matrix::CellId> cells;
  for (const auto line : split(*text, '\n')) {
    if (const auto word = trim(line); !word.empty() && !word.starts_with('#'))
      cells.push_back(TRY(matrix::parse_cell(word)));
  }
  return cells;
}

}  // namespace parley::executor
