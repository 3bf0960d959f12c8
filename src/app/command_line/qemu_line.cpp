// SPDX-License-Identifier: Apache-2.0
#include "app/command_line/qemu_line.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "app/command_line/qemu_options.hpp"
#include "parley/base/try.hpp"

namespace parley::app {
namespace {

using Treatment = QemuTreatment;

// With two dashes these are options of Parley, with another meaning than QEMU's.
constexpr std::array<std::string_view, 2> kOtherMeaning{"boot", "sandbox"};
// Parley's options whose next word is their value, whatever that looks like.
constexpr std::array<std::string_view, 23> kWithValue{
    "-m",           "--append",    "--boot",    "--compat",   "--cpu",    "--dump-dtb",    "--host", "--initrd",
    "--kernel",     "--log-level", "--machine", "--mem-path", "--memory", "--memory-path", "--note", "--nvram",
    "--on-refusal", "--payload",   "--sandbox", "--serial",   "--smp",    "--watchdog",    "-M"};

bool takes_next_word(std::string_view word) { return std::ranges::find(kWithValue, word) != kWithValue.end(); }

// The part before '='.
std::string_view name_of(std::string_view word) {
  const bool two_dashes = word.starts_with("--");
  if (!word.starts_with('-') || word == "-" || word == "--") return {};
  return two_dashes ? word.substr(2, word.find('=') - 2) : word.substr(1);
}

bool is_parleys(const QemuOption &option) {
  return option.treatment == Treatment::kSameOption || option.treatment == Treatment::kSameFlag;
}

// QEMU accepts each option with one dash or with two.
const QemuOption *find_option(std::string_view word) {
  const auto name = name_of(word);
  const auto found = std::ranges::find(qemu_options(), name, &QemuOption::name);
  if (name.empty() || found == qemu_options().end()) return nullptr;
  const bool is_ours_with_two_dashes =
      is_parleys(*found) || name.size() == 1 || std::ranges::find(kOtherMeaning, name) != kOtherMeaning.end();
  return word.starts_with("--") && is_ours_with_two_dashes ? nullptr : &*found;
}

// QEMU's options are translated for `parley run` only.
bool is_run_command(std::span<const char *const> words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (!word.starts_with('-')) return word == "run";
    if (takes_next_word(word)) ++i;
  }
  return false;
}

Failure refused_option(std::string_view word, const QemuOption &option) {
  return {"cannot honour " + std::string(word), std::string(option.why), std::string(option.instead)};
}

class Translator {
 public:
  explicit Translator(std::span<const char *const> words) : words_(words) {}

  std::expected<QemuLine, Failure> run() {
    const bool translates = is_run_command(words_);
    while (next_ < words_.size()) {
      const std::string_view word = words_[next_++];
      const QemuOption *option = find_option(word);
      if (option == nullptr || is_parleys(*option) || !translates) {
        pass_on(word, option);
      } else {
        TRY(translate(word, *option));
      }
    }
    return std::move(line_);
  }

 private:
  void pass_on(std::string_view word, const QemuOption *option) {
    const bool is_ours = option != nullptr && is_parleys(*option);
    line_.words.push_back((is_ours ? "-" : "") + std::string(word));
    const bool has_value = takes_next_word(word) || (is_ours && option->treatment == Treatment::kSameOption);
    if (has_value && next_ < words_.size()) line_.words.emplace_back(words_[next_++]);
  }

  std::expected<void, Failure> translate(std::string_view word, const QemuOption &option) {
    if (option.treatment == Treatment::kRefused) return std::unexpected(refused_option(word, option));
    if (option.treatment == Treatment::kNoEffectFlag) line_.no_effect.emplace_back(word);
    if (option.treatment == Treatment::kAlreadySo || option.treatment == Treatment::kNoEffectFlag) return {};
    std::string written(word);
    const auto equals = word.starts_with("--") ? word.find('=') : word.npos;
    std::string_view value = equals == word.npos ? "" : word.substr(equals + 1);
    if (equals == word.npos) {
      if (next_ == words_.size())
        return std::unexpected(Failure{written + " needs a value", "the line ends after it", "see parley run --help"});
      value = words_[next_++];
      written += " " + std::string(value);
    }
    if (option.treatment == Treatment::kNoEffect) line_.no_effect.push_back(written);
    if (option.treatment == Treatment::kOneValue && value.substr(0, value.find_first_of(",:")) != option.only)
      return std::unexpected(refused_option(written, option));
    return {};
  }

  std::span<const char *const> words_;
  std::size_t next_ = 0;
  QemuLine line_;
};

}  // namespace

std::expected<QemuLine, Failure> read_qemu_line(std::span<const char *const> words) { return Translator(words).run(); }

}  // namespace parley::app
