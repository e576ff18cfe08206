// The program: understands the command line and calls what it names.
#include <CLI/CLI.hpp>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "model/base/near_match.h"
#include "sim/cli/check_command.h"
#include "sim/cli/commands.h"
#include "sim/cli/conform_command.h"
#include "sim/cli/laboratory.h"
#include "sim/cli/replay_options.h"
#include "sim/cli/scenario_command.h"
#include "sim/text/exit_status.h"

namespace uffdsim {
namespace {

int Fail(const absl::Status& status) {
  std::cerr << "uffdsim: " << status.message() << "\n";
  return kExitBadInput;
}

int Done(const absl::Status& status) { return status.ok() ? 0 : Fail(status); }

int Done(const absl::StatusOr<int>& code) { return code.ok() ? *code : Fail(code.status()); }

void AddReplay(CLI::App& app, int* exit_code) {
  CLI::App* sub = app.add_subcommand(
      "replay", "Run a guest's accesses against the modelled kernel and a VMM, and report");
  const auto arguments = AddReplayOptions(*sub);
  sub->add_option("--json", arguments->command.json_file, "write the whole result there");
  sub->callback([arguments, exit_code] {
    *exit_code = Done(RunReplayCommand(arguments->Command(), std::cout));
  });
}

OutputShape ShapeOf(bool json) { return json ? OutputShape::kJson : OutputShape::kTable; }

void AddTraceInfo(CLI::App& trace, int* exit_code) {
  struct State {
    std::string path;
    bool json = false;
    bool recover = false;
  };
  auto state = std::make_shared<State>();
  CLI::App* sub = trace.add_subcommand("info", "Say what a trace holds");
  sub->add_option("trace", state->path, "trace of any known format")->required();
  sub->add_flag("--json", state->json, "as JSON");
  sub->add_flag("--recover", state->recover, "read an incomplete file up to its last whole chunk");
  sub->callback([state, exit_code] {
    *exit_code =
        Done(TraceInfoCommand(state->path, state->recover ? OnDamage::kRecover : OnDamage::kFail,
                              ShapeOf(state->json), std::cout));
  });
}

void AddTraceConvert(CLI::App& trace, int* exit_code) {
  struct State {
    std::string in;
    std::string out;
    ConvertOptions options;
    std::uint64_t limit = 0;
    std::uint64_t until = 0;
    bool recover = false;
  };
  auto state = std::make_shared<State>();
  CLI::App* sub = trace.add_subcommand("convert", "Rewrite a trace, or a part of it");
  sub->add_option("in", state->in, "trace of any known format, or -")->required();
  sub->add_option("out", state->out, "file to write")->required();
  sub->add_option("--from", state->options.from, "format of the input; default: by its content");
  sub->add_option("--to", state->options.to, "format of the output; default: by its name");
  sub->add_option("--skip", state->options.skip_events, "leave out the first N events");
  CLI::Option* limit = sub->add_option("--limit", state->limit, "write at most N events");
  sub->add_option("--from-time", state->options.from_time, "leave out what ends by then");
  CLI::Option* until = sub->add_option("--until-time", state->until, "leave out what begins later");
  sub->add_option("--vcpus", state->options.import.vcpus, "for inputs that do not say");
  sub->add_option("--ram-pages", state->options.import.ram_pages, "for inputs that do not say");
  sub->add_option("--guest", state->options.guest, "what the header says of the guest");
  sub->add_option("--workload", state->options.workload, "what it says of the workload");
  sub->add_option("--licence", state->options.licence, "what it says of the workload's licence");
  sub->add_option("--level", state->options.writer.zstd_level, "zstd level")
      ->check(CLI::Range(1, 22));
  sub->add_flag("--recover", state->recover, "read an incomplete file up to its last whole chunk");
  sub->callback([state, limit, until, exit_code] {
    if (limit->count() != 0) state->options.limit_events = state->limit;
    if (until->count() != 0) state->options.until_time = state->until;
    if (state->recover) state->options.on_damage = OnDamage::kRecover;
    *exit_code = Done(ConvertTrace(state->in, state->out, state->options));
  });
}

void AddTraceHead(CLI::App& trace, int* exit_code) {
  struct State {
    std::string path;
    std::uint64_t count = 10;
  };
  auto state = std::make_shared<State>();
  CLI::App* sub = trace.add_subcommand("head", "Print the first events");
  sub->add_option("trace", state->path, "trace of any known format")->required();
  sub->add_option("-n,--count", state->count, "how many")->capture_default_str();
  sub->callback(
      [state, exit_code] { *exit_code = Done(HeadTrace(state->path, state->count, std::cout)); });
}

void AddTrace(CLI::App& app, int* exit_code) {
  CLI::App* trace = app.add_subcommand("trace", "Look at traces and convert them");
  trace->require_subcommand(1);
  AddTraceInfo(*trace, exit_code);
  AddTraceConvert(*trace, exit_code);
  AddTraceHead(*trace, exit_code);
}

constexpr char kWhatIfHelp[] = "as if the mark had this bit; also uffd-bit=N,pmd-bit=N,swp-bit=N";

void AddPteVerb(CLI::App& pte, PteVerb verb, const char* name, const char* sentence,
                const char* operands, int* exit_code) {
  struct State {
    PteCommand command;
    bool json = false;
  };
  auto state = std::make_shared<State>();
  state->command.verb = verb;
  CLI::App* sub = pte.add_subcommand(name, sentence);
  sub->add_option("arch", state->command.arch, "architecture or one of its configurations")
      ->required();
  sub->add_option("operands", state->command.operands, operands)->required();
  // An expression says its form itself.
  if (verb != PteVerb::kEval) {
    sub->add_option("--form", state->command.form, "one of " + EntryForms())->capture_default_str();
  }
  sub->add_option("--what-if", state->command.what_if, kWhatIfHelp)->type_name("uffd-bit=N");
  sub->add_flag("--json", state->json, "as JSON");
  sub->callback([state, exit_code] {
    state->command.shape = ShapeOf(state->json);
    *exit_code = Done(RunPteCommand(state->command, std::cout));
  });
}

void AddPteAlgebra(CLI::App& pte, int* exit_code) {
  struct State {
    AlgebraCommand command;
    bool json = false;
  };
  auto state = std::make_shared<State>();
  CLI::App* sub = pte.add_subcommand("algebra", "Check the laws of the kernel's helpers");
  sub->add_option("arch", state->command.arch, "architecture, one of its configurations, or all")
      ->capture_default_str();
  sub->add_option("--what-if", state->command.what_if, kWhatIfHelp)->type_name("uffd-bit=N");
  sub->add_flag("--json", state->json, "as JSON, one line per configuration");
  sub->callback([state, exit_code] {
    state->command.shape = ShapeOf(state->json);
    *exit_code = Done(RunAlgebraCommand(state->command, std::cout));
  });
}

void AddPte(CLI::App& app, int* exit_code) {
  CLI::App* pte = app.add_subcommand(
      "pte", "Page-table entries; `pte ARCH WORD` is short for `pte decode ARCH WORD`");
  pte->require_subcommand(1);
  AddPteVerb(*pte, PteVerb::kDecode, "decode", "A raw entry as its kind and fields", "the word",
             exit_code);
  AddPteVerb(*pte, PteVerb::kEncode, "encode", "A kind and fields as a raw entry",
             "for example: present pfn=0x12345 rw user", exit_code);
  AddPteVerb(*pte, PteVerb::kDiff, "diff", "The fields in which two entries differ",
             "the two words", exit_code);
  AddPteVerb(*pte, PteVerb::kEval, "eval", "An expression over the kernel's helpers",
             "for example: pte_mkwrite(make(RW))", exit_code);
  AddPteAlgebra(*pte, exit_code);
}

void AddList(CLI::App& app, int* exit_code) {
  struct State {
    std::string axis;
    bool json = false;
  };
  auto state = std::make_shared<State>();
  CLI::App* sub = app.add_subcommand("list", "Print a registry");
  sub->add_option("axis", state->axis, "which; without it, what there is");
  sub->add_flag("--json", state->json, "as JSON");
  sub->callback([state, exit_code] {
    *exit_code = Done(ListCommand(state->axis, ShapeOf(state->json), std::cout));
  });
}

// Names that could have stood where `app` found something else.
std::vector<std::string> KnownWords(const CLI::App& app) {
  std::vector<std::string> known;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    known.push_back(sub->get_name());
  }
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_lnames().empty()) known.push_back("--" + option->get_lnames()[0]);
  }
  return known;
}

// One line that says what was wrong, with near matches for a word that nobody knows.
int FailParse(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* deepest = &app;
  while (!deepest->get_subcommands().empty()) deepest = deepest->get_subcommands().back();
  std::cerr << "uffdsim: " << error.what();
  const std::vector<std::string> remaining = app.remaining(true);
  if (!remaining.empty()) {
    const std::vector<std::string> words = KnownWords(*deepest);
    const std::vector<std::string_view> known(words.begin(), words.end());
    std::cerr << DidYouMean(remaining[0], known);
  }
  std::cerr << "\n";
  return kExitBadInput;
}

// `pte ARCH WORD` is short for `pte decode ARCH WORD`; a misspelt verb is left to the parser.
std::vector<std::string> Arguments(int argc, char** argv) {
  constexpr std::string_view kVerbs[] = {"decode", "encode", "diff", "eval", "algebra"};
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 2 || arguments[0] != "pte") return arguments;
  if (arguments[1].starts_with('-') || !NearMatches(arguments[1], kVerbs).empty()) {
    return arguments;
  }
  arguments.insert(arguments.begin() + 1, "decode");
  return arguments;
}

int Main(int argc, char** argv) {
  CLI::App app("uffdsim: a simulator of Linux userfaultfd's working-set machinery", "uffdsim");
  app.set_version_flag("--version", UFFDSIM_VERSION);
  app.require_subcommand(1);
  int exit_code = 0;
  AddReplay(app, &exit_code);
  AddTrace(app, &exit_code);
  AddPte(app, &exit_code);
  AddList(app, &exit_code);
  AddScenario(app, &exit_code);
  AddCheck(app, &exit_code);
  AddConform(app, &exit_code);
  AddLaboratory(app, &exit_code);
  std::vector<std::string> arguments = Arguments(argc, argv);
  std::reverse(arguments.begin(), arguments.end());
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    return FailParse(app, error);
  }
  std::cout.flush();
  if (!std::cout) return Fail(absl::InvalidArgumentError("cannot write to standard output"));
  return exit_code;
}

}  // namespace
}  // namespace uffdsim

int main(int argc, char** argv) { return uffdsim::Main(argc, argv); }
