// Every rule on a twin that breaks it and one that does not.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/tidy/rules.h"

namespace uffdsim::tidy {
namespace {

Tree MakeTree(std::vector<std::pair<std::string, std::string>> files) {
  Tree tree;
  for (auto& [path, text] : files) tree.push_back(MakeFile(path, std::move(text)));
  std::sort(tree.begin(), tree.end(), [](const File& a, const File& b) { return a.path < b.path; });
  return tree;
}

std::vector<std::string> Places(const Findings& findings) {
  std::vector<std::string> places;
  for (const Finding& f : findings) places.push_back(f.place + ":" + std::to_string(f.line));
  return places;
}

using Strings = std::vector<std::string>;

TEST(Tree, BlanksCommentsAndLiteralsInPlace) {
  const File file = MakeFile("a.cc", "int a = 1'000; // rand\nchar q = '\"'; f(\"rand\\\"\"); b\n");
  EXPECT_EQ(file.code, "int a = 1'000;        \nchar q =    ; f(        ); b\n");
  const File raw = MakeFile("b.cc", "x = R\"(a \" b)\"; /* y\n */ z");
  EXPECT_EQ(raw.code, "x =           ;     \n    z");
}

TEST(Orphans, SourceWithoutTargetAndHeaderWithoutReader) {
  const Tree tree =
      MakeTree({{"CMakeLists.txt", ""},
                {"model/mm/CMakeLists.txt", "uffdsim_library(m model/mm SOURCES vma.cc)"},
                {"model/mm/vma.cc", "#include \"model/mm/vma.h\"\n"},
                {"model/mm/vma.h", ""},
                {"model/mm/old_vma.cc", ""},
                {"model/mm/old.h", ""}});
  EXPECT_EQ(Places(Orphans(tree)), (Strings{"model/mm/old.h:0", "model/mm/old_vma.cc:0"}));
}

TEST(IncludeDirection, AgainstTheArrow) {
  const Tree tree = MakeTree({{"model/mm/a.cc", "#include \"model/arch/arch.h\"\n"},
                              {"model/arch/b.cc", "\n#include \"model/mm/vma.h\"\n"},
                              {"sim/vmm/policy/c.cc", "#include \"model/arch/arch.h\"\n"},
                              {"sim/vmm/policy/d.cc", "#include \"absl/status/status.h\"\n"},
                              {"elsewhere/e.cc", "int x;\n"}});
  EXPECT_EQ(Places(IncludeDirection(tree)),
            (Strings{"elsewhere/e.cc:0", "model/arch/b.cc:2", "sim/vmm/policy/c.cc:1"}));
}

TEST(Registries, FileWithoutRowRowWithoutFileAndRowWithoutTest) {
  const Tree tree =
      MakeTree({{"sim/vmm/policy/policy.def",
                 "// rows\nUFFDSIM_POLICY(Age, \"age\",\n  \"s\")\n"
                 "UFFDSIM_POLICY(Arc, \"arc\", \"s\")\n"
                 "UFFDSIM_POLICY(Twice, \"two-q\", \"s\")\n"
                 "UFFDSIM_POLICY(Fifo, \"fifo\", \"s\")\n"},
                {"sim/vmm/policy/registry.cc", ""},
                {"sim/vmm/policy/age.cc", ""},
                {"sim/vmm/policy/clock.cc", ""},
                {"sim/vmm/policy/fifo.cc", ""},
                {"sim/vmm/policy/two_q.cc", "auto MakeTwice();"},
                {"sim/store/store.def", "STORE(\"nvme\")\nSTORE(\"disk\")\n"},
                {"tests/policy/a.cc", "MakeAge(); Make(\"two-q\", \"arc\", \"disk\");"}});
  EXPECT_EQ(Places(Registries(tree)),
            (Strings{"sim/vmm/policy/clock.cc:0", "sim/vmm/policy/policy.def:4",
                     "sim/vmm/policy/policy.def:6", "sim/store/store.def:1"}));
}

TEST(BannedNames, WholeNamesInCodeOnly) {
  const Tree tree =
      MakeTree({{"sim/a.cc", "// rand()\nint operand(); f(\"rand()\");\nint x = rand();\n"},
                {"sim/b.cc", "std::unordered_map<int, int> m;\nstatic_assert(true);\nassert(x);\n"},
                {"model/c.cc", "#include <thread>\n"},
                {"sim/d.cc", "#include <thread>\n"},
                {"sim/cli/e.cc", "auto t = std::chrono::steady_clock::now();\n"},
                {"sim/replay/f.cc", "auto t = std::chrono::steady_clock::now();\n"}});
  EXPECT_EQ(Places(BannedNames(tree)), (Strings{"model/c.cc:1", "sim/a.cc:3", "sim/b.cc:1",
                                                "sim/b.cc:3", "sim/replay/f.cc:1"}));
}

TEST(HashIteration, LoopsButNotLookUps) {
  const Tree tree =
      MakeTree({{"sim/a.h", "class A { absl::flat_hash_map<int, std::vector<int>> seen_; };"},
                {"sim/a.cc",
                 "auto i = seen_.find(3);\nfor (auto& [k, v] : seen_) {}\nseen_.begin();\n"
                 "for (int j = 0; j < seen_.size(); ++j) {}\nfor (int v : seen_list) {}\n"}});
  EXPECT_EQ(Places(HashIteration(tree)), (Strings{"sim/a.cc:2", "sim/a.cc:3"}));
}

TEST(Words, UnfinishedWorkAndPathsOfOneMachine) {
  const Tree tree = MakeTree({{"a.md",
                               "see frame"
                               "work/x and ../wo"
                               "rk/y\nat /wo"
                               "rk/main\n"},
                              {"b.cc",
                               "// TO"
                               "DO: later\n// AUTO"
                               "DO_x\n"},
                              {"c.md",
                               "as in issue"
                               " 12\nissue"
                               " twelve\n"}});
  EXPECT_EQ(Places(Words(tree)), (Strings{"a.md:2", "b.cc:1", "c.md:1"}));
}

TEST(HeaderOpening, SentenceAndPragma) {
  const Tree tree = MakeTree({{"a.h", "// What it is.\n#pragma once\n"},
                              {"b.h", "#pragma once\n"},
                              {"c.h", "// What it is.\n// #pragma once\n"},
                              {"d.def", "ROW(x)\n"},
                              {"e.cc", "int x;\n"}});
  EXPECT_EQ(Places(HeaderOpening(tree)), (Strings{"b.h:1", "b.h:0", "c.h:0", "d.def:1"}));
}

TEST(TypeNames, OncePerNamespace) {
  const Tree tree =
      MakeTree({{"a.h", "namespace n {\nstruct Thing {\n  struct Part {};\n};\n"},
                {"b.h", "namespace n {\nstruct Part;  // of a.h\nenum class Thing : int {\n"},
                {"c.h", "namespace n::m {\nclass Thing {\n"},
                {"d.h", "namespace n {\nstruct Part {\n"},
                {"e.cc", "namespace n {\nstruct Thing {\n"}});
  EXPECT_EQ(Places(TypeNames(tree)), (Strings{"b.h:3"}));
}

TEST(Readmes, FoldersWithCode) {
  const Tree tree =
      MakeTree({{"a/README.md", ""}, {"a/x.cc", ""}, {"a/b/y.h", ""}, {"a/c/notes.txt", ""}});
  EXPECT_EQ(Places(Readmes(tree)), (Strings{"a/b:0"}));
}

std::string LongFunction(int lines) {
  std::string text = "namespace n {\nclass C {\n  int Long(int x) const {\n";
  for (int i = 0; i < lines - 2; ++i) text += "    if (x) { ++x; }\n";
  return text + "  }\n};\n}\n";
}

TEST(Lengths, FunctionsAndFiles) {
  std::string table = "constexpr int kRows[] = {\n";
  for (int i = 0; i < 200; ++i) table += "  F(1),\n";
  const Tree tree = MakeTree({{"model/a.cc", LongFunction(90)},
                              {"model/b.cc", LongFunction(91)},
                              {"model/c.cc", table + "};\n"},
                              {"model/d.cc", std::string(601, '\n')},
                              {"tests/e.cc", LongFunction(700)}});
  EXPECT_EQ(Places(Lengths(tree)), (Strings{"model/b.cc:Long:3", "model/d.cc:0"}));
}

}  // namespace
}  // namespace uffdsim::tidy
