// tidy [ROOT]: prints every broken rule as path:line: [rule] message; exits 1 if there is one.
#include <cstdio>

#include "tests/tidy/rules.h"

int main(int argc, char** argv) {
  using namespace uffdsim::tidy;  // NOLINT(google-build-using-namespace)
  if (argc > 2) {
    std::fprintf(stderr, "usage: tidy [ROOT]\n");
    return 2;
  }
  const Tree tree = ReadTree(argc == 2 ? argv[1] : ".");
  if (Find(tree, "CMakeLists.txt") == nullptr) {
    std::fprintf(stderr, "tidy: no CMakeLists.txt at the root: not the repository's top\n");
    return 2;
  }
  const Findings findings = RunRules(tree);
  for (const Finding& f : findings) {
    std::printf("%s:%d: [%s] %s\n", f.place.c_str(), f.line, f.rule.c_str(), f.message.c_str());
  }
  std::printf("tidy: %zu files, %zu rules, %zu findings\n", tree.size(), Rules().size(),
              findings.size());
  return findings.empty() ? 0 : 1;
}
